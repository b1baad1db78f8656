"""`query …`: try a query before it alerts anybody."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import EX_PROBLEMS, config_option, json_option, loaded, spoken, talk, tell, tell_json
from smwatch.cli.usage import ReadFile
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import BufferedReader

    from smwatch.model import Item
    from smwatch.query.matcher import Matcher

_PIECE = 1 << 18  # bytes of stdin that are matched together at most


@click.group(
    cls=Group,
    examples=(
        """smwatch query explain -q '(acme OR "Acme GmbH") NOT markets'""",
        "smwatch query match < items.jsonl",
        "smwatch query test vectors.toml",
    ),
    help="Explains queries and tries them out.",
)
def query() -> None:
    """See the group's help."""


@query.command(
    "explain",
    examples=("""smwatch query explain -q '"Deutsche Bahn" AND (streik* OR ausfall)'""",),
    short_help="Says in words what a query finds.",
    help="Says in a paragraph what a query finds, and what it does not.",
)
@click.option("-q", "--query", "source", required=True, metavar="QUERY", help="The query.")
@click.option("--dialect", metavar="TOOL", help="The tool it comes from: brandwatch, meltwater, talkwalker, cision.")
@config_option
@json_option
def explain(source: str, dialect: str | None, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 with the paragraph, 3 with the mistake and its repairs."""
    from smwatch.errors import QueryError
    from smwatch.query import explain as words
    from smwatch.query import parse

    lists = loaded(config).config.lists if config else None
    if as_json:
        told = words.explain_json(source, spoken(), dialect=dialect, lists=lists)
        tell_json(told)
        sys.exit(0 if told["ok"] else EX_PROBLEMS)
    try:
        tell(words.explain(parse(source, dialect=dialect, lists=lists), spoken()))
    except QueryError as error:
        talk(words.complain(source, error, spoken()))
        sys.exit(EX_PROBLEMS)


@query.command(
    "match",
    examples=(
        "smwatch query match -q 'acme' < items.jsonl",
        "smwatch query match --queries queries.toml < items.jsonl",
        "smwatch query match -c smwatch.toml < items.jsonl",
    ),
    short_help="Matches items on stdin against queries.",
    help="Matches items (JSON Lines on stdin) against queries: one JSON line a match, with the words and places.",
)
@click.option("-q", "--query", "sources", multiple=True, metavar="QUERY", help="A query; may be given several times.")
@click.option("--queries", "file", type=ReadFile(), metavar="FILE", help="TOML or JSON Lines: name, query.")
@config_option
def match(sources: tuple[str, ...], file: str | None, config: str | None) -> None:
    """Queries from -q, a file, or the config; exit 3 where one does not parse (the others run)."""
    from smwatch.query.explain import complain

    with language_guesser() as guess:
        matcher = _matcher(sources, file, config, guess)
        for one in matcher.unread:
            talk(f"{one.name}: {complain(one.source, one.error, spoken())}")
        wrong = sum(_matched(matcher, lines) for lines in _lines())
    sys.exit(EX_PROBLEMS if matcher.unread or wrong else 0)


def _lines() -> Iterator[list[tuple[int, bytes]]]:
    """The numbered lines of stdin, as many at once as are there already; empty ones are left out."""
    rest, number = b"", 1
    stream = cast("BufferedReader", sys.stdin.buffer) if sys.stdin is not None else BytesIO()
    while piece := stream.read1(_PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        yield [(at, line) for at, line in enumerate(lines, number) if line.strip()]
        number += len(lines)
    if rest.strip():
        yield [(number, rest)]


def _matched(matcher: Matcher, lines: Sequence[tuple[int, bytes]]) -> int:
    """Print the matches of some items; how many lines are none, which is said."""
    wrong, told = 0, []
    for (number, _), found in zip(lines, matcher.match_lines([line for _, line in lines]), strict=True):
        if isinstance(found, Text):
            talk(text("line {number}: {error}", number=number, error=found))
            wrong += 1
        else:
            told += found
    if told:
        tell("\n".join(told))
    return wrong


def _matcher(sources: tuple[str, ...], file: str | None, config: str | None, guess: Callable[[Item], Item]) -> Matcher:
    """Queries of -q and of the file; without either, the config's watches."""
    from smwatch.query.matcher import from_entries, from_watches, read_entries

    entries: list[Any] = [{"query": source} for source in sources]
    if file:
        entries += read_entries(file)
    if sources or file:
        return from_entries(entries, guess)
    built = loaded(config).config
    return from_watches(built.watches, built.lists, guess)


@contextmanager
def language_guesser() -> Iterator[Callable[[Item], Item]]:
    """What guesses the language of an item that does not say it: the enrichers of the plugins, as in the daemon."""
    import asyncio

    from smwatch import loader

    enrichers = loader.load().enrichers.values()

    async def enriched(item: Item) -> Item:
        for enricher in enrichers:
            item = await enricher.enrich(item)
        return item

    with asyncio.Runner() as runner:
        yield lambda item: runner.run(enriched(item))


@query.command(
    "test",
    examples=("smwatch query test tests/query/vectors.toml",),
    short_help="Runs a file of cases.",
    help="Runs a file of cases: query, item, expected yes or no, expected places.",
)
@click.argument("file", type=ReadFile(), metavar="FILE")
@config_option
@json_option
def run_cases(file: str, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 where all cases hold, else 3."""
    from smwatch.query import vectors

    del config
    outcome = vectors.run_cases(vectors.read_cases(file))
    failures = [
        {"case": one.number, "query": one.query, "message": one.message.render(spoken())} for one in outcome.failures
    ]
    if as_json:
        tell_json({"ok": outcome.ok, "cases": outcome.cases, "failures": failures})
    else:
        for one in failures:
            tell(f"{one['case']}: {one['query']}\n    {one['message']}")
        talk(text("{cases} cases, {failed} failed", cases=outcome.cases, failed=len(failures)))
    sys.exit(0 if outcome.ok else EX_PROBLEMS)
