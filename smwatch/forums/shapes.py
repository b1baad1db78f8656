"""What all readers of forums share: values of foreign JSON taken with care, one shape for a post."""

from __future__ import annotations

import json
from typing import Any

from smwatch.feeds.dates import read_date
from smwatch.feeds.plain import fold, plain_text, plain_title


def refused(code: str, detail: str = "") -> dict[str, Any]:
    """The answer for content that is not what it should be; `items.py` has the sentences."""
    return {"refused": code, "detail": detail[:200]}


def json_of(body: bytes) -> Any:  # noqa: ANN401 - foreign JSON
    """The value of a JSON answer; None for anything else, also for one nested without end."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def mapping(value: object) -> dict[str, Any]:
    """`value` if it is an object."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[dict[str, Any]]:
    """The objects in `value` if it is a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(value: object) -> str:
    """A string or number as words."""
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, int | float) else fold(value) if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A count; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def moment(value: object) -> str | None:
    """ISO 8601 in UTC of a date as JSON has it, milliseconds since 1970 included."""
    found = read_date(words(value)[:100]) if value else None
    return found.isoformat() if found else None


def post(  # noqa: PLR0913 - what a post consists of
    *,
    id: str,  # noqa: A002 - the item's own word
    url: str,
    title: str,
    markup: str,
    author: dict[str, str | None] | None,
    published: str | None,
    updated: str | None = None,
    kind: str = "post",
    thread: str | None = None,
    parent: str | None = None,
    likes: int | None = None,
    replies: int | None = None,
    views: int | None = None,
    tags: list[str] | None = None,
) -> dict[str, Any]:
    """One post in the readers' shape."""
    return {
        "id": id,
        "url": url,
        "title": plain_title(title),
        "lead": "",
        "text": plain_text(markup),
        "author": author,
        "published": published,
        "updated": updated,
        "lang": None,
        "tags": tags or [],
        "kind": kind,
        "thread": thread,
        "parent": parent,
        "likes": likes,
        "replies": replies,
        "views": views,
    }
