"""The second reader: feedparser, for feeds that are broken in ways it knows.

It only ever gets a BytesIO: a string would make it fetch or open files.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

from smwatch.feeds.entry import Entry, Feed

if TYPE_CHECKING:
    from collections.abc import Mapping

LITERAL = "text/plain"


def read_slow(body: bytes, url: str = "") -> Feed | None:
    """The feed as feedparser reads it (`body` is UTF-8); None where it sees no feed."""
    from feedparser.api import parse  # noqa: PLC0415 - slow to import, rarely needed

    headers = {"content-type": "application/xml; charset=utf-8", **({"content-location": url} if url else {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of feedparser's own old habits
        found = parse(  # type: ignore[no-untyped-call]
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    if not found.version and not found.entries:
        return None
    about, atom = found.feed, str(found.version).startswith("atom")
    feed = Feed(
        parser="feedparser", title=_text(about, "title"), link=_text(about, "link"), lang=_text(about, "language")
    )
    for one in found.entries:
        entry = _entry(one, atom=atom)
        entry.lang = "" if entry.lang == feed.lang else entry.lang  # inherited, not its own
        feed.entries.append(entry)
    return feed


def _entry(found: Mapping[str, Any], *, atom: bool) -> Entry:
    contents = [one for one in _list(found, "content") if one.get("value")]
    author: Mapping[str, Any] = next(iter(_list(found, "authors")), {})
    return Entry(
        id=_text(found, "id"),
        link=_text(found, "link"),
        title=_text(found, "title"),
        title_kind=_kind(found, atom=atom),
        summary=_text(found, "summary"),
        content="\n".join(one["value"] for one in contents),
        literal=atom and bool(contents) and all(one.get("type") == LITERAL for one in contents),
        author=(atom and _text(author, "name")) or _text(found, "author"),  # its own splitting of RSS's cuts hosts
        author_url=_text(author, "href"),
        published=_text(found, "published"),
        updated=_text(found, "updated"),
        lang=str((dict.get(_get(found, "title_detail") or {}, "language")) or ""),
        tags=[str(tag["term"]) for tag in _list(found, "tags") if tag.get("term")],
    )


def _kind(found: Mapping[str, Any], *, atom: bool) -> str:
    kind = dict.get(_get(found, "title_detail") or {}, "type")
    return "" if not atom else "text" if kind == LITERAL else "html"


def _get(found: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the library holds there
    """The value itself: the library's own lookup answers `updated` with `published`."""
    return dict.get(found, name) if isinstance(found, dict) else None


def _text(found: Mapping[str, Any], name: str) -> str:
    value = _get(found, name)
    return value.strip() if isinstance(value, str) else ""


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = _get(found, name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
