"""What its source has deleted: the words go, a tombstone stays, and every message that shows it is due again.

Nothing of a deleted item is left but its link, its dates, and that it was there. Its id stays among the seen ones, so
that it never comes again. Digests and mails that were sent before cannot be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, null, select, update

from smwatch.store.schema import author, card, card_mention, item, item_alias, mention, post, seen
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 500  # ids in one IN list
GONE = "gone"  # the content of an id that was deleted
BUNDLES = ("summary", "late", "news")  # posts that name mentions or cards, and are edited in place


async def bury(connection: AsyncConnection, source_id: int, marks: Sequence[str], now: datetime) -> int:
    """Put tombstones on the items of a source with these keyed ids; how many there were. Unknown ids cost one look."""
    found: dict[int, int | None] = {}
    for start in range(0, len(marks), CHUNK):
        found |= await _named(connection, source_id, marks[start : start + CHUNK])
    standing = list(found.items())
    for start in range(0, len(standing), CHUNK):
        await _silence(connection, standing[start : start + CHUNK], now)
    return len(standing)


async def foresee(connection: AsyncConnection, source_id: int, marks: Sequence[str], now: datetime) -> None:
    """Let nothing with these keyed ids come any more, also where a deletion overtook what it deletes."""
    for mark in marks:
        gone = {"content_hash": GONE, "first_seen": now, "last_listed": now}
        statement = upsert(connection, seen).values(source_id=source_id, id_hmac=mark, **gone)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["source_id", "id_hmac"], set_={"content_hash": GONE})
        )


async def since_told(connection: AsyncConnection, card_id: int) -> bool:
    """Whether something that a card told was deleted since its channel heard of it the last time."""
    told = select(card_mention.c.mention_id).select_from(card_mention)
    told = told.join(mention, mention.c.id == card_mention.c.mention_id).join(item, item.c.id == mention.c.item_id)
    told = told.join(card, card.c.id == card_mention.c.card_id).where(card.c.id == card_id)
    heard = func.coalesce(card.c.edited_at, card_mention.c.at)
    return (await connection.execute(told.where(item.c.tombstone > heard).limit(1))).first() is not None


async def _named(connection: AsyncConnection, source_id: int, marks: Sequence[str]) -> dict[int, int | None]:
    """The items that stand under these ids, or under other ids of theirs, with their authors."""
    known = select(item.c.id, item.c.author_id).where(item.c.tombstone.is_(None))
    own = known.where(item.c.source_id == source_id, item.c.id_hmac.in_(marks))
    alias = select(item_alias.c.item_id).where(item_alias.c.source_id == source_id, item_alias.c.id_hmac.in_(marks))
    rows = [*await connection.execute(own), *await connection.execute(known.where(item.c.id.in_(alias)))]
    return {row.id: row.author_id for row in rows}


async def _silence(connection: AsyncConnection, found: Sequence[tuple[int, int | None]], now: datetime) -> None:
    numbers = [number for number, _ in found]
    empty = {
        "title": "",
        "lead": "",
        "text": "",
        "author_id": None,
        "more": null(),
        "edited_at": None,
        "tombstone": now,
    }
    await connection.execute(update(item).where(item.c.id.in_(numbers)).values(**empty))
    await connection.execute(update(mention).where(mention.c.item_id.in_(numbers)).values(spans=[], raised_at=None))
    unheard = ~exists().where(item.c.author_id == author.c.id)
    writers = {writer for _, writer in found if writer is not None}
    await connection.execute(delete(author).where(author.c.id.in_(writers), unheard))
    await show_again(connection, numbers, now)


async def show_again(connection: AsyncConnection, items: Sequence[int], now: datetime) -> None:
    """The cards of their stories want a new revision; what tells folded or late ones is edited."""
    stories = select(mention.c.story_id).where(mention.c.item_id.in_(items), mention.c.story_id.is_not(None))
    shown = and_(card.c.story_id.in_(stories), card.c.state != "folded")
    await connection.execute(update(card).where(shown).values(wanted=card.c.wanted + 1, changed_at=now))
    folded = select(card.c.id).where(card.c.story_id.in_(stories), card.c.state == "folded")
    cards = set((await connection.execute(folded)).scalars())
    mentions = set((await connection.execute(select(mention.c.id).where(mention.c.item_id.in_(items)))).scalars())
    told = select(post.c.id, post.c.plan).where(post.c.kind.in_(BUNDLES), post.c.state == "sent")
    again = [
        row.id
        for row in await connection.execute(told)
        if cards.intersection(row.plan.get("cards", ())) or mentions.intersection(row.plan.get("mentions", ()))
    ]
    await connection.execute(update(post).where(post.c.id.in_(again)).values(state="waiting"))
