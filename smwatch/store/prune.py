"""Retention: what is erased when its time is over, and what is kept so that nothing is told twice.

Texts and authors go with their item. Keyed hashes of ids stay until the source has not listed them for 90 days.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, select, tuple_

from smwatch.store import inbox, suspects
from smwatch.store.schema import author, card, item, mention, post, seen, source, story
from smwatch.store.schema_cases import silence
from smwatch.store.schema_noise import proposal

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Delete

    from smwatch.store.db import Store

UNLISTED = timedelta(days=90)
LISTED_WITHIN = timedelta(days=2)  # `last_listed` is written once a day
POSTS = timedelta(days=90)  # what was sent so long ago is not asked for any more
DECIDED = timedelta(days=30)  # so long it is kept what people decided, after it is over
CHUNK = 500  # rows in one transaction: alerts go on meanwhile


async def prune(store: Store, now: datetime) -> int:
    """Erase what has expired at `now`; how many items it was."""
    items = await _delete(store, _expired(now))
    for rest in (_authors(), _stories(now), _posts(now), _seen(now), _silences(now), _proposals(now)):
        await _delete(store, rest)
    async with store.write() as connection:
        await inbox.forget(connection, now)
        await suspects.forget(connection, now)
    if items:
        await store.checkpoint()
    return items


async def _delete(store: Store, some: Delete) -> int:
    total = 0
    while True:
        async with store.write() as connection:
            gone = (await connection.execute(some)).rowcount
        total += gone
        if gone < CHUNK:
            return total


def _expired(now: datetime) -> Delete:
    return delete(item).where(item.c.id.in_(select(item.c.id).where(item.c.expires_at <= now).limit(CHUNK)))


def _authors() -> Delete:
    silent = ~exists().where(item.c.author_id == author.c.id)
    return delete(author).where(author.c.id.in_(select(author.c.id).where(silent).limit(CHUNK)))


def _stories(now: datetime) -> Delete:
    """Stories of which nothing is left; with them go their cards."""
    empty = and_(~exists().where(mention.c.story_id == story.c.id), story.c.last_at < now - LISTED_WITHIN)
    unsent = exists().where(card.c.story_id == story.c.id, card.c.state == "sending")
    return delete(story).where(story.c.id.in_(select(story.c.id).where(empty, ~unsent).limit(CHUNK)))


def _posts(now: datetime) -> Delete:
    done = and_(post.c.state.in_(("sent", "moved")), post.c.created_at < now - POSTS)
    return delete(post).where(post.c.id.in_(select(post.c.id).where(done).limit(CHUNK)))


def _silences(now: datetime) -> Delete:
    """A month after their end: their label may be a headline, and who wanted them is known long enough."""
    return delete(silence).where(
        silence.c.id.in_(select(silence.c.id).where(silence.c.until < now - DECIDED).limit(CHUNK))
    )


def _proposals(now: datetime) -> Delete:
    """A month after they were decided (or made, and nobody decided): they may name an author."""
    over = func.coalesce(proposal.c.decided_at, proposal.c.at) < now - DECIDED
    return delete(proposal).where(proposal.c.id.in_(select(proposal.c.id).where(over).limit(CHUNK)))


def _seen(now: datetime) -> Delete:
    """Ids that their source does not list any more: new things came since, on pages that did not list these."""
    gone = (
        select(seen.c.source_id, seen.c.id_hmac)
        .join(source, source.c.id == seen.c.source_id)
        .where(seen.c.last_listed < now - UNLISTED, seen.c.first_seen < now - UNLISTED)
        .where(source.c.last_item_at > now - UNLISTED + LISTED_WITHIN)
        .limit(CHUNK)
    )
    return delete(seen).where(tuple_(seen.c.source_id, seen.c.id_hmac).in_(gone))
