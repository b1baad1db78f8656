"""What a page says about itself: JSON-LD (https://schema.org/Article), OpenGraph, meta, `<time>`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold, plain_title
from smwatch.pages.html import attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser

ARTICLES = re.compile(r"(?:Article|Posting|Report|BlogPost|NewsItem|Review)$|^(?:WebPage|AboutPage|ContactPage)$")
DEEPEST = 8  # levels of JSON-LD
LONGEST = 300_000  # characters of one JSON-LD block
PUBLISHED = (
    'meta[property="article:published_time" i]',
    'meta[itemprop="datePublished" i], [itemprop="datePublished" i]',
    'meta[name="date" i], meta[name="dcterms.date" i], meta[name="dc.date" i], meta[name="dc.date.issued" i]',
    'meta[name="pubdate" i], meta[name="publish-date" i], meta[name="article.published" i]',
    "time[pubdate], article time[datetime], main time[datetime], time[datetime]",
)
UPDATED = (
    'meta[property="article:modified_time" i], meta[property="og:updated_time" i]',
    '[itemprop="dateModified" i]',
)
AUTHORS = (
    'meta[name="author" i]',
    '[itemprop="author" i] [itemprop="name" i]',
    '[rel="author"]',
    '[itemprop="author" i]',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """As the page writes it; "" where it says nothing. `article` is what JSON-LD gives as the whole text."""

    title: str = ""
    url: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    lang: str = ""
    article: str = ""
    viewport: bool = False


def about(page: LexborHTMLParser, url: str) -> About:
    """What the page says; the page's tree stays as it is."""
    found = dict(_linked_data(page))
    return About(
        title=_title(page, found),
        url=_own_url(page, url),
        author=fold(found.get("author") or _first(page, AUTHORS))[:200],
        published=found.get("datePublished") or _first(page, PUBLISHED),
        updated=found.get("dateModified") or _first(page, UPDATED),
        lang=_lang(page, found),
        article=found.get("articleBody", ""),
        viewport=_is_for_phones(page),
    )


def _title(page: LexborHTMLParser, found: dict[str, str]) -> str:
    """The headline; a page's `<title>` often carries its site's name behind a bar, and is the last to be asked."""
    heads = [one for one in page.css("h1") if fold(one.text(deep=True))]
    head = fold(heads[0].text(deep=True, separator=" ")) if len(heads) == 1 else ""
    named = page.css_first("title")
    said = found.get("headline") or _meta(page, 'meta[property="og:title" i]') or head
    return plain_title(said or (named.text(deep=True) if named is not None else ""))


def _own_url(page: LexborHTMLParser, url: str) -> str:
    link = attribute(page.css_first('link[rel="canonical" i]'), "href")
    return web_link(link, url) if link else ""


def _meta(page: LexborHTMLParser, selector: str) -> str:
    return fold(attribute(page.css_first(selector), "content"))


def _first(page: LexborHTMLParser, selectors: tuple[str, ...]) -> str:
    for selector in selectors:
        for node in page.css(selector)[:5]:
            said = next(filter(None, (attribute(node, name).strip() for name in ("content", "datetime"))), "")
            said = said or fold(node.text(deep=True, separator=" "))
            if said:
                return said[:200]
    return ""


def _lang(page: LexborHTMLParser, found: dict[str, str]) -> str:
    said = attribute(page.css_first("html"), "lang") or found.get("inLanguage", "")
    return fold(said or _meta(page, 'meta[property="og:locale" i]')).replace("_", "-")[:20]


def _is_for_phones(page: LexborHTMLParser) -> bool:
    return "width" in _meta(page, 'meta[name="viewport" i]').lower()


# JSON-LD


def _linked_data(page: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Name and value of what the page's article says, the first article's word standing last."""
    found = [
        thing for node in page.css('script[type="application/ld+json" i]') for thing in _things(node.text(deep=True))
    ]
    articles = [one for one in found if any(ARTICLES.search(kind) for kind in _kinds(one))]
    for one in sorted(articles, key=_is_only_a_page, reverse=True):
        for name in ("headline", "datePublished", "dateModified", "inLanguage", "articleBody"):
            if isinstance(one.get(name), str) and one[name].strip():
                yield name, one[name].strip()
        if author := ", ".join(dict.fromkeys(_names(one.get("author"))))[:200]:
            yield "author", author


def _is_only_a_page(one: dict[str, Any]) -> bool:
    return all(kind.endswith("Page") for kind in _kinds(one))


def _things(written: str) -> Iterator[dict[str, Any]]:
    try:
        value = json.loads(written.strip().removesuffix(";"), strict=False) if len(written) <= LONGEST else None
    except (ValueError, RecursionError):
        return
    yield from _inside(value, 0)


def _inside(value: object, depth: int) -> Iterator[dict[str, Any]]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for one in value[:100]:
            yield from _inside(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _inside(value.get(name), depth + 1)


def _kinds(one: dict[str, Any]) -> list[str]:
    kind = one.get("@type")
    return [it for it in (kind if isinstance(kind, list) else [kind]) if isinstance(it, str)]


def _names(author: object) -> Iterator[str]:
    for one in author if isinstance(author, list) else [author]:
        if isinstance(one, dict):
            yield from _names(one.get("name"))
        elif isinstance(one, str) and one.strip() and not one.startswith(("http://", "https://")):
            yield fold(one)
