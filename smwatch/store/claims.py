"""Who polls a source: a lease with a fence, so that several daemons on one PostgreSQL share the work.

A claim takes sources that are due and whose lease is over, in one statement, and counts their fence up. What a poll
brings is only written with the fence that it was claimed with: a daemon that was stopped and wakes up late writes
nothing. The store's clock alone decides about leases, as those of several machines differ.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from smwatch.errors import LeaseLost
from smwatch.i18n import text
from smwatch.store.clock import later, store_clock
from smwatch.store.schema import source
from smwatch.store.sources import as_row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.sources import SourceRow

LEASE = timedelta(seconds=180)  # longer than the longest poll: nobody takes over what is still being read
CHUNK = 500  # ids in one IN list


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of one daemon, called `owner`; `now` is its own clock's moment, as everywhere."""

    owner: str

    async def take(
        self, connection: AsyncConnection, ids: Collection[int], now: datetime, *, early: Collection[int] = ()
    ) -> dict[int, SourceRow]:
        """Of `ids` those that are due (or in `early`) and free, as they stand in the store, claimed for this daemon.

        Name none that it polls now: a lease of its own counts as free, as the word that it has it may have been lost
        with the connection. What still works with the fence before this one writes nothing any more.
        """
        at = store_clock(connection, now)
        taken: dict[int, SourceRow] = {}
        for some in _chunks(ids):
            due = or_(source.c.due_at.is_(None), source.c.due_at <= at, source.c.id.in_(set(early) & set(some)))
            free = or_(source.c.lease_until.is_(None), source.c.lease_until <= at, source.c.owner == self.owner)
            awake = or_(source.c.paused_at.is_(None), source.c.paused_until <= at)
            here = source.c.id.in_(some)
            wanted = select(source.c.id).where(here, due, free, awake).with_for_update(skip_locked=True)
            statement = (
                update(source)
                .where(source.c.id.in_(wanted))
                .values(owner=self.owner, lease_until=later(at, LEASE), fence=source.c.fence + 1)
                .returning(source, at.label("store_now"))
            )
            for row in await connection.execute(statement):
                taken[row.id] = _by_our_clock(as_row(row), now - row.store_now)
        return taken


def this_daemon() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


async def standing(connection: AsyncConnection, ids: Collection[int], now: datetime) -> dict[int, SourceRow]:
    """What the store says of these sources, whoever polls them; a lease that lasts counts as the time they are due."""
    at = store_clock(connection, now)
    found: dict[int, SourceRow] = {}
    for some in _chunks(ids):
        query = select(source, at.label("store_now")).where(source.c.id.in_(some))
        for row in await connection.execute(query):
            kept = [moment for moment in (row.due_at, row.lease_until) if moment is not None]
            ours = replace(as_row(row), due_at=max(kept, default=None))
            found[row.id] = _by_our_clock(ours, now - row.store_now)
    return found


async def hold(connection: AsyncConnection, source_id: int, fence: int, now: datetime) -> None:
    """First in each transaction of a claimed poll: keep the lease, and the others out; raises LeaseLost."""
    until = later(store_clock(connection, now), LEASE)
    mine = (source.c.id == source_id) & (source.c.fence == fence)
    if not (await connection.execute(update(source).where(mine).values(lease_until=until))).rowcount:
        raise LeaseLost(text("another smwatch has taken this source over"))


def _by_our_clock(row: SourceRow, ahead: timedelta) -> SourceRow:
    """The row with the time it is due as this machine's clock tells it, which is `ahead` of the store's."""
    return replace(row, due_at=row.due_at + ahead) if row.due_at is not None else row


def _chunks(ids: Collection[int]) -> list[Sequence[int]]:
    known = sorted(ids)
    return [known[start : start + CHUNK] for start in range(0, len(known), CHUNK)]
