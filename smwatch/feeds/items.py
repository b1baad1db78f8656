"""From the parse worker's plain values to items: the core's side of the pipe, which takes nothing on trust."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch.errors import Broken
from smwatch.feeds.refusal import refusal
from smwatch.model import Author, Item, utc

if TYPE_CHECKING:
    from collections.abc import Mapping


def feed_items(answer: Mapping[str, Any], source: str) -> tuple[Item, ...]:
    """The items that `READ_FEED` found, in the feed's order, named after `source`; raises Broken on nonsense."""
    feed_lang = _text(_mapping(answer.get("feed")), "lang")
    try:
        return tuple(_item(_mapping(one), source, feed_lang) for one in answer["items"])
    except (LookupError, TypeError, ValueError) as error:
        raise Broken(refusal("unknown")) from error


def _item(found: Mapping[str, Any], source: str, feed_lang: str) -> Item:
    author, tags = _mapping(found.get("author")), found.get("tags")
    return Item(
        id=_text(found, "id"),
        source=source,
        url=_text(found, "url"),
        title=_text(found, "title"),
        lead=_text(found, "lead"),
        text=_text(found, "text"),
        kind="article",
        author=Author(name=_text(author, "name") or None, url=_text(author, "url") or None) if author else None,
        published=_moment(found, "published"),
        updated=_moment(found, "updated"),
        lang=_text(found, "lang") or feed_lang or None,
        attributes={"tags": [str(tag) for tag in tags]} if isinstance(tags, list) and tags else {},
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _moment(found: Mapping[str, Any], name: str) -> datetime | None:
    value = found.get(name)
    return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
