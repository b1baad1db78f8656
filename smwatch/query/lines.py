"""`query match`: items and queries as plain JSON values in, matches out. Also how an item looks in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.model import Author, Engagement, Item, utc
from smwatch.query.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smwatch.query.engine import Hit
    from smwatch.query.syntax import Query

_RARE = ("country", "reach", "rating", "sentiment", "is", "contains", "tags", "subreddit", "hashtags", "mentions")
_NOTHING: dict[str, Any] = dict.fromkeys(("id", "source", "url", "title", "lead", "text", "kind", "lang"), "")
_ENGAGEMENT = ("likes", "replies", "shares", "views")


class ItemError(ValueError):
    """A JSON value that is no item; `sentence` says why."""

    def __init__(self, sentence: Text) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


@dataclass(frozen=True, slots=True)
class Unread:
    """A query that does not parse: its name and the error."""

    name: str
    error: QueryError
    source: str = ""


@dataclass(frozen=True, slots=True)
class Queries:
    """What could be read of a set of queries, and by the same names what takes items out again; the others run."""

    parsed: Mapping[str, Query] = field(default_factory=dict)
    excludes: Mapping[str, Sequence[Query]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


def item_from_json(value: object) -> Item:
    """The item in a JSON object (keys as in `query match` and `source test --json`); raises ItemError.

    Unknown keys are left out; values of another type than expected count as unknown.
    """
    if not isinstance(value, dict):
        raise ItemError(text("an item is a JSON object"))
    if value.keys() <= _NOTHING.keys() and all(type(one) is str for one in value.values()):
        known = _NOTHING | value  # by far the most
        return Item(**{**known, "lang": known["lang"] or None})
    return Item(
        id=_word(value.get("id")),
        source=_word(value.get("source")),
        url=_word(value.get("url")),
        title=_word(value.get("title")),
        lead=_word(value.get("lead")),
        text=_word(value.get("text")),
        kind=_word(value.get("type")) or _word(value.get("kind")),
        author=_author(value.get("author")),
        published=_moment(value.get("published")),
        updated=_moment(value.get("updated")),
        lang=_word(value.get("lang")) or None,
        engagement=_engagement(value.get("engagement")),
        links=tuple(link for link in _rows(value.get("links")) if isinstance(link, str)),
        attributes=_attributes(value),
    )


def item_to_json(item: Item) -> dict[str, Any]:
    """The same shape back, without what is unknown."""
    author = item.author
    found: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "lead": item.lead or None,
        "text": item.text,
        "author": None
        if author is None
        else {"name": author.name, "handle": author.handle, "followers": author.followers},
        "lang": item.lang,
        "source": item.source or None,
        "type": item.kind,
        "published": item.published.isoformat() if item.published else None,
        "updated": item.updated.isoformat() if item.updated else None,
        "links": list(item.links) or None,
        **item.attributes,
    }
    return {key: value for key, value in found.items() if value is not None}


def read_queries(entries: Iterable[Mapping[str, Any]], *, lists: Mapping[str, Sequence[str]] | None = None) -> Queries:
    """Queries from `{"name", "query", "exclude", "dialect", "umlauts", "inflect"}` objects; unnamed, the query is it.

    `exclude` is a query or a list of them; where one does not parse, its query does not run.
    """
    parsed: dict[str, Query] = {}
    excludes: dict[str, Sequence[Query]] = {}
    unread: list[Unread] = []
    for number, entry in enumerate(entries, start=1):
        name = str(entry.get("name") or entry.get("query") or number)
        read: list[Query] = []
        for source in (entry.get("query"), *_excluding(entry.get("exclude"))):
            try:
                read.append(_parsed(source, entry, lists))
            except QueryError as error:
                unread.append(Unread(name, error, str(source or "")))
                break
        else:
            free = _free(name, parsed)
            parsed[free], excludes[free] = read[0], read[1:]
    return Queries(parsed, excludes, tuple(unread))


def _excluding(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else () if value is None else (value,)


def _parsed(source: object, entry: Mapping[str, Any], lists: Mapping[str, Sequence[str]] | None) -> Query:
    return parse(
        _source(source),
        dialect=entry.get("dialect"),
        umlauts=entry.get("umlauts", "strict"),
        inflect=entry.get("inflect", True),
        lists=lists,
    )


def json_lines(content: str) -> list[Any]:
    """The values of JSON Lines, which end at a line feed alone; raises ValueError."""
    return [json.loads(line) for line in content.split("\n") if line.strip()]


def match_to_json(item_id: object, hit: Hit) -> str:
    """One line of `query match`; `start` and `end` of a span count characters of the original field."""
    spans = [{"field": name, "start": start, "end": end, "term": term} for name, start, end, term in hit.spans]
    told = {"id": item_id, "watch": hit.name, "spans": spans}
    try:
        return to_json(told, inf_nan_mode="constants").decode()
    except ValueError:  # half a character, which only the patient one can write
        return json.dumps(told)


def _source(value: object) -> str:
    if isinstance(value, str):
        return value
    raise QueryError(text("the query is missing"))


def _id(value: object) -> object:
    return value.get("id") if isinstance(value, dict) else None


def _free(name: str, taken: Mapping[str, Query]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _rows(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == value else None  # noqa: PLR0124 - not NaN


def _moment(value: object) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _author(value: object) -> Author | None:
    if isinstance(value, str) and value:
        return Author(name=value)
    if not isinstance(value, dict):
        return None
    return Author(
        name=_word(value.get("name")) or None,
        handle=_word(value.get("handle")) or None,
        followers=_count(value.get("followers")),
    )


def _engagement(value: object) -> Engagement | None:
    if not isinstance(value, dict):
        return None
    return Engagement(**{name: _count(value.get(name)) for name in _ENGAGEMENT})


def _attributes(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found = {name: value[name] for name in _RARE if value.get(name) is not None}
    total = _count(value.get("engagement"))
    return MappingProxyType(found if total is None else {**found, "engagement": total})
