"""Pieces of markup inside a platform's answers: their plain text, and what they link to. Runs in the parse worker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smwatch.feeds.plain import MARKUP_LIMIT, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

LINKS = 50  # of one piece
ADDRESS = 2000  # characters of a link that is kept


def read_fragments(body: bytes, _options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each string of a JSON list its `text` and its `links` (those that name no person and no tag)."""
    return [_fragment(one if isinstance(one, str) else "") for one in json.loads(body)]


def _fragment(markup: str) -> dict[str, Any]:
    return {"text": plain_text(markup), "links": _links(markup) if "<a " in markup[:MARKUP_LIMIT] else []}


def _links(markup: str) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    found: dict[str, None] = {}
    for link in LexborHTMLParser(markup[:MARKUP_LIMIT]).css("a[href]"):
        kinds = (link.attributes.get("class") or "").split()
        address = (link.attributes.get("href") or "").strip()
        if address.startswith(("http://", "https://")) and len(address) <= ADDRESS and "mention" not in kinds:
            found[address] = None
    return list(found)[:LINKS]
