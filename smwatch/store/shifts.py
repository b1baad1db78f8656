"""Who gathers, delivers and plans, where several daemons share a store: the one that holds the shift's lease."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from smwatch.store.clock import later, store_clock
from smwatch.store.schema import shift
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

LEASE = timedelta(seconds=30)


async def hold(connection: AsyncConnection, name: str, owner: str, now: datetime) -> bool:
    """Take the shift where nobody has it, or keep it; False while another one has it."""
    await connection.execute(upsert(connection, shift).values(name=name).on_conflict_do_nothing())
    at = store_clock(connection, now)
    free = or_(shift.c.owner == owner, shift.c.until.is_(None), shift.c.until <= at)
    taken = update(shift).where(shift.c.name == name, free).values(owner=owner, until=later(at, LEASE))
    return bool((await connection.execute(taken)).rowcount)


async def hand_over(connection: AsyncConnection, name: str, owner: str) -> None:
    """Let the shift go at once, for the next one."""
    await connection.execute(
        update(shift).where(shift.c.name == name, shift.c.owner == owner).values(owner=None, until=None)
    )


async def holder(connection: AsyncConnection, name: str) -> str | None:
    """Who had it last."""
    return (await connection.execute(select(shift.c.owner).where(shift.c.name == name))).scalar()
