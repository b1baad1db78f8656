"""What the fast reader does not tell, looked up in the tree itself: bases, languages, titles, links, dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link

if TYPE_CHECKING:
    from collections.abc import Iterator

XML = "{http://www.w3.org/XML/1998/namespace}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
PLAIN = (None, "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://purl.org/rss/1.0/")
PUBLISHED = frozenset({"pubDate", "published", "issued", "date", "created"})
UPDATED = frozenset({"updated", "modified"})
NOT_A_PAGE = ("self", "edit", "enclosure", "replies", "hub", "next", "via", "related")


@dataclass(slots=True, kw_only=True)
class Detail:
    """One entry's details; `base` is absolute where any is known. `title` is None where the entry has none.

    `other_title` is what Dublin Core or Media RSS call its title; `published` and `updated` are as written.
    """

    base: str
    lang: str
    title: str | None = None
    kind: str = ""
    link: str = ""
    other_title: str = ""
    published: str = ""
    updated: str = ""


def read_details(body: bytes, url: str) -> list[Detail] | None:
    """The details of all entries in order; None where there is no tree."""
    from lxml import etree  # noqa: PLC0415 - only the worker reads feeds

    reader = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(body, reader)
    return None if root is None else [_detail(entry, url) for entry in _entries(root)]


def _entries(root: Any) -> Iterator[Any]:  # noqa: ANN401 - lxml's elements
    for element in root.iter("{*}item", "{*}entry"):
        if _space(element) in PLAIN:
            yield element


def _detail(entry: Any, url: str) -> Detail:  # noqa: ANN401
    base, lang = _inherited(entry, url)
    found = Detail(base=base, lang=lang)
    rank = len(NOT_A_PAGE) + 1
    for child in entry:
        name = _name(child)
        if name == "title" and found.title is None and _space(child) in PLAIN:
            found.title, found.kind = _title(child)
        elif name == "link" and _space(child) in PLAIN:
            if (better := _rank(child)) < rank and (link := _link(child, base)):
                rank, found.link = better, link
        elif name in PUBLISHED:
            found.published = found.published or _said(child)
        elif name in UPDATED:
            found.updated = found.updated or _said(child)
    if found.title is None:
        titles = (*entry.iterchildren(DUBLIN_CORE + "title"), *entry.iterdescendants(MEDIA + "title"))
        found.other_title = next(filter(None, map(_said, titles)), "")
    return found


def _said(element: Any) -> str:  # noqa: ANN401
    return "".join(element.itertext()).strip()


def _inherited(element: Any, url: str) -> tuple[str, str]:  # noqa: ANN401
    """The base and the language that hold inside `element`; the language only where the entry itself says it."""
    bases = [holder.get(XML + "base") for holder in (element, *element.iterancestors())]
    base = url
    for step in reversed(bases):
        base = (web_link(step, base) or base) if step else base
    return base, element.get(XML + "lang") or ""


def _title(title: Any) -> tuple[str, str]:  # noqa: ANN401
    kind = (title.get("type") or "").lower().removeprefix("text/")
    is_atom = _space(title) in PLAIN[1:3]
    said = _said(title)
    if kind == "xhtml":
        return said, "text"
    return said, kind if kind in {"html", "text"} else "text" if is_atom else ""


def _rank(link: Any) -> int:  # noqa: ANN401
    rel = link.get("rel") or ""
    return 0 if rel in ("", "alternate") else NOT_A_PAGE.index(rel) + 1 if rel in NOT_A_PAGE else len(NOT_A_PAGE)


def _link(link: Any, base: str) -> str:  # noqa: ANN401
    own = link.get(XML + "base")
    return web_link(link.get("href") or link.text or "", (web_link(own, base) or base) if own else base)


def _space(element: Any) -> str | None:  # noqa: ANN401
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else None


def _name(element: Any) -> str:  # noqa: ANN401
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


_OWN_LINK = re.compile(rb"<(?:[\w.-]+:)?link\s[^>]{0,2000}>")
_HREF = re.compile(rb"""\shref\s*=\s*["']([^"']{1,2000})["']""")
HEAD = 8192


def own_address(body: bytes) -> str:
    """Where the document says itself that it stands (`rel="self"`), if it says so in its head; "" else."""
    for link in _OWN_LINK.finditer(body, 0, HEAD):
        if (b'"self"' in link[0] or b"'self'" in link[0]) and (href := _HREF.search(link[0])):
            return web_link(href[1].decode("utf-8", "replace"))
    return ""
