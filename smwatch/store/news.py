"""News of a story that stands in a channel: a note in its thread, told to the whole channel when its priority rises.

What comes in while a note waits joins it. A message that is posted anew tells everything itself.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from smwatch.model import Priority
from smwatch.store import outbox
from smwatch.store.schema import post

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.outbox import Job

KIND = "news"


def stands(card: Row[Any]) -> bool:
    """Whether people see the card's own message, or will in a moment."""
    return card.state == "sending" or (card.state in {"waiting", "sent"} and card.shown > 0)


async def add_news(  # noqa: PLR0913 - which card, and what is new
    connection: AsyncConnection,
    card: Row[Any],
    mention_id: int,
    *,
    raised: Priority | None,
    secret: bytes,
    now: datetime,
) -> None:
    """Tell of this mention below the card's message; `raised` is the priority that it lifts its story to."""
    waits = (post.c.card_id == card.id) & (post.c.kind == KIND) & (post.c.state == "waiting") & (post.c.attempts == 0)
    standing = (await connection.execute(select(post.c.id, post.c.plan).where(waits).limit(1))).first()
    before = standing.plan if standing is not None else {"mentions": []}
    plan = {**before, "mentions": list(dict.fromkeys([*before["mentions"], mention_id]))}
    if raised is not None:
        plan |= {"raised": str(raised), "by": mention_id, "broadcast": True}
    priority = Priority.URGENT if plan.get("raised") == Priority.URGENT else Priority.NORMAL
    if standing is not None:
        values = {"plan": plan, "priority": str(priority)}
        await connection.execute(update(post).where(post.c.id == standing.id).values(**values))
        return
    words = f"{KIND}|{card.key}|{mention_id}|{raised or ''}"
    key = hmac.new(secret, words.encode(), hashlib.sha256).hexdigest()[:32]
    await outbox.add_post(
        connection,
        key=key,
        channel=card.channel,
        kind=KIND,
        plan=plan,
        now=now,
        client=card.client,
        priority=priority,
        card_id=card.id,
    )


async def lost_thread(connection: AsyncConnection, job: Job) -> None:
    """The message that the note belongs to is gone: it is posted anew, and tells what the note would have told."""
    await outbox.settle(connection, job)
    card = await outbox.get(connection, "card", job.card_id) if job.card_id is not None else None
    if card is not None and card.receipt is not None:
        await outbox.renew(connection, card)
