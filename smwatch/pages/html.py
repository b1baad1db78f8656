"""From the bytes of a page to its tree: the encoding that it has, not the one that it claims."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.feeds.address import web_link
from smwatch.feeds.encoding import to_utf8

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LARGEST = 2_000_000  # bytes of a page that are looked at
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
HEAD = 4096


def decoded(body: bytes, content_type: str = "") -> str:
    """The page's characters: HTTP charset, byte order mark, its own `<meta>`, then proof and guess."""
    body = body[:LARGEST]
    claim = _META.search(body, 0, HEAD)
    if claim and "charset" not in content_type.lower():
        content_type = f"text/html; charset={claim[1].decode('ascii', 'replace')}"
    return to_utf8(body, content_type).decode("utf-8", "replace").replace("\x00", "")


def is_page(content_type: str) -> bool:
    """Whether an answer of this kind may be a page; one without a kind may."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in ("", "text/plain") or "html" in kind or kind.endswith("/xml")


def tree(body: bytes, content_type: str = "") -> LexborHTMLParser:
    """The page's tree."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    return LexborHTMLParser(decoded(body, content_type))


def base_of(page: LexborHTMLParser, url: str) -> str:
    """What relative links start from."""
    named = page.css_first("base[href]")
    return web_link(attribute(named, "href"), url) or url if named is not None else url


def attribute(node: LexborNode | None, name: str) -> str:
    """An attribute's value; "" where there is none."""
    return (node.attributes.get(name) or "") if node is not None else ""
