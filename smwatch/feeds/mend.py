"""XML that was put together as text: bare ampersands and HTML's names for characters, of which XML knows five.

A strict reader drops what they stand for: M&uuml;ller becomes Mller.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KNOWN = rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
_SUSPECT = re.compile(_KNOWN)
_MEANT = re.compile(_KNOWN + rb"(?:([A-Za-z][A-Za-z0-9]{1,30}|#X[0-9a-fA-F]{1,6});)?")


_OUTSIDE = re.compile(rb"""(<!DOCTYPE\s+[^\s>\[]+)\s+(?:SYSTEM|PUBLIC)(?:\s*(?:"[^"]*"|'[^']*'))*""")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")


def sealed(body: bytes) -> bytes:
    """The UTF-8 document without what names other files: document types that stand elsewhere.

    lxml opens them where it does not collect ids, as the fast reader has it. Without XML declarations as well: whatever
    encoding they claim, the next reader shall see the same characters as we do.
    """
    if b"<!DOCTYPE" in body:
        body = _OUTSIDE.sub(rb"\1", body)
    return _DECLARATION.sub(b"", body) if b"<?xml" in body else body


def mend(body: bytes) -> bytes:
    """The UTF-8 document with every `&` outside of CDATA meaning something in XML.

    A document that defines entities of its own is left alone.
    """
    if b"<!ENTITY" in body[:4096]:
        return body
    places = list(_outside(body))
    if not any(_SUSPECT.search(body, start, end) for start, end in places):
        return body
    parts: list[bytes] = []
    at = 0
    for start, end in places:
        parts += (body[at:start], _MEANT.sub(_replace, body[start:end]))
        at = end
    return b"".join((*parts, body[at:]))


def _outside(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the document is not CDATA."""
    start = 0
    while (end := body.find(b"<![CDATA[", start)) >= 0:
        yield start, end
        start = body.find(b"]]>", end)
        if start < 0:
            return
    yield start, len(body)


def _replace(found: re.Match[bytes]) -> bytes:
    name = found[1].decode() if found[1] else ""
    if name.startswith("#"):
        return f"&{name.lower()};".encode()  # XML knows the small x only
    characters = html5.get(f"{name};", "")
    if not name or not characters:
        return b"&amp;" + found[0][1:]
    return "".join(f"&#{ord(one)};" for one in characters).encode()
