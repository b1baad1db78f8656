"""What people ask of what is stored: mentions by their words, and what was decided about one; client by client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from smwatch.store import whys
from smwatch.store.mentions import mentions_where
from smwatch.store.schema import item, mention
from smwatch.store.schema_cases import verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Mention
    from smwatch.store.whys import Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A mention with everything that was decided about it; `shown` are the channels whose message holds it."""

    mention: Mention
    decided: Sequence[Decided]
    shown: Sequence[str]
    irrelevant: bool = False


def _spellings(word: str) -> set[str]:
    """A word as the store's `lower` leaves it: SQLite's knows the letters of ASCII only, so “Ü” stays as it is."""
    return {_lower(spelt) for spelt in (word.lower(), word.upper(), word.capitalize())} | {word.lower()}


def _lower(word: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)


async def search(connection: AsyncConnection, words: str, clients: Collection[str | None], limit: int) -> list[Mention]:
    """Mentions that hold all of `words` in title or text, newest first; only those of `clients` (None: of nobody)."""
    named = [one or "" for one in clients]
    holds = [
        or_(
            *(
                func.lower(column).contains(spelling, autoescape=True)
                for column in (item.c.title, item.c.text)
                for spelling in _spellings(word)
            )
        )
        for word in words.replace("\x00", " ").split()[:8]  # PostgreSQL takes no NUL
    ]
    if not holds:
        return []
    query = (
        select(mention.c.id)
        .join(item, item.c.id == mention.c.item_id)
        .where(and_(*holds), mention.c.client.in_(named), mention.c.lost.is_(False))
        .order_by(mention.c.seen_at.desc(), mention.c.id.desc())
        .limit(limit)
    )
    numbers = [row.id for row in await connection.execute(query)]
    return list(reversed(await mentions_where(connection, mention.c.id.in_(numbers))))


async def told(connection: AsyncConnection, number: int, clients: Collection[str | None]) -> Told | None:
    """What became of a mention, and why; None where there is none of these clients."""
    named = [one or "" for one in clients]
    found = await mentions_where(connection, and_(mention.c.id == number, mention.c.client.in_(named)))
    if not found:
        return None
    decided = await whys.decisions(connection, number)
    shown = [one.channel for one in await whys.shown(connection, found[0]) if one.told_at is not None]
    marked = (await connection.execute(select(verdict.c.id).where(verdict.c.mention_id == number))).first()
    return Told(mention=found[0], decided=decided, shown=shown, irrelevant=marked is not None)
