"""What is written down about one mention: each decision, the card of its story in each channel, what ties the story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from smwatch.i18n import Text, from_json, text
from smwatch.model import numbered
from smwatch.store.jobs import problem_of
from smwatch.store.mentions import mentions_where
from smwatch.store.schema import card, card_mention, decision, item, mention, post

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Mention
    from smwatch.store.jobs import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One line of the log of decisions; `channel` is "" where it holds for all of them."""

    channel: str
    verdict: str
    code: str
    reason: Text
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a channel stands to the mention's story: `told_at` is when this very mention was first shown there.

    `counted`: a summary that went out counts it without naming it.
    """

    channel: str
    state: str  # waiting, sending, sent, folded, moved
    priority: str
    told_at: datetime | None = None
    problem: Problem | None = None
    next_try: datetime | None = None
    counted: bool = False


async def by_id(connection: AsyncConnection, number: int) -> Mention | None:
    """One mention by its number."""
    found = await mentions_where(connection, mention.c.id == number)
    return found[0] if found else None


async def named(connection: AsyncConnection, said: str) -> Mention | None:
    """The mention M4K2 (the M may be left out), or the first one of the story S1A."""
    if (story := numbered(said, "S")) is not None:
        return next(iter(await of_story(connection, story)), None)
    number = numbered(said, "M", bare=True)
    return None if number is None else await by_id(connection, number)


def no_mention(name: str) -> Text:
    """What somebody hears who asks for a mention that is not there."""
    return text("no mention is called {name}; alerts and digests show its name (M4K2)", name=name)


async def by_link(connection: AsyncConnection, url: str) -> list[Mention]:
    """The mentions of the items at this address, newest first."""
    here = mention.c.item_id.in_(select(item.c.id).where(item.c.url == url))
    return (await mentions_where(connection, here))[::-1]


async def of_story(connection: AsyncConnection, story_id: int) -> list[Mention]:
    """All mentions of a story, in order of first sight."""
    return await mentions_where(connection, mention.c.story_id == story_id)


async def decisions(connection: AsyncConnection, number: int) -> list[Decided]:
    """Everything that was decided about a mention, in order."""
    query = select(decision).where(decision.c.mention_id == number).order_by(decision.c.id)
    return [
        Decided(channel=row.channel, verdict=row.verdict, code=row.code, reason=from_json(row.reason), at=row.at)
        for row in await connection.execute(query)
    ]


async def shown(connection: AsyncConnection, one: Mention) -> list[Shown]:
    """The card of the mention's story in each channel."""
    query = (
        select(card, card_mention.c.at.label("told_at"), post.c.state.label("summary"))
        .outerjoin(post, post.c.key == card.c.receipt["summary"].as_string())
        .outerjoin(card_mention, (card_mention.c.card_id == card.c.id) & (card_mention.c.mention_id == one.id))
        .where(card.c.client == (one.client or ""), card.c.story_id == one.story_id)
        .order_by(card.c.id)
    )
    return [
        Shown(
            channel=row.channel,
            state=row.state,
            priority=row.priority,
            told_at=row.told_at,
            problem=problem_of(row.problem),
            next_try=row.not_before,
            counted=row.state == "folded" and row.summary == "sent",
        )
        for row in await connection.execute(query)
    ]


async def ties(connection: AsyncConnection, numbers: Sequence[int]) -> Mapping[int, Text]:
    """Why mentions belong to their story, as far as that was written down."""
    column: Any = mention.c.get("tie_reason")
    if column is None:
        return {}
    query = select(mention.c.id, column.label("reason")).where(mention.c.id.in_(numbers))
    return {row.id: from_json(row.reason) for row in await connection.execute(query) if row.reason}
