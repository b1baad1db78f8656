"""OPML: lists of feeds, as every reader exports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smwatch.errors import UserError
from smwatch.feeds.address import read_address
from smwatch.i18n import text

LARGEST = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of the list."""

    title: str
    url: str


def read_opml(body: bytes, name: str) -> tuple[Outline, ...]:
    """The feeds of the file called `name`, in order, each address once; raises UserError.

    Entries without a readable http(s) address are left out: old lists are full of them.
    """
    from lxml import etree  # noqa: PLC0415 - only where a list is read

    if len(body) > LARGEST:
        raise UserError(text("{file} is too large for a list of feeds", file=name))
    reader = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, reader)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or root.tag.rpartition("}")[2].lower() != "opml":
        raise UserError(text("{file} is no list of feeds (OPML)", file=name))
    found: dict[str, Outline] = {}
    for outline in root.iter("{*}outline"):
        if (one := _outline(outline)) is not None:
            found.setdefault(one.url, one)
    return tuple(found.values())


def _outline(element: Any) -> Outline | None:  # noqa: ANN401 - lxml's element
    given = {str(name).lower(): str(value) for name, value in element.attrib.items()}
    url = (given.get("xmlurl") or "").strip()
    if url.startswith("feed:"):
        url = url.removeprefix("feed:").lstrip("/") if "://" in url[5:] else "http://" + url[5:].lstrip("/")
    try:
        read_address(url)
    except UserError:
        return None
    return Outline(title=" ".join((given.get("title") or given.get("text") or "").split())[:200], url=url)
