"""From the parse worker's plain values to items: the core's side of the pipe, which takes nothing on trust."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch.errors import Broken
from smwatch.feeds.refusal import refusal
from smwatch.model import Author, Engagement, Item, utc

if TYPE_CHECKING:
    from collections.abc import Mapping


def feed_items(answer: Mapping[str, Any], source: str) -> tuple[Item, ...]:
    """The items that `READ_FEED` found, in the feed's order, named after `source`; raises Broken on nonsense."""
    feed_lang = _text(_mapping(answer.get("feed")), "lang")
    try:
        return tuple(_item(_mapping(one), source, feed_lang) for one in answer["items"])
    except (LookupError, TypeError, ValueError) as error:
        raise Broken(refusal("unknown")) from error


def taken_back(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of entries that the feed says are deleted, and does not list."""
    said = _mapping(answer.get("channel")).get("deleted")
    listed = {one.get("id") for one in answer.get("items", ()) if isinstance(one, dict)}
    return tuple(one for one in said if isinstance(one, str) and one not in listed) if isinstance(said, list) else ()


def _item(found: Mapping[str, Any], source: str, feed_lang: str) -> Item:
    return Item(
        id=_text(found, "id"),
        source=source,
        url=_text(found, "url"),
        title=_text(found, "title"),
        lead=_text(found, "lead"),
        text=_text(found, "text"),
        kind=_text(found, "kind") or "article",
        author=_author(_mapping(found.get("author"))),
        published=_moment(found, "published"),
        updated=_moment(found, "updated"),
        lang=_text(found, "lang") or feed_lang or None,
        engagement=_engagement(_mapping(found.get("engagement"))),
        parent_id=_text(found, "parent_id") or None,
        root_id=_text(found, "root_id") or None,
        links=tuple(_strings(found.get("links"))),
        attributes=_attributes(found),
    )


def _author(found: Mapping[str, Any]) -> Author | None:
    if not found:
        return None
    return Author(
        name=_text(found, "name") or None,
        handle=_text(found, "handle") or None,
        url=_text(found, "url") or None,
        followers=_figure(found.get("followers")),
    )


def _engagement(found: Mapping[str, Any]) -> Engagement | None:
    figures = {name: _figure(found.get(name)) for name in ("likes", "replies", "shares", "views")}
    return Engagement(**figures) if any(one is not None for one in figures.values()) else None


def _attributes(found: Mapping[str, Any]) -> dict[str, Any]:
    own, tags = dict(_mapping(found.get("attributes"))), _strings(found.get("tags"))
    return {**own, "tags": tags} if tags else own


def _figure(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _moment(found: Mapping[str, Any], name: str) -> datetime | None:
    value = found.get(name)
    return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
