"""https://www.jsonfeed.org/version/1.1/ read by ourselves: every value may be missing, null or of another type."""

from __future__ import annotations

import json
from typing import Any

from smwatch.feeds.entry import Entry, Feed
from smwatch.feeds.refusal import NotAFeed


def looks_like_json(body: bytes) -> bool:
    """Whether `body` can only be JSON: an object, an array or a bare word."""
    start = body.lstrip()[:16]
    return start[:1] in (b"{", b"[", b'"') or start.rstrip() in (b"null", b"true", b"false")


def read_json_feed(body: bytes) -> Feed:
    """The feed as it was written; raises NotAFeed."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed("json") from error
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise NotAFeed("json")
    if "jsonfeed.org" not in _text(found.get("version")) and not any(map(_is_item, found["items"])):
        raise NotAFeed("json")
    return Feed(
        parser="json",
        title=_text(found.get("title")),
        link=_text(found.get("home_page_url")),
        lang=_text(found.get("language")),
        entries=[_entry(item) for item in found["items"] if isinstance(item, dict)],
    )


def _is_item(item: object) -> bool:
    return isinstance(item, dict) and any(name in item for name in ("content_html", "content_text", "date_published"))


def _entry(item: dict[str, Any]) -> Entry:
    markup, literal = _text(item.get("content_html")), _text(item.get("content_text"))
    author = _author(item)
    return Entry(
        id=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        title=_text(item.get("title")),
        title_kind="text",
        summary=_text(item.get("summary")),
        content=markup or literal,
        literal=not markup,
        author=_text(author.get("name")),
        author_url=_text(author.get("url")),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        lang=_text(item.get("language")),
        tags=[tag for tag in map(_text, _list(item.get("tags"))) if tag],
    )


def _author(item: dict[str, Any]) -> dict[str, Any]:
    for one in (*_list(item.get("authors")), item.get("author")):
        if isinstance(one, dict):
            return one
    return {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Strings as they are, numbers as digits (an id of 0 is "0"), anything else is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip() if isinstance(value, str) else repr(value)
