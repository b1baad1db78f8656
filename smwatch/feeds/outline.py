"""A document's outline: its tags without what CDATA holds and without long texts, a twentieth of most feeds.

What only counts or looks for tags does it there: cheaper, and markup that an article quotes is no tag of the feed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONG_TEXT = re.compile(rb">[^<]{40,}+")
_CDATA_END = re.compile(rb"\](?=\]>)")  # a single byte first: three times as fast as to find all three


def outline(body: bytes, places: Iterable[tuple[int, int]] | None = None) -> bytes:
    """The outline of an XML document in UTF-8; `places` are `outside(body)` where they are known."""
    return b"".join(_LONG_TEXT.sub(b">", body[start:end]) for start, end in places or outside(body))


def outside(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the document is not CDATA."""
    start = 0
    while (end := body.find(b"<![CDATA[", start)) >= 0:
        yield start, end
        closed = _CDATA_END.search(body, end)
        if closed is None:
            return
        start = closed.start()
    yield start, len(body)
