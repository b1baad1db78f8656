"""Mentions read back from the store: who said what where and when, and the words that matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from smwatch.i18n import from_json
from smwatch.model import Author, Engagement, Item, Mention, Priority, Span
from smwatch.store.schema import author, item, mention, source, watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS: tuple[Any, ...] = (
    mention.c.id,
    mention.c.client,
    mention.c.priority,
    mention.c.old,
    mention.c.late,
    mention.c.story_id,
    mention.c.seen_at,
    mention.c.reason,
    mention.c.spans,
    watch.c.name.label("watch"),
    source.c.name.label("source"),
    item.c.native_id,
    item.c.url,
    item.c.title,
    item.c.lead,
    item.c.text,
    item.c.kind,
    item.c.lang,
    item.c.published,
    item.c.updated,
    item.c.more,
    item.c.tombstone,
    author.c.name.label("author_name"),
    author.c.handle.label("author_handle"),
    author.c.url.label("author_url"),
    author.c.followers.label("author_followers"),
)


async def mentions_where(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Mention]:
    """The mentions that `which` chooses, in order of first sight; `which` may use columns of `mention`, `item`."""
    query = whole().where(which).order_by(mention.c.seen_at, mention.c.id)
    return [mention_of(row) for row in await connection.execute(query)]


def whole(*more: ColumnElement[Any]) -> Select[Any]:
    """All mentions with what `mention_of` reads, and `more` columns of `mention`, `item`, `source`."""
    return (
        select(*_COLUMNS, *more)
        .join(item, mention.c.item_id == item.c.id)
        .join(watch, mention.c.watch_id == watch.c.id)
        .join(source, item.c.source_id == source.c.id)
        .outerjoin(author, item.c.author_id == author.c.id)
    )


def mention_of(row: Row[Any]) -> Mention:
    """A row of `whole`."""
    return Mention(
        id=row.id,
        watch=row.watch,
        client=row.client or None,
        item=item_of(row),
        priority=Priority(row.priority),
        old=row.old,
        late=row.late,
        spans=tuple(Span(field=where, start=start, end=end, term=term) for where, start, end, term in row.spans),
        seen_at=row.seen_at,
        story_id=row.story_id,
        reason=from_json(row.reason) if row.reason else None,
    )


def item_of(row: Row[Any]) -> Item:
    """A row of `item` with `source` (its name) and, where it was asked for, the author's columns."""
    author = getattr(row, "author_name", None) or getattr(row, "author_handle", None)
    return Item(
        id=row.native_id,
        source=row.source,
        url=row.url,
        title=row.title,
        lead=row.lead,
        text=row.text,
        kind=row.kind,
        author=_author(row) if author else None,
        published=row.published,
        updated=row.updated,
        lang=row.lang,
        engagement=_engagement(row.more or {}),
        parent_id=(row.more or {}).get("parent_id"),
        root_id=(row.more or {}).get("root_id"),
        links=tuple((row.more or {}).get("links", ())),
        attributes=(row.more or {}).get("attributes", {}),
        deleted=row.tombstone,
    )


def _author(row: Row[Any]) -> Author:
    return Author(name=row.author_name, handle=row.author_handle, url=row.author_url, followers=row.author_followers)


def _engagement(more: Mapping[str, Any]) -> Engagement | None:
    known = more.get("engagement")
    if not isinstance(known, dict):
        return None
    return Engagement(**{name: known.get(name) for name in ("likes", "replies", "shares", "views")})
