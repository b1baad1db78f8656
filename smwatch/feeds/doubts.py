"""When the fast reader's answer is not enough: counts over the document's outline, cheap enough for every feed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smwatch.feeds.entry import Entry, Feed

_ENTRY = re.compile(rb"<(?:item|entry)[\s>]")
ATOM_03 = b"http://purl.org/atom/ns#"
_PREFIXED = re.compile(rb"<[\w.-]+:title[\s>]")
_PLAIN_TITLE = re.compile(rb"<title[\s>]")
_NESTED_TITLE = re.compile(rb"<title(?:\s[^>]{0,200})?>[^<]{0,1000}<[^/!]")
_DATE = re.compile(
    rb"<(?:[\w.-]{1,20}:)?(?:pubDate|published|issued|date|created|updated|modified)[\s>]",
)
_TYPED = (b'<title type="text"', b"<title type='text'", b"<title>")


def leaves_out(feed: Feed, body: bytes) -> bool:
    """Whether entries, ids, links or titles stand in the document that the fast reader did not bring."""
    count = len(feed.entries)
    start = first_entry(body)
    if count == 0 or start == len(body) or (ATOM_03 in body[:2000] and b"base64" in body):
        return True  # none, or all of them behind a prefix (<atom:entry>), of which the counts below see nothing
    tag = b"<item" if body.startswith(b"<item", start) else b"<entry"
    if body.count(tag, start) > count and len(_ENTRY.findall(body, start)) > count:
        return True
    return (
        _misses(sum(1 for entry in feed.entries if entry.title), count, body, b"<title")
        or _misses(sum(1 for entry in feed.entries if entry.link), count, body, b"<link")
        or _misses(sum(1 for entry in feed.entries if entry.id), count, body, b"<guid", b"<id")
    )


def needs_details(feed: Feed, body: bytes) -> bool:
    """Whether the tree knows better: relative links, titles of mixed kinds, own languages, `media:title` first."""
    return (
        any(_is_relative(entry) for entry in feed.entries)
        or _mixes_titles(feed, body)
        or _own_attribute(body)
        or _prefixed_first(body)
        or _lacks(feed, body)
        or _NESTED_TITLE.search(body, first_entry(body)) is not None
    )


def _lacks(feed: Feed, body: bytes) -> bool:
    """Whether entries have no date or no title although tags that sound like one stand there."""
    start = first_entry(body)
    return (
        any(not (entry.published or entry.updated) for entry in feed.entries) and _DATE.search(body, start) is not None
    ) or (any(not entry.title for entry in feed.entries) and b":title" in body)


def _misses(have: int, count: int, body: bytes, *tags: bytes) -> bool:
    """Whether more of `tags` stand behind the first entry's start than were read."""
    if have == count:
        return False
    start = first_entry(body)
    return sum(body.count(tag + b">", start) + body.count(tag + b" ", start) for tag in tags) > have


def first_entry(body: bytes) -> int:
    """Where the first entry begins; the end where there is none."""
    found = _ENTRY.search(body)
    return found.start() if found else len(body)


def _is_relative(entry: Entry) -> bool:
    return bool(entry.link) and not entry.link[:8].lower().startswith(("http://", "https://"))


def _mixes_titles(feed: Feed, body: bytes) -> bool:
    kind = next((entry.title_kind for entry in feed.entries), "")
    if kind == "":
        return False
    start = first_entry(body)
    if kind not in {"text", "html"}:
        return True
    literal = sum(body.count(tag, start) for tag in _TYPED)
    return literal > 0 if kind == "html" else body.count(b"<title ", start) > literal - body.count(b"<title>", start)


def _own_attribute(body: bytes) -> bool:
    """Whether an entry itself carries xml:lang."""
    place = body.find(b"xml:lang", first_entry(body))
    tag = body.rfind(b"<", 0, place) if place > 0 else -1
    return tag > 0 and body.startswith((b"<entry", b"<item"), tag)


def _prefixed_first(body: bytes) -> bool:
    start = first_entry(body)
    plain = _PLAIN_TITLE.search(body, start)
    return bool(plain and _PREFIXED.search(body, start, plain.start()))
