"""What foreign text may become before people see it: tame characters, escaped markup, links that go where they say.

Everything here is pure and total: no input raises, not even half a surrogate pair.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

import idna

MARKS = 3  # combining marks in a row: enough for every script that people write, too few for towers of them
LONGEST_URL = 3_000  # Slack's limit for a link; a longer one is dropped, a cut one would lead elsewhere
_JOINERS = "\u200c\u200d"  # inside emoji, Persian and Hindi words: these mean something
_SPACES = {"Cc", "Cs", "Co", "Zl", "Zp", "Zs"}
_GONE = {"Cf"}  # bidi controls, zero widths, tags
_TALL = {"Mn", "Me"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PATH = "!$&'()*+,-./:;=@_~%"
_HOST = re.compile(r"[a-z0-9._-]+")
_IPV6 = re.compile(r"[0-9a-f:.]+")


def tame(foreign: str) -> str:
    """`foreign` without control, bidi and surrogate characters, and with at most three combining marks in a row.

    Line breaks become spaces; runs of spaces are kept, `one_line` folds them.
    """
    if foreign.isascii() and foreign.isprintable():
        return foreign  # nearly everything is
    kept: list[str] = []
    marks = 0
    for character in foreign:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _TALL else 0
        if category in _SPACES:
            kept.append(" ")
        elif marks <= MARKS and (category not in _GONE or character in _JOINERS) and not _nothing(character):
            kept.append(character)
    return "".join(kept)


def _nothing(character: str) -> bool:
    """Whether Unicode will never put a sign here; a sign newer than this Python's tables is one."""
    code = ord(character)
    return 0xE0000 <= code <= 0xE0FFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 - Unicode's


def one_line(foreign: str, limit: int | None = None) -> str:
    """`foreign`, tame and on one line; beyond `limit` characters it is cut at a word and ends in "…"."""
    line = " ".join(tame(foreign).split())
    if limit is None or len(line) <= limit:
        return line
    head = line[: limit - 1]
    words = head.rpartition(" ")[0]
    return (words if len(words) > limit // 2 else head).rstrip(" ,;:–-") + "…"


def slack_escape(foreign: str) -> str:
    """`foreign` for the places of Slack that read markup (the fallback text): nothing in it pings or links."""
    return tame(foreign).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_url(url: str) -> str:
    """`url` ready to stand in a link, or "" for everything but http(s) with a real host.

    It is read as browsers read it: line breaks inside are dropped, a backslash is a slash. A user name before the host
    is removed, because it makes people see another host than they go to.
    """
    bare = "".join(c for c in url if unicodedata.category(c) not in _UNSEEN).strip().replace("\\", "/")
    try:
        parts = urlsplit(bare)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    where = host if port is None else f"{host}:{port}"
    rest = quote(parts.path, safe=_PATH)
    rest += f"?{quote(parts.query, safe=_PATH + '?')}" if parts.query else ""
    rest += f"#{quote(parts.fragment, safe=_PATH + '?')}" if parts.fragment else ""
    whole = f"{parts.scheme}://{where}{rest}"
    return whole if len(whole) <= LONGEST_URL else ""


def shown_host(url: str) -> str:
    """The host that `url` leads to, as people know it ("müller.example"), without "www."; "" where there is none.

    Names in other alphabets than the Latin one keep their `xn--` form: they may look like somebody else's.
    """
    safe = safe_url(url)
    host = (urlsplit(safe).hostname or "").removeprefix("www.") if safe else ""
    return ".".join(_shown_label(label) for label in host.split("."))


def _ascii_host(host: str) -> str:
    if ":" in host:
        return f"[{host}]" if _IPV6.fullmatch(host) else ""
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()  # IDNAError is a ValueError
    return host if _HOST.fullmatch(host) else ""


def _shown_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        shown = idna.decode(label)
    except ValueError:
        return label
    return shown if all(c.isascii() or c == "ß" or "à" <= c <= "ÿ" for c in shown) else label
