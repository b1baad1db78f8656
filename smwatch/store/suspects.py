"""Items at which smwatch has failed, with how often: after three times they are left out, and the rest flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from smwatch.i18n import Text, from_json, to_json
from smwatch.store.schema import suspect
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One item: `mark` is its keyed id, `url` where people may look at it."""

    source_id: int
    mark: str
    url: str
    attempts: int
    problem: Text | None = None


async def everyone(connection: AsyncConnection) -> list[Suspect]:
    """All of them; they are few."""
    rows = await connection.execute(select(suspect))
    return [
        Suspect(
            source_id=row.source_id,
            mark=row.mark,
            url=row.url,
            attempts=row.attempts,
            problem=from_json(row.problem) if row.problem else None,
        )
        for row in rows
    ]


async def note(connection: AsyncConnection, one: Suspect, now: datetime) -> None:
    """Write down how it stands."""
    values = {
        "source_id": one.source_id,
        "mark": one.mark,
        "url": one.url,
        "attempts": one.attempts,
        "problem": to_json(one.problem) if one.problem else None,
        "at": now,
    }
    insert = upsert(connection, suspect).values(**values)
    changed = {name: insert.excluded[name] for name in ("attempts", "problem", "at")}
    await connection.execute(insert.on_conflict_do_update(index_elements=["source_id", "mark"], set_=changed))


async def clear(connection: AsyncConnection, source_id: int, mark: str) -> None:
    """It went well."""
    await connection.execute(delete(suspect).where(suspect.c.source_id == source_id, suspect.c.mark == mark))


async def forget(connection: AsyncConnection, now: datetime) -> None:
    """What nobody has seen for long."""
    await connection.execute(delete(suspect).where(suspect.c.at < now - KEPT))
