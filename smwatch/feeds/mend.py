"""XML that was put together as text: bare ampersands and HTML's names for characters, of which XML knows five.

A strict reader drops what they stand for: M&uuml;ller becomes Mller.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING

from smwatch.feeds.outline import outside

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN = rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
_SUSPECT = re.compile(_KNOWN)
_MEANT = re.compile(_KNOWN + rb"(?:([A-Za-z][A-Za-z0-9]{1,30}|#X[0-9a-fA-F]{1,6});)?")


_NO_TYPE = re.compile(  # a feed that begins as most do, with no document type before its root
    rb"\s*(?:<\?xml\s[^>]*\?>\s*)?(?:<!--(?:[^-]|-(?!-))*+-->\s*)*+(?=<(?:rss|feed|rdf:RDF)\s)"
)
_ELSEWHERE = re.compile(rb"""(<!DOCTYPE\s+[^\s>\[]+)\s+(?:SYSTEM|PUBLIC)(?:\s*(?:"[^"]*"|'[^']*'))*""")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")


def sealed(body: bytes) -> bytes:
    """The UTF-8 document without what names other files: document types that stand elsewhere.

    lxml opens them where it does not collect ids, as the fast reader has it. Without XML declarations as well: whatever
    encoding they claim, the next reader shall see the same characters as we do.
    """
    if begun := _NO_TYPE.match(body):
        return body[begun.end() :]
    if b"<!DOCTYPE" in body:
        body = _ELSEWHERE.sub(rb"\1", body)
    return _DECLARATION.sub(b"", body) if b"<?xml" in body else body


def mend(body: bytes, places: Sequence[tuple[int, int]] | None = None) -> bytes:
    """The UTF-8 document with every `&` outside of CDATA meaning something in XML.

    A document that defines entities of its own is left alone. `places` are `outside(body)` where they are known.
    """
    if b"<!ENTITY" in body[:4096]:
        return body
    places = places or list(outside(body))
    if not any(_SUSPECT.search(body, start, end) for start, end in places):
        return body
    parts: list[bytes] = []
    at = 0
    for start, end in places:
        parts += (body[at:start], _MEANT.sub(_replace, body[start:end]))
        at = end
    return b"".join((*parts, body[at:]))


def _replace(found: re.Match[bytes]) -> bytes:
    name = found[1].decode() if found[1] else ""
    if name.startswith("#"):
        return f"&{name.lower()};".encode()  # XML knows the small x only
    characters = html5.get(f"{name};", "")
    if not name or not characters:
        return b"&amp;" + found[0][1:]
    return "".join(f"&#{ord(one)};" for one in characters).encode()
