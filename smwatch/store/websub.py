"""Subscriptions at hubs: one a source, kept so that what a hub sends is known again after a restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from smwatch.store.schema import source, websub
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a source has asked its hub for. `token` is the end of the address that the hub calls, `secret` signs.

    `state`: "asked", "active", "denied", "leaving" (unsubscribing). `since` and `until` are the lease; `tries` count
    requests that led to nothing, and `again` is when the next one is due.
    """

    source_id: int
    token: str
    secret: str
    hub: str
    topic: str
    state: str = "asked"
    since: datetime | None = None
    until: datetime | None = None
    tries: int = 0
    again: datetime | None = None


async def all_subscriptions(connection: AsyncConnection) -> list[Subscription]:
    """Everything that was asked for, and not given up."""
    rows = await connection.execute(select(websub).order_by(websub.c.source_id))
    return [Subscription(**{name: getattr(row, name) for name in Subscription.__slots__}) for row in rows]


async def put(connection: AsyncConnection, one: Subscription) -> None:
    """Keep it as it is now; one that is active says so on its source, which is polled at a low rate then."""
    values = asdict(one)
    changed = {name: value for name, value in values.items() if name != "source_id"}
    statement = (
        upsert(connection, websub).values(**values).on_conflict_do_update(index_elements=["source_id"], set_=changed)
    )
    await connection.execute(statement)
    await _mark(connection, one.source_id, one.until if one.state == "active" else None)


async def drop(connection: AsyncConnection, source_id: int) -> None:
    """Forget it: whoever calls its address from now on hears that it is gone."""
    await connection.execute(delete(websub).where(websub.c.source_id == source_id))
    await _mark(connection, source_id, None)


async def _mark(connection: AsyncConnection, source_id: int, until: datetime | None) -> None:
    await connection.execute(update(source).where(source.c.id == source_id).values(pushed_until=until))
