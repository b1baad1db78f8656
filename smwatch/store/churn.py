"""Items that come again under another id of the same source: a new system, a feed whose ids change with every poll.

They are known by the new id from then on, so that an edit is an edit and no second item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from smwatch.store.schema import item, seen
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Item
    from smwatch.store.ingest import Identity, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A known item under an id that is new; `first_seen` is when it was seen first, under whatever id."""

    item: Item
    identity: Identity
    first_seen: datetime


def renewed(items: Iterable[Item], identities: Iterable[Identity], seen: Mapping[str, Seen]) -> Iterator[Renewed]:
    """Known items under ids that are new."""
    for known, one in zip(items, identities, strict=True):
        twin = seen.get(one.twin)
        if one.id not in seen and twin is not None and twin.content == one.content:
            yield Renewed(item=known, identity=one, first_seen=twin.first_seen)


async def renew(
    connection: AsyncConnection, source_id: int, renewed: tuple[Renewed, ...], present: frozenset[str], now: datetime
) -> None:
    """Know these items by their new ids; `present` are all ids of the page: who still has the old one keeps it."""
    for one in renewed:
        stored = await _stored(connection, source_id, one.item)
        if stored is not None and stored[1] in present:
            continue  # two entries that say the same
        await _see(connection, source_id, one, now)
        if stored is not None:
            changed = {"id_hmac": one.identity.id, "native_id": one.item.id}
            await connection.execute(update(item).where(item.c.id == stored[0]).values(**changed))


async def _stored(connection: AsyncConnection, source_id: int, one: Item) -> tuple[int, str] | None:
    same = (item.c.title == one.title) & (item.c.lead == one.lead) & (item.c.text == one.text)
    query = select(item.c.id, item.c.id_hmac).where((item.c.source_id == source_id) & same).order_by(item.c.id.desc())
    row = (await connection.execute(query.limit(1))).first()
    return (row.id, row.id_hmac) if row is not None else None


async def _see(connection: AsyncConnection, source_id: int, one: Renewed, now: datetime) -> None:
    values = {
        "source_id": source_id,
        "id_hmac": one.identity.id,
        "content_hash": one.identity.content,
        "title_hash": one.identity.title,
        "url_hash": one.identity.url,
        "first_seen": one.first_seen,
        "last_listed": now,
        "edits": 0,
    }
    await connection.execute(upsert(connection, seen).values(**values).on_conflict_do_nothing())
