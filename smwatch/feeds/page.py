"""A web page as one item: title, summary, text, author, language, date, as far as the page says. Runs in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.feeds.plain import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from selectolax.lexbor import LexborHTMLParser

PAGE = f"{__name__}:page"
LARGEST = 2_000_000  # bytes of a page that are looked at
LONGEST = 50_000  # characters of its text
_BODIES = ("article", "main", '[role="main"]', "body")
_PARTS = "p, h2, h3, li, blockquote"


def page(body: bytes, _options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"title", "lead", "text", "author": {"name"}, "lang", "published"}`; what the page does not say is left out."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    tree = LexborHTMLParser(body[:LARGEST].decode("utf-8", "replace"))
    title = _meta(tree, "og:title") or _text(tree, "title") or _text(tree, "h1")
    author = _meta(tree, "author")
    root = tree.css_first("html")
    found = {
        "title": title,
        "lead": _meta(tree, "og:description") or _meta(tree, "description"),
        "text": _body(tree),
        "author": {"name": author} if author else None,
        "lang": (root.attributes.get("lang") or None) if root is not None else None,
        "published": _meta(tree, "article:published_time") or None,
    }
    return {name: value for name, value in found.items() if value}


def _meta(tree: LexborHTMLParser, name: str) -> str:
    for attribute in ("property", "name"):
        node = tree.css_first(f'meta[{attribute}="{name}"]')
        if node is not None and (content := fold(node.attributes.get("content") or "")):
            return content[:1_000]
    return ""


def _text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return fold(node.text(deep=True))[:1_000] if node is not None else ""


def _body(tree: LexborHTMLParser) -> str:
    for node in tree.css("script, style, nav, header, footer, aside, form, noscript"):
        node.decompose()
    for selector in _BODIES:
        found = tree.css_first(selector)
        if found is not None and (parts := list(_parts(found))):
            return "\n\n".join(parts)[:LONGEST]
    return ""


def _parts(node: Any) -> Iterator[str]:  # noqa: ANN401 - selectolax's node
    for part in node.css(_PARTS):
        if said := fold(part.text(deep=True)):
            yield said
