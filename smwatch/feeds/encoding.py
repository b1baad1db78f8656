"""From the bytes of an answer to UTF-8: HTTP charset, byte order mark, XML declaration, then proof and guess."""

from __future__ import annotations

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SILENT = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
WESTERN = frozenset(
    {"iso-8859-1", "iso8859-1", "iso_8859-1", "latin-1", "latin1", "us-ascii", "ascii", "cp1252", "windows-1252"}
)
KNOWN = re.compile(r"(?:utf|iso|windows|cp|koi8|gb|big5|euc|shift|sjis|ms|mac|tis|ks)[\w.-]*")
STATEFUL = re.compile(r"iso-?2022|hz")
DECLARED = re.compile(rb"""(<\?xml[^>]{0,100}?encoding\s*=\s*)(["'])\s*([\w.:-]{1,40})\s*\2""", re.IGNORECASE)
CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
DOUBLED = re.compile(  # Ã or Â and what follows it then
    rb"\xc3[\x82\x83](?:\xc2[\x80-\xbf]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xe2\x80[\x93\x94\x98-\x9e\xa0-\xa6\xb9\xba])"
)
TRIPLED = b"\xc3\xa2\xe2\x82\xac"  # â€, the beginning of quotes and dashes
SUSPECT = re.compile(rb"\xc3(?:[\x82\x83]|\xa2\xe2)")  # how either begins
OFTEN = 3
BYTES = {bytes([byte]).decode("cp1252", "replace"): byte for byte in range(0x80, 0xA0)}
FOLLOWING = "[\x80-\xbf" + "".join(BYTES).replace("\ufffd", "") + "]"
SEQUENCE = re.compile(f"[\xc2-\xdf]{FOLLOWING}|[\xe0-\xef]{FOLLOWING}{{2}}|[\xf0-\xf4]{FOLLOWING}{{3}}")
HEAD = 1024
STEP = 64 * 1024


def to_utf8(body: bytes, content_type: str = "") -> bytes:
    """The same document in UTF-8, its XML declaration saying so; bytes that fit nothing are read as Windows-1252.

    A body that proves to be UTF-8 (its multi-byte sequences are all valid) is UTF-8, whatever a header claims.
    """
    for bom, name in BOMS:
        if body.startswith(bom):
            body = _decode(body[len(bom) :], name).encode("utf-8", "replace")
            return _redeclare(_undoubled(body))
    for start, name in SILENT:
        if body.startswith(start):
            return _redeclare(_decode(body, name).encode("utf-8", "replace"))
    claims = [name for name in (_charset(content_type), _declared(body)) if name]
    if _is_utf8(body) and not any(STATEFUL.match(name) for name in claims):
        body = _undoubled(body)
        return body if set(claims) <= {"utf-8"} else _redeclare(body)
    return _redeclare(_by_claims(body, claims).encode("utf-8", "replace"))


def _undoubled(body: bytes) -> bytes:
    """The document before somebody encoded it twice (Ã¼ for ü).

    The proof is that it explains every character, or that it happens often; a single one may be what an article is
    about.
    """
    if not SUSPECT.search(body):
        return body
    pairs = len(DOUBLED.findall(body))
    if not pairs and TRIPLED not in body:
        return body
    for name in ("latin-1", "cp1252"):
        try:
            once = body.decode("utf-8").encode(name)
            once.decode("utf-8")
        except UnicodeError:
            continue
        return once
    return SEQUENCE.sub(_once, body.decode("utf-8")).encode("utf-8") if pairs >= OFTEN else body


def _once(found: re.Match[str]) -> str:
    """The character that was encoded twice; what turns out to be none stays as it is."""
    try:
        return "".join(chr(BYTES.get(one, ord(one))) for one in found[0]).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return found[0]


def _by_claims(body: bytes, claims: list[str]) -> str:
    for name in claims:
        if name in WESTERN:
            return body.decode("cp1252", "smwatch-western")
        if name.startswith("utf-8"):
            continue
        try:
            return body.decode(name)
        except (LookupError, ValueError):
            continue
    return body.decode("utf-8", "smwatch-western")


def _decode(body: bytes, name: str) -> str:
    return body.decode(name, "replace")


def _is_utf8(body: bytes) -> bool:
    """Piece by piece, so that the text, which nobody needs, never stands in memory."""
    view, at = memoryview(body), 0
    try:
        while at < len(body):
            at += codecs.utf_8_decode(view[at : at + STEP], "strict", at + STEP >= len(body))[1]
    except UnicodeDecodeError:
        return False
    return True


def _charset(content_type: str) -> str:
    found = CHARSET.search(content_type)
    return _known(found[1]) if found else ""


def _declared(body: bytes) -> str:
    found = DECLARED.search(body, 0, HEAD)
    return _known(found[3].decode("ascii", "replace")) if found else ""


def _known(name: str) -> str:
    """The label in lower case; "" for what is no character encoding (or, like UTF-16 without its bytes, a mistake)."""
    name = name.lower()
    if name in {"utf8", "utf-8", "unicode-1-1-utf-8"} or name.startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return "utf-8"
    return name if name in WESTERN or (KNOWN.fullmatch(name) and name != "utf-7") else ""


def _redeclare(body: bytes) -> bytes:
    head = DECLARED.sub(rb"\1\2utf-8\2", body[:HEAD], count=1)
    return head + body[HEAD:]


def _western(error: UnicodeError) -> tuple[str, int]:
    """Read single bytes that fit nothing as Windows-1252, and what that leaves open as the control character it is."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - only ever registered for decoding
    bad = error.object[error.start : error.end]
    return "".join(_one(byte) for byte in bad), error.end


def _one(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error("smwatch-western", _western)
