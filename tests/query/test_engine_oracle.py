"""The engine against the oracle: the same matches and the same spans, whatever people write and ask.

The suite tries at least 20,000 pairs of query and item, always the same ones. `SMWATCH_LONG=1` tries 1,000,000 new ones;
`--hypothesis-seed=N` repeats a run. A failure is shrunk to one query and one item.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from smwatch.query.document import Document
from smwatch.query.engine import Engine
from smwatch.query.evaluate import Program
from smwatch.testing.oracle import judge, read
from tests.query.strategies import Scenario, scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.model import Item, Span
    from smwatch.query.syntax import Query

LONG = bool(os.environ.get("SMWATCH_LONG"))
PAIRS = 1_000_000 if LONG else 20_000
SIDE = 12  # queries and items of one scenario
SPARE = 1.15  # some queries are refused
THOROUGH = settings(
    max_examples=int(SPARE * PAIRS / SIDE**2),
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
    verbosity=Verbosity.quiet,
)


@dataclass(slots=True)
class Tally:
    """How many pairs were tried, and how many of them matched."""

    pairs: int = 0
    matches: int = 0


def differences(queries: Sequence[Query], items: Sequence[Item], tally: Tally | None = None) -> str:
    """Every pair on which engine and oracle disagree, told in full; "" if there is none."""
    engine = Engine({str(number): query for number, query in enumerate(queries)})
    found = []
    for item in items:
        hits = {int(hit.name): hit.spans for hit in engine.match(item)}
        reading = read(item)
        for number, query in enumerate(queries):
            expected, actual = judge(query, reading), hits.get(number)
            if tally:
                tally.pairs += 1
                tally.matches += expected is not None
            if expected != actual:
                found.append(told(query, item, expected, actual))
    return "\n".join(found[:3])


def told(query: Query, item: Item, expected: tuple[Span, ...] | None, actual: tuple[Span, ...] | None) -> str:
    alone = Program(query).match(Document(item))
    return (
        f"\nquery   {query.source!a} (umlauts={query.umlauts}, inflect={query.inflect})\n"
        f"title   {item.title!a}\nlead    {item.lead!a}\ntext    {item.text!a}\n"
        f"author  {item.author}\nurl     {item.url}   lang {item.lang}\n"
        f"oracle  {shown(expected)}\nengine  {shown(actual)}\nprogram {shown(alone)}"
    )


def shown(spans: tuple[Span, ...] | None) -> str:
    if spans is None:
        return "no match"
    return "match " + "; ".join(f"{span.field}[{span.start}:{span.end}] {span.term!a}" for span in spans)


@pytest.mark.timeout(0 if LONG else 300)
def test_engine_and_oracle_agree() -> None:
    tally = Tally()

    @THOROUGH
    @given(scenarios(SIDE))
    def run(scenario: Scenario) -> None:
        report = differences(scenario.queries, scenario.items, tally)
        assert not report, report

    run()
    print(f"\n{tally.pairs} pairs, {tally.matches / tally.pairs:.0%} match")  # noqa: T201 - the figure
    assert tally.pairs >= PAIRS
    assert tally.matches >= 0.3 * tally.pairs
