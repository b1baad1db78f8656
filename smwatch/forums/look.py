"""What a forum's start page gives away: software, feeds, whether it is a login page. Runs in the parse worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold
from smwatch.forums.engines import by_marks, feeds_of
from smwatch.pages.html import attribute, base_of, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from selectolax.lexbor import LexborHTMLParser

MOST = 30
LONGEST = 2_000  # characters of an address
TAIL = 6_000  # characters at the end of the page's text, where software names itself
SCRIPT = 2_000  # characters of an inline script
_FEED = re.compile(r"application/(?:rss|atom|rdf)\+xml|application/feed\+json|text/(?:rss|atom)\+xml", re.IGNORECASE)
_LOGIN = re.compile(r"log[ -]?in|sign[ -]?in|anmeld|einlogg|connexion|mode=login", re.IGNORECASE)
WALL = 40  # links; a page that shows fewer and asks for a password is nothing but its login


def look(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"engine", "title", "feeds": […], "login", "links"}`; `feeds` are addresses to try, best first.

    Options: `url`, `content_type`, `cookies` (names), `powered` (the header X-Powered-By).
    """
    page = tree(body, str(options.get("content_type") or ""))
    url = str(options.get("url") or "")
    engine = by_marks(_facts(page, options))
    named = list(dict.fromkeys(_named(page, base_of(page, url))))[:MOST]
    links = len(page.css("a[href]"))
    return {
        "engine": engine,
        "title": _title(page),
        "feeds": feeds_of(engine, url, named),
        "login": _is_login(page, url, links),
        "links": links,
    }


def _named(page: LexborHTMLParser, base: str) -> Iterator[str]:
    for node in page.css('link[rel~="alternate"][href]'):
        address = web_link(attribute(node, "href"), base)
        if address and len(address) <= LONGEST and _FEED.match(attribute(node, "type")):
            yield address.partition("#")[0]


def _facts(page: LexborHTMLParser, options: Mapping[str, Any]) -> dict[str, list[str]]:
    metas = page.css("meta[name]")
    scripts = page.css("script")
    inline = [node.text(deep=True)[:SCRIPT] for node in scripts if not attribute(node, "src")]
    said = page.body.text(deep=True, separator=" ") if page.body else ""
    return {
        "generator": [attribute(node, "content") for node in metas if _is_generator(attribute(node, "name"))],
        "names": [attribute(node, "name") for node in metas],
        "powered": [str(options.get("powered") or "")],
        "cookies": [str(name) for name in options.get("cookies") or ()],
        "ids": [attribute(node, "id") for node in page.css("[id]")],
        "html": [_attributes(page, "html")],
        "body": [_attributes(page, "body")],
        "scripts": [attribute(node, "src") for node in scripts] + inline,
        "links": [attribute(node, "href") for node in page.css("a[href]")][:500],
        "said": [" ".join(said.split())[-TAIL:]],
    }


def _is_generator(name: str) -> bool:
    return name.lower() in {"generator", "application-name"}


def _attributes(page: LexborHTMLParser, tag: str) -> str:
    node = page.css_first(tag)
    return " ".join(f"{name}={value}" for name, value in node.attributes.items()) if node is not None else ""


def _title(page: LexborHTMLParser) -> str:
    node = page.css_first("title")
    return fold(node.text(deep=True))[:200] if node is not None else ""


def _is_login(page: LexborHTMLParser, url: str, links: int) -> bool:
    """A page that asks for a password and shows little else, or says by title or address that it is one."""
    if page.css_first('input[type="password" i]') is None:
        return False
    return links < WALL or bool(_LOGIN.search(_title(page)) or _LOGIN.search(url))
