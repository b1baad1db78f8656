"""Silences in the store: add, end, list, and which of them are active now.

A silence of an author is kept as a keyed hash: what the store forgets of people it must not remember here.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, literal, or_, select, update

from smwatch.message.escape import shown_host
from smwatch.model import Person
from smwatch.silence import Marks, Scope, Silence, covering
from smwatch.store.outbox import unmute
from smwatch.store.schema import card
from smwatch.store.schema_cases import silence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Item, Mention, Story


async def add(connection: AsyncConnection, one: Silence) -> Silence:
    """Begin a silence; the one that was written, with its id."""
    values = {
        "client": one.client or "",
        "scope": str(one.scope),
        "value": one.value,
        "label": one.label,
        "until": one.until,
        "by": {"id": one.by.id, "name": one.by.name},
        "reason": one.reason,
        "at": one.at,
    }
    row = await connection.execute(insert(silence).values(**values).returning(silence))
    return _silence(row.one())


async def end(connection: AsyncConnection, number: int, now: datetime) -> bool:
    """End a silence before its time: what it held is told now; whether there was one to end."""
    active = update(silence).where(silence.c.id == number, silence.c.ended_at.is_(None), silence.c.until > now)
    ended = (await connection.execute(active.values(ended_at=now))).rowcount > 0
    if ended:
        await unmute(connection, now)
        await _redraw(connection, number, now)
    return ended


async def _redraw(connection: AsyncConnection, number: int, now: datetime) -> None:
    """What was edited since it began may say that it is silenced: it is due again."""
    of = select(silence.c.client, silence.c.at).where(silence.c.id == number).subquery()
    client, began = (select(column).scalar_subquery() for column in (of.c.client, of.c.at))
    edited = and_(card.c.client == client, card.c.state == "sent", card.c.edited_at >= began)
    await connection.execute(update(card).where(edited).values(wanted=card.c.wanted + 1, changed_at=now))


async def get(connection: AsyncConnection, number: int) -> Silence | None:
    """One silence by its id, active or not."""
    row = (await connection.execute(select(silence).where(silence.c.id == number))).first()
    return _silence(row) if row else None


async def active(connection: AsyncConnection, now: datetime, client: str | None = None) -> list[Silence]:
    """What is silenced for `client` (None: for nobody in particular) at `now`, first ending first."""
    mine = silence.c.client == (client or "")
    return await _listed(connection, mine, silence.c.ended_at.is_(None), silence.c.until > now)


async def listed(connection: AsyncConnection, now: datetime, client: str | None = None) -> list[Silence]:
    """Every active silence (None: of all clients), for people who ask."""
    mine = or_(silence.c.client == client, literal(client is None))
    return await _listed(connection, mine, silence.c.ended_at.is_(None), silence.c.until > now)


async def over(connection: AsyncConnection, story: Story, secret: bytes, now: datetime) -> tuple[Silence, ...]:
    """The silences under which a story may not be posted at `now`."""
    found = await active(connection, now, story.client)
    return covering(found, marks_of(story, secret), now) if found else ()


def marks_of(story: Story, secret: bytes) -> tuple[Marks, ...]:
    """What a silence may be about in each mention of a story."""
    return tuple(marks(one, secret) for one in story.mentions)


def marks(mention: Mention, secret: bytes) -> Marks:
    """What a silence may be about in one mention."""
    return Marks(
        story=str(mention.story_id or ""),
        author=author_mark(mention.item, mention.client, secret),
        site=shown_host(mention.item.url),
        watch=mention.watch,
    )


def author_mark(item: Item, client: str | None, secret: bytes) -> str:
    """The keyed hash of who said it, on its platform; "" where the source does not say who."""
    who = item.author
    known = (who.url or who.handle or who.name) if who else None
    if not known:
        return ""
    words = "|".join(("author", client or "", shown_host(item.url) or item.source, known.casefold()))
    return hmac.new(secret, words.encode(), hashlib.sha256).hexdigest()[:32]


async def _listed(connection: AsyncConnection, *where: Any) -> list[Silence]:  # noqa: ANN401 - SQL conditions
    rows = await connection.execute(select(silence).where(*where).order_by(silence.c.until, silence.c.id))
    return [_silence(row) for row in rows]


def _silence(row: Row[Any]) -> Silence:
    return Silence(
        id=row.id,
        client=row.client or None,
        scope=Scope(row.scope),
        value=row.value,
        label=row.label,
        until=row.until,
        by=Person(**row.by),
        reason=row.reason,
        at=row.at,
    )
