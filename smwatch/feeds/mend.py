"""XML that was put together as text: bare ampersands and HTML's names for characters, of which XML knows five.

A strict reader drops what they stand for: M&uuml;ller becomes Mller.
"""

from __future__ import annotations

import re
from html.entities import html5

_KNOWN = rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
_SUSPECT = re.compile(_KNOWN)
_MEANT = re.compile(_KNOWN + rb"(?:([A-Za-z][A-Za-z0-9]{1,30}|#X[0-9a-fA-F]{1,6});)?")
_OPEN, _CLOSE = b"<![CDATA[", b"]]>"


def mend(body: bytes) -> bytes:
    """The UTF-8 document with every `&` outside of CDATA meaning something in XML.

    A document that defines entities of its own is left alone.
    """
    if _SUSPECT.search(body) is None or b"<!ENTITY" in body[:4096]:
        return body
    first, *rest = body.split(_OPEN)
    parts = [_mended(first)]
    for part in rest:
        inside, end, after = part.partition(_CLOSE)
        parts += (_OPEN, inside, end, _mended(after))
    return b"".join(parts)


def _mended(part: bytes) -> bytes:
    return _MEANT.sub(_replace, part) if b"&" in part else part


def _replace(found: re.Match[bytes]) -> bytes:
    name = found[1].decode() if found[1] else ""
    if name.startswith("#"):
        return f"&{name.lower()};".encode()  # XML knows the small x only
    characters = html5.get(f"{name};", "")
    if not name or not characters:
        return b"&amp;" + found[0][1:]
    return "".join(f"&#{ord(one)};" for one in characters).encode()
