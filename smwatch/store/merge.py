"""Two stories become one, while nobody has been told of both (DATA.md: two posted ones that are bridged stay two)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from smwatch.i18n import text, to_json
from smwatch.model import Priority
from smwatch.route import highest
from smwatch.store.schema import card, fingerprint, mention, story
from smwatch.store.schema_cases import case_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

BRIDGED = text("another item says what both say")


async def told(connection: AsyncConnection, numbers: Sequence[int]) -> set[int]:
    """Those of these stories that people know: told somewhere, perhaps told, or with a case."""
    untouched = (card.c.shown == 0) & (card.c.attempts == 0) & card.c.unsure_at.is_(None) & (card.c.state == "waiting")
    tried = select(card.c.story_id).where(card.c.story_id.in_(numbers), ~untouched)
    cases = select(case_.c.story_id).where(case_.c.story_id.in_(numbers))
    return {row.story_id for query in (tried, cases) for row in await connection.execute(query)}


async def merge(connection: AsyncConnection, gone: int, home: int, now: datetime) -> list[str]:
    """The story `gone` becomes part of `home`; the channels that have something new to show."""
    channels = [
        await _carry_over(connection, one, home, now)
        for one in (await connection.execute(select(card).where(card.c.story_id == gone))).all()
    ]
    first = select(func.min(mention.c.id)).where(mention.c.story_id == gone).scalar_subquery()
    named = {"tie": "bridge", "tie_reason": to_json(BRIDGED)}
    await connection.execute(update(mention).where(mention.c.id == first, mention.c.tie.is_(None)).values(**named))
    for table in (mention, fingerprint):
        await connection.execute(update(table).where(table.c.story_id == gone).values(story_id=home))
    await _span(connection, gone, home)
    await connection.execute(delete(story).where(story.c.id == gone))
    return channels


async def _carry_over(connection: AsyncConnection, one: Row[Any], home: int, now: datetime) -> str:
    """A card that nobody has seen joins the other story's card in its channel, or becomes it."""
    here = (card.c.client == one.client) & (card.c.story_id == home) & (card.c.channel == one.channel)
    standing = (await connection.execute(select(card.c.id, card.c.priority).where(here))).first()
    if standing is None:
        await connection.execute(update(card).where(card.c.id == one.id).values(story_id=home))
        return str(one.channel)
    top = highest([Priority(standing.priority), Priority(one.priority)])
    values = {"wanted": card.c.wanted + 1, "priority": str(top), "changed_at": now}
    await connection.execute(update(card).where(card.c.id == standing.id).values(**values))
    await connection.execute(delete(card).where(card.c.id == one.id))
    return str(one.channel)


async def _span(connection: AsyncConnection, gone: int, home: int) -> None:
    """The story lasts from the first item of both to the last one."""
    both = or_(story.c.id == gone, story.c.id == home)
    row = (await connection.execute(select(func.min(story.c.first_at), func.max(story.c.last_at)).where(both))).one()
    await connection.execute(update(story).where(story.c.id == home).values(first_at=row[0], last_at=row[1]))
