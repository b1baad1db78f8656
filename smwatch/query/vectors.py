"""`query test FILE`: the language's published definition as cases, so that anybody can check an implementation.

A file is TOML with `[[case]]` tables, or JSON Lines, one case a line::

    [[case]]
    rule = "umlauts are one in both spellings"
    query = 'Müller'
    umlauts = "strict"                # options of the query, as beside it in a config
    item = { text = "Frau Mueller kommt" }
    match = true
    spans = [["text", "Mueller"]]     # optional: field and matched text, or field, start, end

    [[case]]
    query = 'Deutsche Bahn'
    error = 10                        # the column where parsing stops
    repairs = ['"Deutsche Bahn"']     # optional: the first repairs

    [[case]]
    query = 'a lang:de'
    prints = 'a AND lang:de'          # optional: the reading
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.errors import QueryError, UserError
from smwatch.i18n import Text, text
from smwatch.query.engine import Engine
from smwatch.query.lines import item_from_json, json_lines
from smwatch.query.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.model import Item, Span

_OPTIONS = ("dialect", "umlauts", "inflect", "lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A case that came out otherwise: its number from 1, its query and how it differs."""

    number: int
    query: str
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a file of cases went."""

    cases: int
    failures: tuple[Failure, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every case came out as written."""
        return not self.failures


def read_cases(content: str) -> list[Mapping[str, Any]]:
    """The cases of a TOML or JSON Lines file; raises UserError."""
    try:
        if content.lstrip().startswith("{"):
            return json_lines(content)
        cases = tomli.loads(content).get("case", [])
    except ValueError as error:
        raise UserError(text("the file of cases cannot be read: {error}", error=str(error))) from None
    if not isinstance(cases, list) or not all(isinstance(case, dict) and "query" in case for case in cases):
        raise UserError(text("a file of cases holds [[case]] tables, each with a query"))
    return cases


def run_cases(cases: Sequence[Mapping[str, Any]]) -> Outcome:
    """Try every case."""
    failures = []
    for number, case in enumerate(cases, start=1):
        message = _try(case)
        if message is not None:
            failures.append(Failure(number=number, query=str(case["query"]), message=message))
    return Outcome(cases=len(cases), failures=tuple(failures))


def _try(case: Mapping[str, Any]) -> Text | None:
    options = {name: case[name] for name in _OPTIONS if name in case}
    try:
        query = parse(case["query"], **options)
    except QueryError as error:
        return _judge_error(case, error)
    if "error" in case:
        return text("parses, but an error at column {column} was expected", column=case["error"])
    if "prints" in case and str(query) != case["prints"]:
        return text("reads {reading}, expected {expected}", reading=str(query), expected=case["prints"])
    if "match" not in case:
        return None
    item = item_from_json({"id": "1", **case.get("item", {})})
    hits = Engine({"it": query}).match(item)
    return _judge_match(case, item, hits[0].spans if hits else None)


def _judge_error(case: Mapping[str, Any], error: QueryError) -> Text | None:
    if "error" not in case:
        return text("does not parse: {error}", error=error.sentence)
    if case["error"] != error.column:
        return text("error at column {column}, expected {expected}", column=error.column, expected=case["error"])
    expected = list(case.get("repairs", error.repairs[:0]))
    if list(error.repairs[: len(expected)]) != expected:
        return text("repairs {repairs}, expected {expected}", repairs=str(list(error.repairs)), expected=str(expected))
    return None


def _judge_match(case: Mapping[str, Any], item: Item, spans: Sequence[Span] | None) -> Text | None:
    if (spans is not None) != case["match"]:
        return text("matches, but should not") if spans is not None else text("does not match, but should")
    if spans is None or "spans" not in case:
        return None
    expected = [list(span) for span in case["spans"]]
    got = [_as_written(item, span, numbers=bool(row) and len(row) > 2) for span, row in _pairs(spans, expected)]  # noqa: PLR2004 - field and text, or field, start, end
    return None if got == expected else text("matched {got}, expected {expected}", got=str(got), expected=str(expected))


def _pairs(spans: Sequence[Span], expected: Sequence[Sequence[Any]]) -> list[tuple[Span, Sequence[Any]]]:
    rows = [*expected, *([()] * (len(spans) - len(expected)))]
    return list(zip(spans, rows, strict=False))


def _as_written(item: Item, span: Span, *, numbers: bool) -> list[Any]:
    if numbers:
        return [span.field, span.start, span.end]
    author = item.author
    texts = {"title": item.title, "lead": item.lead, "text": item.text, "url": item.url}
    whole = texts.get(span.field, (author.name or author.handle or "") if author else "")
    return [span.field, whole[span.start : span.end]]
