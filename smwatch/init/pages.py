"""What a web page names as its feeds, and where its news may be. Runs in the parse worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

LINKS = f"{__name__}:links"
MOST = 20
LARGEST = 1_000_000  # bytes of a page that are looked at
LONGEST = 2_000  # characters of an address
_FEED = re.compile(r"application/(?:rss|atom|rdf)\+xml|application/feed\+json|text/(?:rss|atom)\+xml", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|kommentar", re.IGNORECASE)
_NEWS = re.compile(r"presse|press|news|blog|aktuell|medien|media|magazin|stories", re.IGNORECASE)
_RSS = re.compile(r"\brss\b|\batom\b|(?:^|/)feed(?:\.xml|\.json)?/?$", re.IGNORECASE)


def links(body: bytes, options: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """`{"feeds": [{"url", "title"}], "pages": [{"url", "title"}]}`, each address once, absolute.

    `feeds` are the alternates that the page's head names, then links that look like feeds; `pages` are links that look
    like a press or news page. Options: `url`, the page's own address.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    page = LexborHTMLParser(body[:LARGEST].decode("utf-8", "replace"))
    base = str(options.get("url") or "")
    if (named := page.css_first("base[href]")) is not None:
        base = web_link(named.attributes.get("href") or "", base) or base
    feeds: dict[str, str] = {}
    pages: dict[str, str] = {}
    for node in page.css('link[rel~="alternate"][href]'):
        if _FEED.match(node.attributes.get("type") or ""):
            _take(feeds, node.attributes.get("href"), node.attributes.get("title"), base)
    for node in page.css("a[href]"):
        href, said = node.attributes.get("href") or "", node.text(deep=True)
        if _RSS.search(href) or _RSS.search(said):
            _take(feeds, href, said, base)
        elif _NEWS.search(href) or _NEWS.search(said):
            _take(pages, href, said, base)
    return {"feeds": _listed(feeds), "pages": _listed(pages)}


def _take(into: dict[str, str], href: str | None, said: str | None, base: str) -> None:
    address = web_link(href or "", base).partition("#")[0]
    title = fold(said or "")[:100]
    known = len(into) >= MOST or len(address) > LONGEST
    if address and not known and not _COMMENTS.search(f"{address} {title}"):
        into.setdefault(address, title)


def _listed(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"url": url, "title": title} for url, title in found.items()]
