"""Clicks on their way: kept before they are acknowledged, worked on once, forgotten after a while.

A click that is kept is worked on after a crash, too; one that comes twice has the same id and is worked on once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from smwatch.channel import Click
from smwatch.store.schema_cases import envelope
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = timedelta(days=2)  # ids, so that a late repetition is known; what was clicked is forgotten at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A click that nobody has worked on yet."""

    id: int
    line: str
    click: Click
    at: datetime


async def keep(connection: AsyncConnection, line: str, click: Click, now: datetime) -> bool:
    """Keep a click that came over `line`; False where it was kept before."""
    row = upsert(connection, envelope).values(line=line, envelope_id=click.id, click=asdict(click), at=now)
    return (await connection.execute(row.on_conflict_do_nothing())).rowcount == 1


async def pending(connection: AsyncConnection) -> list[Pending]:
    """What is still to be worked on, in the order in which it came."""
    query = select(envelope).where(envelope.c.done_at.is_(None)).order_by(envelope.c.id)
    return [
        Pending(id=row.id, line=row.line, click=Click(**row.click), at=row.at)
        for row in await connection.execute(query)
    ]


async def done(connection: AsyncConnection, number: int, now: datetime) -> None:
    """Nobody has to look at it any more, and nobody can."""
    await connection.execute(update(envelope).where(envelope.c.id == number).values(done_at=now, click=None))


async def forget(connection: AsyncConnection, now: datetime) -> None:
    """Ids that cannot come again."""
    await connection.execute(delete(envelope).where(envelope.c.done_at < now - KEPT))
