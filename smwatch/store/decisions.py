"""What was held back after it was routed, and why: one line a mention, channel and reason; the digest counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, func, insert, literal, select

from smwatch.i18n import to_json
from smwatch.store.schema import card, card_mention, decision, mention

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.i18n import Text
    from smwatch.store.jobs import Job


async def held(  # noqa: PLR0913 - what a decision is about
    connection: AsyncConnection,
    jobs: Sequence[Job],
    code: str,
    reason: Text,
    now: datetime,
    *,
    verdict: str = "hold",
) -> None:
    """Write down that these cards are not told at once: each of their mentions that the channel would have heard of."""
    numbers = [job.id for job in jobs if job.table == "card"]
    if numbers:
        await _write(connection, card.c.id.in_(numbers), code, reason, now, verdict)


async def joined(connection: AsyncConnection, card_id: int, now: datetime) -> None:
    """A mention has joined a story that its channel holds back: it is held back, too."""
    query = (
        select(decision.c.code, decision.c.reason, decision.c.verdict)
        .join(mention, decision.c.mention_id == mention.c.id)
        .join(card, (card.c.story_id == mention.c.story_id) & (card.c.channel == decision.c.channel))
        .where(card.c.id == card_id, decision.c.verdict == "hold")
        .order_by(decision.c.id.desc())
        .limit(1)
    )
    last = (await connection.execute(query)).first()
    if last is not None:
        await _write(connection, card.c.id == card_id, last.code, None, now, last.verdict, last.reason)


async def _write(  # noqa: PLR0913, PLR0917 - one argument a column
    connection: AsyncConnection,
    which: ColumnElement[bool],
    code: str,
    reason: Text | None,
    now: datetime,
    verdict: str,
    stored: object = None,
) -> None:
    told, before = decision.alias("told"), decision.alias("before")
    routed = exists().where(
        told.c.mention_id == mention.c.id, told.c.channel == card.c.channel, told.c.verdict == "alert"
    )
    known = exists().where(
        before.c.mention_id == mention.c.id, before.c.channel == card.c.channel, before.c.code == code
    )
    rows = (
        select(
            mention.c.id,
            card.c.channel,
            literal(verdict),
            literal(code),
            literal(to_json(reason) if reason is not None else stored, decision.c.reason.type),
            literal(now, decision.c.at.type),
        )
        .join(mention, mention.c.story_id == card.c.story_id)
        .where(which, routed, ~known)
    )
    names = ["mention_id", "channel", "verdict", "code", "reason", "at"]
    await connection.execute(insert(decision).from_select(names, rows))


async def told_singly(
    connection: AsyncConnection, since: datetime, channel: str | None = None
) -> list[tuple[str, datetime]]:
    """The stories that were told by messages of their own since then: (channel, moment), oldest first."""
    first = (
        select(card.c.channel, func.min(card_mention.c.at).label("at"))
        .join(card_mention, card_mention.c.card_id == card.c.id)
        .where(card.c.state != "folded", *([card.c.channel == channel] if channel is not None else []))
        .group_by(card.c.id)
        .subquery()
    )
    query = select(first.c.channel, first.c.at).where(first.c.at > since).order_by(first.c.at)
    return [(row.channel, row.at) for row in await connection.execute(query)]
