"""Figures of what a channel was told, or would be: how long stories are, how many come a minute, from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from smwatch.store.schema import card, item, mention, source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

AROUND = 120  # characters beside title and link on a line of a summary
SOURCES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Stories of a channel in a period: how many, how they are spread over it in equal steps, from which sources."""

    stories: int
    curve: tuple[int, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()


async def lengths(connection: AsyncConnection, cards: Sequence[int]) -> dict[int, int]:
    """About how many characters each card takes in a summary: its first item's title and link, and what is around."""
    query = (
        select(card.c.id, func.min(mention.c.item_id).label("item_id"))
        .join(mention, mention.c.story_id == card.c.story_id)
        .where(card.c.id.in_(cards))
        .group_by(card.c.id)
        .subquery()
    )
    size = func.length(item.c.title) + func.length(item.c.url)
    rows = await connection.execute(select(query.c.id, size).join(item, item.c.id == query.c.item_id))
    return {row[0]: int(row[1] or 0) + AROUND for row in rows}


async def sources_of(connection: AsyncConnection, cards: Sequence[int]) -> dict[int, int]:
    """How many sources tell the story of each card."""
    query = (
        select(card.c.id, func.count(item.c.source_id.distinct()))
        .join(mention, mention.c.story_id == card.c.story_id)
        .join(item, item.c.id == mention.c.item_id)
        .where(card.c.id.in_(cards))
        .group_by(card.c.id)
    )
    return {row[0]: int(row[1]) for row in await connection.execute(query)}


async def of_period(
    connection: AsyncConnection, channel: str, since: datetime, until: datetime, step: timedelta
) -> Tally:
    """The stories that came to a channel between two moments."""
    here = (card.c.channel == channel, card.c.first_at >= since, card.c.first_at <= until)
    moments = [row.first_at for row in await connection.execute(select(card.c.first_at).where(*here))]
    curve = [0] * (int((until - since) / step) + 1)
    for moment in moments:
        curve[int((moment - since) / step)] += 1
    count = func.count(item.c.id.distinct())
    query = (
        select(source.c.name, count)
        .join(item, item.c.source_id == source.c.id)
        .join(mention, mention.c.item_id == item.c.id)
        .join(card, card.c.story_id == mention.c.story_id)
        .where(*here)
        .group_by(source.c.name)
        .order_by(count.desc(), source.c.name)
        .limit(SOURCES)
    )
    sources = tuple((row[0], row[1]) for row in await connection.execute(query))
    return Tally(stories=len(moments), curve=tuple(curve), sources=sources)
