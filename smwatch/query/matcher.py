"""`query match`: lines of JSON in, matches out; queries from the command line, a file, or the config's watches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.packed import read_json
from smwatch.query.engine import Engine, Hit
from smwatch.query.lines import ItemError, item_from_json, json_lines, match_to_json, read_queries
from smwatch.query.syntax import Lang, walk
from smwatch.query.watches import WatchEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.model import Item, Watch
    from smwatch.query.lines import Unread


MatchMany = Callable[[Sequence["Item"]], Iterable[Sequence[Hit]]]
Answer = list[str] | Text  # the matches of a line, each as a line of JSON, or what is wrong with it


class Matcher:
    """Matches lines in batches; `unread` are the queries that do not parse, while the others run."""

    def __init__(
        self, match: MatchMany, unread: Sequence[Unread] = (), guess: Callable[[Item], Item] | None = None
    ) -> None:
        self.unread = tuple(unread)
        self._match = match
        self._guess = guess

    def match_lines(self, lines: Sequence[bytes]) -> Iterator[Answer]:
        """What each line comes to, in their order."""
        read = [_read(line) for line in lines]
        items = [self._known(one[1]) for one in read if not isinstance(one, Text)]
        found = iter(self._match(items))
        for one in read:
            yield one if isinstance(one, Text) else [match_to_json(one[0], hit) for hit in next(found)]

    def _known(self, item: Item) -> Item:
        return self._guess(item) if self._guess and item.lang is None else item


def _read(line: bytes) -> tuple[object, Item] | Text:
    try:
        value = read_json(line)
        return value.get("id") if isinstance(value, dict) else None, item_from_json(value)
    except UnicodeDecodeError:
        return text("this is no text in UTF-8")
    except ItemError as error:
        return error.sentence
    except (ValueError, RecursionError):
        return text("this is no JSON")


def from_entries(entries: Sequence[Mapping[str, Any]], guess: Callable[[Item], Item] | None = None) -> Matcher:
    """A matcher for `{"name", "query", …}` objects; languages are guessed only where a query asks for one."""
    queries = read_queries(entries)
    pairs = [(name, query) for name, rows in queries.excludes.items() for query in rows]
    owners = {f"\0{n}": name for n, (name, _) in enumerate(pairs)}
    asked = {**queries.parsed, **dict(zip(owners, (query for _, query in pairs), strict=True))}
    asks = any(isinstance(node, Lang) for query in asked.values() for node in walk(query.root))
    engine = Engine(asked)

    def match(items: Sequence[Item]) -> Iterator[list[Hit]]:
        for hits in engine.match_many(items):
            out = {owners[hit.name] for hit in hits if hit.name in owners}
            yield [hit for hit in hits if hit.name not in owners and hit.name not in out]

    return Matcher(match if owners else engine.match_many, queries.unread, guess if asks else None)


def from_watches(
    watches: Sequence[Watch], lists: Mapping[str, Sequence[str]], guess: Callable[[Item], Item] | None = None
) -> Matcher:
    """A matcher for the config's watches, exclusions included."""
    engine = WatchEngine(watches, lists)

    def match(items: Sequence[Item]) -> Iterator[list[Hit]]:
        for found in engine.match_many(items):
            yield [Hit(name=hit.watch.name, spans=hit.spans) for hit in found]

    return Matcher(match, (), guess)


def read_entries(content: str) -> list[Mapping[str, Any]]:
    """The queries of a file: JSON Lines of objects, or TOML with [[query]] or [[watch]] tables; raises UserError."""
    try:
        if content.lstrip().startswith("{"):
            return json_lines(content)
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
