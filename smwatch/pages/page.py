"""A page's bytes to plain JSON values. Runs in the parse worker."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold, plain_text
from smwatch.pages.about import about
from smwatch.pages.article import article_text, visible_text
from smwatch.pages.changes import steady
from smwatch.pages.html import attribute, base_of, tree
from smwatch.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from selectolax.lexbor import LexborHTMLParser

LINKS = 500
SENTENCES = 2_000
LONGEST = 2_000  # characters of an address, of a sentence
MUCH = 1.5  # so much longer has the text of JSON-LD to be to be taken instead of the page's own


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says; "" and False for what it does not.

    `{"title", "text", "url", "author", "published", "updated", "lang", "viewport", "login", "sentences", "steady",
    "links"}`: dates as written, `url` the address that it calls its own, `links` absolute and on any host.

    Options: `url`, `content_type`; `whole` takes the sentences from all that is seen instead of the article alone;
    `day` (ISO 8601) asks for the `steady` form of each, without what changes by itself.
    """
    page = tree(body, str(options.get("content_type") or ""))
    url = str(options.get("url") or "")
    found = about(page, url)
    links, login = list(_links(page, base_of(page, url))), page.css_first('input[type="password" i]') is not None
    seen = visible_text(body, str(options.get("content_type") or "")) if options.get("whole") else ""
    text = article_text(page)
    text = text.removeprefix(found.title).strip() if text.startswith(f"{found.title}\n") else text
    told = plain_text(found.article) if found.article else ""
    text = told if len(told) > MUCH * len(text) else text
    return {
        "title": found.title,
        "text": text,
        "url": found.url,
        "author": found.author,
        "published": found.published,
        "updated": found.updated,
        "lang": found.lang,
        "viewport": found.viewport,
        "login": login,
        "sentences": (said := _sentences(seen or text)),
        "steady": _steady(said, str(options["day"])) if options.get("day") else [],
        "links": links,
    }


def _steady(said: list[str], day: str) -> list[str]:
    read_at = datetime.fromisoformat(day)
    return [steady(one, read_at) for one in said]


def _sentences(text: str) -> list[str]:
    parts = (part for part in text.split("\n\n") if part)
    found = (fold(part[start:end])[:LONGEST] for part in parts for start, end in sentences(part))
    return [one for one in found if one][:SENTENCES]


def _links(page: LexborHTMLParser, base: str) -> Iterator[str]:
    known: set[str] = set()
    for node in page.css("a[href]"):
        address = web_link(attribute(node, "href"), base).partition("#")[0]
        if address and len(address) <= LONGEST and address not in known and len(known) < LINKS:
            known.add(address)
            yield address
