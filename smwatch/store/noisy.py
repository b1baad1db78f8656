"""Which watches match so often that nobody can read it, and by which words and sources."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from smwatch.store.schema import item, mention, source, watch

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

SHOWN = 3  # words and sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Noisy:
    """A watch with its matches in a period; `words` and `sources` are the most frequent ones with their counts."""

    client: str | None
    watch: str
    matches: int
    words: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()


async def busiest(
    connection: AsyncConnection, since: datetime, at_least: int, *, but: Container[tuple[str, str]] = ()
) -> list[Noisy]:
    """The watches with at least so many new matches since then; not those `but`, as (client, name)."""
    query = (
        select(watch.c.id, watch.c.client, watch.c.name, func.count())
        .join(mention, mention.c.watch_id == watch.c.id)
        .where(mention.c.seen_at > since, ~mention.c.old, watch.c.active)
        .group_by(watch.c.id, watch.c.client, watch.c.name)
        .having(func.count() >= at_least)
        .order_by(watch.c.id)
    )
    rows = (await connection.execute(query)).all()
    return [
        Noisy(
            client=row.client or None,
            watch=row.name,
            matches=row[3],
            words=await _words(connection, row.id, since),
            sources=await _sources(connection, row.id, since),
        )
        for row in rows
        if (row.client, row.name) not in but
    ]


async def _words(connection: AsyncConnection, watch_id: int, since: datetime) -> tuple[tuple[str, int], ...]:
    here = (mention.c.watch_id == watch_id) & (mention.c.seen_at > since) & ~mention.c.old
    rows = await connection.execute(select(mention.c.spans).where(here))
    counted = Counter(term for row in rows for term in {str(span[3]) for span in row.spans})
    return tuple(counted.most_common(SHOWN))


async def _sources(connection: AsyncConnection, watch_id: int, since: datetime) -> tuple[tuple[str, int], ...]:
    query = (
        select(source.c.name, func.count())
        .join(item, item.c.source_id == source.c.id)
        .join(mention, mention.c.item_id == item.c.id)
        .where(mention.c.watch_id == watch_id, mention.c.seen_at > since, ~mention.c.old)
        .group_by(source.c.name)
        .order_by(func.count().desc(), source.c.name)
        .limit(SHOWN)
    )
    return tuple((row[0], row[1]) for row in await connection.execute(query))
