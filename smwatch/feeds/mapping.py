"""Anybody's JSON to items by a mapping of paths (`paths.py`). Runs in the parse worker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.dates import read_date
from smwatch.feeds.paths import Place, WrongType, kind_of, text_at, value_at
from smwatch.feeds.plain import fold, plain_text, plain_title
from smwatch.feeds.plain import looks_like_markup as is_markup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 5000  # entries of one delivery
FIGURES = ("likes", "replies", "shares", "views")
MILLISECONDS = 100_000_000_000  # a number of seconds so large is one of milliseconds
LATEST = 253_402_300_799  # the end of the year 9999


class NotMapped(ValueError):
    """The document does not fit the mapping; says so in a few words. Its `code` crosses the worker's pipe."""

    code = "mapping"

    @property
    def detail(self) -> str:
        """The words."""
        return str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whether a value is one of `values` (any that is there, where `values` is empty)."""

    when: str
    values: Sequence[str] = ()

    def holds(self, place: Place) -> bool:
        """Whether it is so here."""
        found = value_at(self.when, place)
        if not self.values:
            return bool(found)
        said = json.dumps(found) if isinstance(found, bool) else str(found)
        return found is not None and said in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which path is which field; `items` leads to the list of entries, "" means that the document is the one entry."""

    fields: Mapping[str, str]
    items: str = ""
    deleted: Rule | None = None
    only: Rule | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Layout:
        """From plain JSON values."""
        rules = {name: Rule(**options[name]) for name in ("deleted", "only") if options.get(name)}
        return cls(fields=options["map"], items=options.get("items") or "", **rules)


def read_document(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON in `body`, an object or a list; raises NotMapped."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NotMapped("the body is no JSON") from None
    if not isinstance(found, dict | list):
        raise NotMapped(f"the body holds {kind_of(found)}, no object")
    return found


def places(document: Any, headers: Mapping[str, str], how: Layout) -> list[Place]:  # noqa: ANN401
    """The entries that count; raises NotMapped where there is no list of them."""
    top = Place(entry=document, top=document, headers=headers)
    entries = [document]
    if how.items:
        try:
            entries = value_at(how.items, top)
        except WrongType as error:
            raise NotMapped(str(error)) from None
        if not isinstance(entries, list):
            raise NotMapped(f"{how.items} holds {kind_of(entries)}, no list")
    elif isinstance(document, list):
        entries = document
    if len(entries) > MOST:
        raise NotMapped(f"more than {MOST} entries")
    found = [Place(entry=entry, top=document, headers=headers) for entry in entries]
    return [one for one in found if how.only is None or _holds(how.only, one)]


def problem(place: Place, how: Layout) -> str:
    """What does not fit at one entry; "" where it does."""
    try:
        if not text_at(how.fields["id"], place):
            return f"no value at {how.fields['id']}"
        for name, path in how.fields.items():
            _checked(name, path, place)
    except WrongType as error:
        return str(error)
    return ""


def read_mapped(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items", "deleted", "left_out": [reasons]}`; raises NotMapped where nothing in it fits.

    Options: `map` (field to path), `items`, `deleted` and `only` (`{"when", "values"}`), `kind`, `headers`.
    """
    how, document = Layout.of(options), read_document(body)
    items: list[dict[str, Any]] = []
    deleted: list[str] = []
    left_out: list[str] = []
    for place in places(document, options.get("headers") or {}, how):
        if how.deleted is not None and _holds(how.deleted, place):
            deleted.append(text_at(how.fields["id"], place))
            continue
        said = problem(place, how)
        if said:
            left_out.append(said)
        else:
            items.append(_item(place, how.fields, str(options.get("kind") or "post")))
    if left_out and not items and not deleted:
        raise NotMapped(left_out[0])
    return {"items": items, "deleted": [one for one in deleted if one], "left_out": left_out}


def _holds(rule: Rule, place: Place) -> bool:
    try:
        return rule.holds(place)
    except WrongType:
        return False


def _checked(name: str, path: str, place: Place) -> None:
    found = value_at(path, place)
    if found is None or name == "tags":
        return
    if name in (*FIGURES, "followers", "rating") and isinstance(found, bool | dict | list):
        raise WrongType(f"{path} holds {kind_of(found)}, no number")
    text_at(path, place)


def _item(place: Place, fields: Mapping[str, str], kind: str) -> dict[str, Any]:
    said = {name: text_at(path, place) for name, path in fields.items() if name != "tags"}
    tags = value_at(fields["tags"], place) if "tags" in fields else ()
    author = {"name": fold(said.get("author", ""))[:200], "handle": said.get("handle"), "url": said.get("author_url")}
    figures = {name: _number(said.get(name)) for name in FIGURES}
    attributes = {"rating": _number(said.get("rating"))}
    return {
        "id": said["id"],
        "url": web_link(said.get("url", "")),
        "title": plain_title(said.get("title", "")),
        "lead": _text(said.get("lead", "")),
        "text": _text(said.get("text", "")),
        "kind": fold(said.get("kind", ""))[:40] or kind,
        "author": {**author, "followers": _number(said.get("followers"))} if any(author.values()) else None,
        "published": _moment(said.get("published", "")),
        "updated": _moment(said.get("updated", "")),
        "lang": fold(said.get("lang", ""))[:20] or None,
        "parent_id": said.get("parent") or None,
        "root_id": said.get("root") or None,
        "engagement": {name: one for name, one in figures.items() if one is not None},
        "attributes": {name: one for name, one in attributes.items() if one is not None},
        "tags": [fold(one)[:100] for one in tags if isinstance(one, str)][:50] if isinstance(tags, list) else [],
    }


def _text(said: str) -> str:
    return plain_text(said, literal=not is_markup(said))


def _number(said: str | None) -> int | None:
    try:
        return int(float(said)) if said else None
    except (ValueError, OverflowError):
        return None


def _moment(said: str) -> str | None:
    """A date as people and programs write it; a bare number counts seconds or milliseconds since 1970."""
    try:
        seconds = float(said)
    except ValueError:
        found = read_date(said) if said else None
        return found.isoformat() if found else None
    seconds = seconds / 1000 if seconds >= MILLISECONDS else seconds
    return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds < LATEST else None
