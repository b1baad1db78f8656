"""What one channel does not take is handed to another one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal, select, update

from smwatch.i18n import to_json
from smwatch.store.jobs import next_key
from smwatch.store.outbox import TABLES
from smwatch.store.schema import card, post
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.i18n import Text
    from smwatch.store.jobs import Job

EDIT_LATER = timedelta(hours=1)  # a message whose news the fallback channel has told


async def move_to(connection: AsyncConnection, job: Job, channel: str, now: datetime, reason: Text) -> None:
    """Hand a job that its own channel does not take to the fallback channel; the old row says where it went.

    The message of a card says for what `reason` it comes there. One that stands in its own channel is edited there
    later all the same.
    """
    if job.table == "post":
        key = next_key(job.key, 1)
        columns = [c for c in post.c if c.name in ("client", "kind", "priority", "plan", "card_id", "digest_run_id")]
        values = [literal(key), literal(channel), literal(now, post.c.created_at.type), *columns]
    else:
        key = next_key(f"{job.key}|{channel}", 0)
        columns = [c for c in card.c if c.name in ("client", "story_id", "priority", "first_at")]
        why = literal(to_json(reason), card.c.reason.type)
        values = [literal(key), literal(channel), literal(now, card.c.changed_at.type), why, *columns]
    table = TABLES[job.table]
    stamps = ["created_at"] if job.table == "post" else ["changed_at", "reason"]
    defaults = {"attempts": 0, "state": "waiting"}
    if job.table == "card":
        defaults |= {"wanted": 1, "shown": 0, "generation": 0}
    names = ["key", "channel", *stamps, *(c.name for c in columns), *defaults]
    source = select(*values, *(literal(value) for value in defaults.values())).where(table.c.id == job.id)
    await connection.execute(upsert(connection, table).from_select(names, source).on_conflict_do_nothing())
    moved: dict[str, Any] = {"state": "moved", "not_before": None, "unsure_at": None}
    if job.table == "card":
        stands = job.receipt is not None
        moved = {"not_before": now + EDIT_LATER} if stands else moved | {"shown": job.wanted}
    await connection.execute(update(table).where(table.c.id == job.id).values(**moved))
