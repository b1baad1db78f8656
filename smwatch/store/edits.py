"""Edits, as stories see them: an item says something else now, or has become more urgent.

T1 marks what was edited (`item.edited_at`, `mention.raised_at`), so that nothing is lost between it and gather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from smwatch.store.gathering import print_rows, write_prints
from smwatch.store.mentions import item_of
from smwatch.store.schema import fingerprint, item, mention, source
from smwatch.store.stories import BATCH, Waiting, waiting_where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Item
    from smwatch.story import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """An item as it is now; `homes` are the clients and stories that it belongs to, with the moment it came there."""

    item_id: int
    item: Item
    place: str
    homes: tuple[tuple[str, int, datetime], ...]


async def any_wait(connection: AsyncConnection) -> bool:
    """Whether there is anything that `edited` or `raised` would read."""
    return any((await connection.execute(_ANY)).one())


_ANY = select(
    exists().where(item.c.edited_at.is_not(None)),
    exists().where(mention.c.raised_at.is_not(None), mention.c.story_id.is_not(None)),
)


async def edited(connection: AsyncConnection, limit: int = BATCH) -> list[Edited]:
    """The items that were edited since gather looked last."""
    query = (
        select(item, source.c.name.label("source"), source.c.kind.label("source_kind"), source.c.key)
        .join(source, item.c.source_id == source.c.id)
        .where(item.c.edited_at.is_not(None))
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    if not rows:
        return []
    homes = await _homes(connection, [row.id for row in rows])
    return [
        Edited(item_id=row.id, item=item_of(row), place=f"{row.source_kind}|{row.key}", homes=tuple(homes[row.id]))
        for row in rows
    ]


async def _homes(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, list[tuple[str, int, datetime]]]:
    found: dict[int, list[tuple[str, int, datetime]]] = {number: [] for number in numbers}
    columns = (fingerprint.c.item_id, fingerprint.c.client, fingerprint.c.story_id, fingerprint.c.at)
    query = select(*columns).distinct().where(fingerprint.c.item_id.in_(numbers))
    for row in await connection.execute(query):
        found[row.item_id].append((row.client, row.story_id, row.at))
    return found


async def print_again(connection: AsyncConnection, one: Edited, marks: Sequence[Fingerprint]) -> None:
    """What the item is found by from now on."""
    await connection.execute(delete(fingerprint).where(fingerprint.c.item_id == one.item_id))
    rows = [row for client, story_id, at in one.homes for row in print_rows(client, one.item_id, story_id, marks, at)]
    await write_prints(connection, rows)
    await connection.execute(update(item).where(item.c.id == one.item_id).values(edited_at=None))


async def raised(connection: AsyncConnection, limit: int = BATCH) -> list[Waiting]:
    """The mentions that an edit has made more urgent, and that are part of a story; they are asked for once."""
    found = await waiting_where(connection, mention.c.raised_at.is_not(None) & mention.c.story_id.is_not(None), limit)
    if found:
        numbers = [one.mention.id for one in found]
        await connection.execute(update(mention).where(mention.c.id.in_(numbers)).values(raised_at=None))
    return found
