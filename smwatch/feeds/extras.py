"""What feeds say beyond title, link and text: figures of videos, stars of reviews, persons and transcripts of episodes.

The reader brings the items, the tree what stands beside them. Runs in the parse worker.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.encoding import to_utf8
from smwatch.feeds.jsonfeed import looks_like_json
from smwatch.feeds.plain import fold, plain_text
from smwatch.feeds.presets import SHAPES
from smwatch.feeds.reader import read_feed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEDIA = "{http://search.yahoo.com/mrss/}"
STORE = "{http://itunes.apple.com/rss}"
SHOW = ("{http://www.itunes.com/dtds/podcast-1.0.dtd}", "{http://www.itunes.com/DTDs/Podcast-1.0.dtd}")
PODCAST = (
    "{https://podcastindex.org/namespace/1.0}",
    "{https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md}",
)
MOST = 20  # persons and transcripts of one episode
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?")


def read_extras(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """As `read_feed`, with `engagement`, `attributes` and `episode` where the feed says so; raises NotAFeed.

    `preset`, one of `SHAPES`, makes items of it what people of that platform expect; `episodes` reads podcasts.
    """
    answer = read_feed(body, options)
    beside = [] if looks_like_json(body) else _beside(body, options)
    named = {name: extras for name, extras in beside if name}
    in_order = [extras for _, extras in beside] if len(beside) == len(answer["items"]) else []
    items = []
    for place, item in enumerate(answer["items"]):
        extras = in_order[place] if in_order else named.get(item["id"], {})
        items.append(_joined(item, extras))
    preset = str(options.get("preset") or "")
    shape = SHAPES.get(preset)
    if preset == "pinterest":
        answer["feed"]["lang"] = None  # the language of Pinterest's own words, not of the pins
    shaped = (shape(item, options) if shape else item for item in items)
    answer["items"] = [_without_help(one) for one in shaped if one is not None]
    return {name: it for name, it in answer.items() if name != "parser" or preset != "app-store"}


def _without_help(item: dict[str, Any]) -> dict[str, Any]:
    """Without what only the shapes need."""
    return {name: it for name, it in item.items() if name not in ("markup", "own_id")}


def _joined(item: dict[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    text = extras.get("description", "")
    return item | {
        "text": item["text"] or text,
        "markup": extras.get("markup", ""),
        "own_id": extras.get("own_id", ""),
        "author": _author(item["author"], extras.get("author_url", "")),
        "engagement": extras.get("engagement", {}),
        "attributes": extras.get("attributes", {}),
        **({"episode": extras["episode"]} if "episode" in extras else {}),
    }


def _author(found: Mapping[str, Any] | None, url: str) -> dict[str, Any] | None:
    """The author, with an address where only the tree knows it."""
    return None if found is None else {**found, "url": found.get("url") or url}


def _beside(body: bytes, options: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The id of each entry and what stands beside it, in order."""
    from lxml import etree  # noqa: PLC0415 - only the worker reads feeds

    reader = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(to_utf8(body, str(options.get("content_type") or "")), reader)
    return [] if root is None else [(_own_id(one), _extras(one, options)) for one in root.iter("{*}item", "{*}entry")]


def _own_id(entry: Any) -> str:  # noqa: ANN401 - lxml's elements
    for child in entry.iterchildren("{*}id", "{*}guid", "guid", "id"):
        return _said(child)
    return ""


def _extras(entry: Any, options: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, Any] = {"engagement": dict(_figures(entry)), "attributes": dict(_stars(entry))}
    described = next(entry.iter(MEDIA + "description"), None)
    if described is not None:
        found["description"] = plain_text(_said(described))
    if options.get("episodes"):
        found["episode"] = _episode(entry, str(options.get("url") or ""))
    found["markup"] = _first(entry, "description")[:4000]
    found["own_id"] = _own_id(entry)
    uri = entry.find("{*}author/{*}uri")
    found["author_url"] = web_link(_said(uri)) if uri is not None else ""
    return found


def _figures(entry: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401
    for name, tag, attribute in (("views", "statistics", "views"), ("likes", "starRating", "count")):
        element = next(entry.iter(MEDIA + tag), None)
        if element is not None and (figure := _number(element.get(attribute))) is not None:
            yield name, figure


def _stars(entry: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    for name in ("rating", "voteSum", "voteCount"):
        if (figure := _number(_first(entry, STORE + name))) is not None:
            yield {"voteSum": "votes_up", "voteCount": "votes"}.get(name, name), figure
    if version := _first(entry, STORE + "version"):
        yield "version", version[:40]


def _episode(entry: Any, url: str) -> dict[str, Any]:  # noqa: ANN401
    enclosures = [one for one in entry.iter("enclosure", "{*}enclosure") if one.get("url")]
    return {
        "audio": web_link(enclosures[0].get("url"), url) if enclosures else "",
        "seconds": seconds_of(next((said for ns in SHOW if (said := _first(entry, ns + "duration"))), "")),
        "host": fold(next((said for ns in SHOW if (said := _first(entry, ns + "author"))), ""))[:200],
        "persons": list(_persons(entry)),
        "transcripts": list(_transcripts(entry, url)),
    }


def _persons(entry: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401
    found = [one for namespace in PODCAST for one in entry.iterchildren(namespace + "person")]
    for one in found[:MOST]:
        if name := fold(_said(one))[:200]:
            yield {
                "name": name,
                "role": fold(one.get("role") or "host").lower()[:60],
                "url": web_link(one.get("href") or ""),
            }


def _transcripts(entry: Any, url: str) -> Iterator[dict[str, str]]:  # noqa: ANN401
    found = [one for namespace in PODCAST for one in entry.iterchildren(namespace + "transcript")]
    for one in found[:MOST]:
        if link := web_link(one.get("url") or "", url):
            kind = (one.get("type") or "").partition(";")[0].strip().lower()
            yield {"url": link, "type": kind, "lang": (one.get("language") or "").lower()[:20]}


def seconds_of(said: str) -> int | None:
    """`"1:02:33"`, `"62:33"` or `"3753"`; None where it is no length."""
    said = said.strip()
    if said.isdecimal() and len(said) <= 6:  # noqa: PLR2004 - eleven days
        return int(said)
    found = _CLOCK.fullmatch(said)
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None


def _first(entry: Any, tag: str) -> str:  # noqa: ANN401
    element = next(entry.iterchildren(tag), None)
    return _said(element) if element is not None else ""


def _said(element: Any) -> str:  # noqa: ANN401
    return "".join(element.itertext()).strip()


def _number(said: str | None) -> int | None:
    said = (said or "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 15 else None  # noqa: PLR2004 - of views
