"""Items that the store has never had: whole pages of them in a few statements, however many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from smwatch.store.rows import CHUNK, author_row, item_row, mention_row, store_authors
from smwatch.store.schema import item, item_alias, mention
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.ingest import Fresh, Harvest


async def newcomers(connection: AsyncConnection, harvest: Harvest, fresh: Sequence[Fresh]) -> list[Fresh]:
    """Those that a watch met and that stand nowhere yet, in their order, each id once."""
    marks = [one.identity.id for one in fresh]
    standing: set[str] = set()
    for start in range(0, len(marks), CHUNK):
        here = item.c.source_id == harvest.source_id, item.c.id_hmac.in_(marks[start : start + CHUNK])
        standing.update((await connection.execute(select(item.c.id_hmac).where(*here))).scalars())
    return list({one.identity.id: one for one in fresh if one.matches and one.identity.id not in standing}.values())


async def keep_new(connection: AsyncConnection, harvest: Harvest, new: Sequence[Fresh]) -> int:
    """Store newcomers with authors, other ids and mentions; how many mentions they are."""
    if not new:
        return 0
    ids = await _items(connection, harvest, new)
    aliases = [
        {"source_id": harvest.source_id, "id_hmac": mark, "item_id": ids[one.identity.id]}
        for one in new
        for mark in one.others
    ]
    if aliases:
        await connection.execute(upsert(connection, item_alias).on_conflict_do_nothing(), aliases)
    mentions = [mention_row(harvest, ids[one.identity.id], match) for one in new for match in one.matches]
    await connection.execute(upsert(connection, mention), mentions)
    return len(mentions)


async def _items(connection: AsyncConnection, harvest: Harvest, new: Sequence[Fresh]) -> dict[str, int]:
    """The ids of the items by their marks, rising in the order of the page."""
    writers = [author_row(harvest, one.item.author) for one in new]
    authors = await store_authors(connection, [row for row in writers if row])
    rows = [
        {**item_row(harvest, one, authors[row["native_key"]] if row else None), "seen_at": harvest.now}
        for one, row in zip(new, writers, strict=True)
    ]
    found: dict[str, int] = {}
    for start in range(0, len(rows), CHUNK):
        statement = upsert(connection, item).returning(item.c.id, item.c.id_hmac)
        told = await connection.execute(statement, rows[start : start + CHUNK])
        found |= {row.id_hmac: row.id for row in told}
    return found
