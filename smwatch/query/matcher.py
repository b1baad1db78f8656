"""`query match`: lines of JSON in, matches out; queries from the command line, a file, or the config's watches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.query.engine import Engine, Hit
from smwatch.query.lines import ItemError, item_from_json, match_to_json, read_queries
from smwatch.query.watches import WatchEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.model import Item, Watch
    from smwatch.query.lines import Unread


class Matcher:
    """Matches one line at a time; `unread` are the queries that do not parse, while the others run."""

    def __init__(
        self,
        match: Callable[[Item], list[Hit]],
        unread: Sequence[Unread] = (),
        guess: Callable[[Item], Item] | None = None,
    ) -> None:
        self.unread = tuple(unread)
        self._match = match
        self._guess = guess

    def match_line(self, line: str) -> list[dict[str, Any]]:
        """The matches of the item in this line; raises ItemError."""
        try:
            value = json.loads(line)
        except ValueError:
            raise ItemError(text("this is no JSON")) from None
        item = item_from_json(value)
        found = self._match(self._guess(item) if self._guess and item.lang is None else item)
        return [match_to_json(value.get("id"), hit) for hit in found]


def from_entries(entries: Sequence[Mapping[str, Any]], guess: Callable[[Item], Item] | None = None) -> Matcher:
    """A matcher for `{"name", "query", …}` objects."""
    queries = read_queries(entries)
    return Matcher(Engine(queries.parsed).match, queries.unread, guess)


def from_watches(
    watches: Sequence[Watch], lists: Mapping[str, Sequence[str]], guess: Callable[[Item], Item] | None = None
) -> Matcher:
    """A matcher for the config's watches, exclusions included."""
    engine = WatchEngine(watches, lists)
    return Matcher(lambda item: [Hit(name=hit.watch.name, spans=hit.spans) for hit in engine.match(item)], (), guess)


def read_entries(content: str) -> list[Mapping[str, Any]]:
    """The queries of a file: JSON Lines of objects, or TOML with [[query]] or [[watch]] tables; raises UserError."""
    try:
        if content.lstrip().startswith("{"):
            return [json.loads(line) for line in content.splitlines() if line.strip()]
        tables = tomli.loads(content)
    except ValueError as error:
        raise UserError(text("the file of queries cannot be read: {error}", error=str(error))) from None
    rows = [*_tables(tables.get("query")), *_tables(tables.get("watch"))]
    named = [{"name": name, "query": value} for name, value in tables.items() if isinstance(value, str)]
    if not rows and not named:
        raise UserError(text("a file of queries holds [[query]] tables with name and query"))
    return [*rows, *named]


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
