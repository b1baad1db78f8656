"""What was sent to receivers: kept before the sender hears "ok", and known afterwards, so that nothing counts twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update

from smwatch.i18n import Text, from_json, to_json
from smwatch.store.schema import inbox
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.db import Store

REMEMBERED = timedelta(days=180)  # so long a delivery is known again
KEPT = timedelta(days=30)  # what could not be unpacked
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One delivery that waits to be unpacked, or could not be (`problem`). `sender` is `sender_of` its source."""

    id: int
    client: str
    sender: str
    raw: bytes
    headers: Mapping[str, str]
    received_at: datetime
    attempts: int
    problem: Text | None = None


def sender_of(kind: str, key: str) -> str:
    """What a source is called in the inbox; survives a rename as its key does."""
    return f"{kind}:{key}"


async def put(  # noqa: PLR0913 - everything about one delivery
    store: Store, *, client: str, sender: str, delivery_id: str, raw: bytes, headers: Mapping[str, str], now: datetime
) -> bool:
    """Keep a delivery so that even a power cut does not lose it; False where it is known already."""
    digest = hashlib.sha256(raw).hexdigest()
    values = {
        "client": client,
        "sender": sender,
        "delivery_id": delivery_id or f"sha256:{digest}",
        "body_hash": digest,
        "raw": raw,
        "headers": dict(headers),
        "received_at": now,
    }
    async with store.write(durable=True) as connection:
        return bool(
            (await connection.execute(upsert(connection, inbox).values(**values).on_conflict_do_nothing())).rowcount
        )


async def waiting(
    connection: AsyncConnection, now: datetime, senders: Sequence[tuple[str, str]], limit: int = 20
) -> list[Letter]:
    """The next deliveries of these (client, sender), in the order of arrival; those that were tried already come last.

    So one that takes the process down, or was only being read when it was taken down, holds up nobody.
    """
    mine = or_(*(and_(inbox.c.client == client, inbox.c.sender == sender) for client, sender in senders))
    due = or_(inbox.c.not_before.is_(None), inbox.c.not_before <= now)
    query = (
        select(inbox).where(inbox.c.state == "waiting", due, mine).order_by(inbox.c.attempts, inbox.c.id).limit(limit)
    )
    return [_letter(row) for row in await connection.execute(query)]


async def load(connection: AsyncConnection) -> tuple[int, int]:
    """How many deliveries wait, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(func.length(inbox.c.raw)), 0)).where(inbox.c.state == "waiting")
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])


async def refused(connection: AsyncConnection) -> list[Letter]:
    """What could not be unpacked and is kept for people to look at, the newest first."""
    query = select(inbox).where(inbox.c.state == "refused").order_by(inbox.c.id.desc()).limit(CHUNK)
    return [_letter(row) for row in await connection.execute(query)]


async def try_it(
    connection: AsyncConnection, number: int, now: datetime | None = None, lease: timedelta | None = None
) -> bool:
    """Count an attempt before it begins: one that takes the process down counts too.

    With a `lease` nobody else may try it until that is over; False where somebody else is at it.
    """
    due = or_(inbox.c.not_before.is_(None), inbox.c.not_before <= now) if lease else inbox.c.id == number
    held = {"not_before": now + lease} if now and lease else {}
    mine = update(inbox).where(inbox.c.id == number, inbox.c.state == "waiting", due)
    return bool((await connection.execute(mine.values(attempts=inbox.c.attempts + 1, **held))).rowcount)


async def done(connection: AsyncConnection, number: int) -> None:
    """It is unpacked: only its marks stay."""
    await _set(connection, number, state="done", raw=None, headers=None, problem=None)


async def put_off(connection: AsyncConnection, number: int, until: datetime, reason: Text) -> None:
    """Try it again, not before `until`."""
    await _set(connection, number, not_before=until, problem=to_json(reason))


async def refuse(connection: AsyncConnection, number: int, reason: Text) -> None:
    """Keep it, and leave it alone."""
    await _set(connection, number, state="refused", problem=to_json(reason))


async def again(connection: AsyncConnection) -> int:
    """Let everything that could not be unpacked be tried once more; how many that is."""
    statement = update(inbox).where(inbox.c.state == "refused").values(state="waiting", attempts=0, not_before=None)
    return (await connection.execute(statement)).rowcount


async def forget(connection: AsyncConnection, now: datetime) -> None:
    """Erase marks that no replay can use any more, and what nobody looked at for long."""
    old = and_(inbox.c.state == "done", inbox.c.received_at < now - REMEMBERED)
    unread = and_(inbox.c.state == "refused", inbox.c.received_at < now - KEPT, inbox.c.raw.is_not(None))
    await connection.execute(delete(inbox).where(old))
    await connection.execute(update(inbox).where(unread).values(state="done", raw=None, headers=None))


async def _set(connection: AsyncConnection, number: int, **values: Any) -> None:  # noqa: ANN401 - columns
    await connection.execute(update(inbox).where(inbox.c.id == number).values(**values))


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        id=row.id,
        client=row.client,
        sender=row.sender,
        raw=row.raw or b"",
        headers=row.headers or {},
        received_at=row.received_at,
        attempts=row.attempts,
        problem=from_json(row.problem) if row.problem else None,
    )
