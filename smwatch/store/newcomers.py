"""Items that the store has never had: whole pages of them in a few statements, however many they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from smwatch.store.later import later
from smwatch.store.rows import CHUNK, author_row, item_row, mention_row, store_authors
from smwatch.store.schema import item, item_alias, mention
from smwatch.store.upsert import insert_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.ingest import Fresh, Harvest


async def newcomers(connection: AsyncConnection, harvest: Harvest, fresh: Sequence[Fresh]) -> list[Fresh]:
    """Those that a watch met and that stand nowhere yet, in their order, each id once."""
    marks = [one.identity.id for one in fresh]
    standing: set[str] = set()
    for start in range(0, len(marks), CHUNK):
        asked = {"source_id": harvest.source_id, "marks": marks[start : start + CHUNK]}
        standing.update((await connection.execute(_STANDING, asked)).scalars())
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
        await later(connection, _naming(connection.dialect.name), aliases)
    mentions = [mention_row(harvest, ids[one.identity.id], match) for one in new for match in one.matches]
    await later(connection, _MENTIONS, mentions)
    return len(mentions)


_STANDING = select(item.c.id_hmac).where(
    item.c.source_id == bindparam("source_id"), item.c.id_hmac.in_(bindparam("marks", expanding=True))
)
_MENTIONS = insert(mention)
_ITEMS = insert(item).returning(item.c.id, item.c.id_hmac)


@cache
def _naming(dialect: str) -> Any:  # noqa: ANN401 - either dialect's Insert
    return insert_of(dialect, item_alias).on_conflict_do_nothing()


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
        told = await connection.execute(_ITEMS, rows[start : start + CHUNK])
        found |= {row.id_hmac: row.id for row in told}
    return found
