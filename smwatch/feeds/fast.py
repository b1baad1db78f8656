"""The first reader: fastfeedparser, for what it reads surely; what it leaves open is seen by `doubts`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.doubts import ATOM_03, first_entry
from smwatch.feeds.entry import Entry, Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NAMED = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:guid|id)[\s>]|rdf:about", re.IGNORECASE)
SOMEWHERE = "http://localhost/"  # any base: whether a link is one at all
_LANGUAGE = re.compile(rb"<(?:dc:)?language>\s*(?:<!\[CDATA\[)?\s*([A-Za-z-]{2,20})")
_TYPED_TITLE = re.compile(rb"<title\s[^>]{0,200}?type\s*=\s*[\"'](?:text/)?(\w+)")


def read_fast(body: bytes, tags: bytes) -> Feed:
    """The feed as fastfeedparser reads it; raises ValueError (or whatever it raises) where it does not.

    `tags` is its outline. Dates come as the feed writes them: the library's own reading of them guesses, and knows no
    German.
    """
    found = _parse()(body, include_tags=True, include_media=False, include_enclosures=False)
    about = found["feed"]
    head = body[:2000]
    is_atom = (b"http://www.w3.org/2005/Atom" in head or ATOM_03 in head) and b"<rss" not in head
    kind = _title_kind(tags) if is_atom else ""
    named = _NAMED.search(tags, first_entry(tags)) is not None
    return Feed(
        parser="fast",
        title=about.get("title") or "",
        link=about.get("link") or "",
        lang=about.get("language") or _language(body),
        entries=[_entry(entry, kind, is_atom=is_atom, named=named) for entry in found["entries"]],
    )


def _parse() -> Callable[..., Any]:
    from fastfeedparser import main  # noqa: PLC0415 - only the worker reads feeds

    setattr(main, "_parse_date", _as_written)  # noqa: B010 - the library has no public way to a date's own text
    return main.parse


def _as_written(date: str) -> str:
    return date.strip()


def _entry(found: Mapping[str, Any], kind: str, *, is_atom: bool, named: bool) -> Entry:
    contents = found.get("content") or ()
    own, link = found.get("id") or "", found.get("link") or ""
    published, updated = found.get("published") or "", found.get("updated") or ""
    return Entry(
        id=own if named else "",  # where no entry has one, the library calls the link an id
        link=_page(found, link) if is_atom else link,
        title=found.get("title") or "",
        title_kind=kind,
        summary=found.get("description") or "",
        content="\n".join(one["value"] for one in contents if one.get("value")),
        author=found.get("author") or "",
        published="" if published in (own, updated) else published,  # the library fills it from the id or `updated`
        updated=updated,
        tags=[tag["term"] for tag in found.get("tags") or () if tag.get("term")],
    )


def _page(found: Mapping[str, Any], first: str) -> str:
    """The page among an Atom entry's links: the alternate one, else the first of no kind, else the first.

    Of several that are one, the first that is on the web.
    """
    links: Sequence[Mapping[str, Any]] = found.get("links") or ()
    for rel in ("alternate", None):
        pages = [str(link["href"]) for link in links if link.get("rel") == rel and link.get("href")]
        if pages:
            return next((page for page in pages if web_link(page, SOMEWHERE)), pages[0])
    return first


def _title_kind(tags: bytes) -> str:
    """What Atom titles are, by the first entry's: "text", "html" or "xhtml"; `doubts` sees to feeds that mix them."""
    found = _TYPED_TITLE.search(tags, first_entry(tags))
    kind = found[1].decode().lower() if found else "text"
    return "text" if kind == "plain" else kind


def _language(body: bytes) -> str:
    found = _LANGUAGE.search(body, 0, first_entry(body))
    return found[1].decode() if found else ""
