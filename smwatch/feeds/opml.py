"""OPML: lists of feeds, as every reader exports and imports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smwatch.errors import UserError
from smwatch.feeds.address import read_address
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST = 5 * 1024 * 1024
LONGEST = 200  # characters of a title
INSIDE = " › "  # between a heading and one below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of the list; `group` are the headings above it ("Medien › Regional"), "" without any."""

    title: str
    url: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An entry that names a feed which cannot be asked, and why."""

    title: str
    url: str
    reason: Text


def read_opml(body: bytes, name: str) -> tuple[Outline, ...]:
    """The feeds of the file called `name`, in order, each address once; raises UserError.

    Entries without a readable http(s) address are left out: old lists are full of them.
    """
    return read_outlines(body, name)[0]


def read_outlines(body: bytes, name: str) -> tuple[tuple[Outline, ...], tuple[Refused, ...]]:
    """The feeds as `read_opml` gives them, and the entries that had to be left out; raises UserError."""
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
    refused: list[Refused] = []
    for element, group in _below(root, ()):
        one = _outline(element, INSIDE.join(group))
        if isinstance(one, Refused):
            refused.append(one)
        else:
            found.setdefault(one.url, one)
    return tuple(found.values()), tuple(refused)


def _below(root: Any, group: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:  # noqa: ANN401 - lxml's element
    """Every entry with an address and the headings above it; without recursion, as lists may be nested deeply."""
    line = [(child, group) for child in reversed(root)]
    while line:
        element, above = line.pop()
        inside = above
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2].lower() == "outline":
            given = _given(element)
            if "xmlurl" in given:
                yield element, above
            elif title := _title(given):
                inside = (*above, title)
        line += [(child, inside) for child in reversed(element)]


def _given(element: Any) -> dict[str, str]:  # noqa: ANN401 - lxml's element
    return {str(name).lower(): str(value) for name, value in element.attrib.items()}


def _title(given: dict[str, str]) -> str:
    return " ".join((given.get("title") or given.get("text") or "").split())[:LONGEST]


def _outline(element: Any, group: str) -> Outline | Refused:  # noqa: ANN401 - lxml's element
    given = _given(element)
    url = (given.get("xmlurl") or "").strip()
    if url.startswith("feed:"):
        url = url.removeprefix("feed:").lstrip("/") if "://" in url[5:] else "http://" + url[5:].lstrip("/")
    try:
        read_address(url)
    except UserError as error:
        return Refused(title=_title(given), url=url[:LONGEST], reason=error.sentence)
    return Outline(title=_title(given), url=url, group=group)


def write_opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """OPML 2.0 with the feeds below their headings, in the order of their first appearance."""
    from lxml import etree  # noqa: PLC0415 - only where a list is written

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    headings: dict[tuple[str, ...], Any] = {(): etree.SubElement(root, "body")}
    for one in outlines:
        above: tuple[str, ...] = ()
        for heading in one.group.split(INSIDE) if one.group else ():
            if (inside := (*above, heading)) not in headings:
                headings[inside] = etree.SubElement(headings[above], "outline", text=heading, title=heading)
            above = inside
        etree.SubElement(headings[above], "outline", type="rss", text=one.title, title=one.title, xmlUrl=one.url)
    written: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="utf-8")
    return written
