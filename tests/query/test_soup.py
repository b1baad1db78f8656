"""Soups of few words and many signs: what the engine's quick ways tell is what the exact reading finds.

The scenarios of test_engine_oracle are like what people write; here the same words meet again and again, with anything
between them. The suite tries the same 600 texts each time; `--long` (or `SMWATCH_LONG=1`) tries 40,000 from a seed that
it tells; `SMWATCH_SEED=N` repeats a run.
"""

from __future__ import annotations

import os
import random
from functools import cache
from typing import TYPE_CHECKING

import pytest

from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.engine import Engine, Hit
from smwatch.query.sieve import Way, best_way

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT, LONG = 600, 40_000
BATCH = 40
WORDS = ("Bahn", "ab", "a", "Müller", "3", "Straße", "twit", "the")
SIGNS = (
    *" .,;:!?-–—'’‘`&+_@#$/()[]\"„“…•%*|<>=\n\u00a0",
    *("  ", "\n\n", "://", "http://", "www.", "C++", "...", "'s", "- ", " -", ". ", ", ", " #", " @", "(https://"),
    *("\u00ad", "😀", "é", "д"),
)
SHAPES = (
    *("{0}", '"{0} {1}"', '"{0} {1} {2}"', "{0} AND {1}", "{0} AND NOT {1}", "#{0}", "title:({0} NEAR/2 {1}) OR @{2}"),
    *(
        "{0} NEAR/{n} {1}",
        "{0} ONEAR/{n} {1}",
        "{0} NOT NEAR/{n} {1}",
        "{0} SENTENCE {1}",
        "NOT ({0} NEAR/2 {1}) AND {2}",
    ),
    *(
        "({0} AND {1} AND {2})~{n}",
        '"{0} {1}"~2',
        '({0} OR "{1} {2}") NEAR/{n} ({1} OR twit*)',
        '{0} OR "{1} {2}" OR twit*',
    ),
)
FIXED = (
    "twit*",
    "bah*",
    "*ahn",
    "Müll*er",
    "Bahn~1",
    '"ab Bahn"~',
    '+"ab a"',
    '"b?hn ab"',
    '"ab bah*"',
    "C++",
    "ab&a",
    "{Bahn}",
)


def text(dice: random.Random) -> str:
    """Words, blanks and signs, in any order."""
    kinds = dice.choices((WORDS, SIGNS, " "), (50, 28, 22), k=dice.randint(3, 30))
    return "".join(dice.choice(kind) for kind in kinds)


def items(seed: int) -> Iterator[list[Item]]:
    """Batches without end, some with a title."""
    dice = random.Random(seed)
    while True:
        yield [
            Item(id="1", source="", title=text(dice) if dice.random() < 0.3 else "", text=text(dice))
            for _ in range(BATCH)
        ]


@cache
def engine(way: Way) -> Engine:
    """A hundred and fifty queries of these words."""
    dice = random.Random(7)
    made = {shape.format(*dice.choices(WORDS, k=3), n=dice.randint(0, 4)) for _ in range(10) for shape in SHAPES}
    return Engine({source: parse(source) for source in sorted({*made, *FIXED})}, way=way)


def told(batch: list[Item], found: list[list[Hit]], expected: list[list[Hit]]) -> str:
    """The first difference; "" if there is none."""
    for item, ours, theirs in zip(batch, found, expected, strict=True):
        for hit in [*ours, *theirs]:
            if (hit in ours) is not (hit in theirs):
                return (
                    f"{hit.name} in {item.title!a} / {item.text!a}: {'told' if hit in ours else 'missing'} {hit.spans}"
                )
    return ""


@pytest.mark.timeout(0)
@pytest.mark.parametrize("way", [Way.COMPILED, Way.AUTOMATON])
def test_the_quick_ways_tell_what_the_exact_reading_finds(way: Way, is_long: bool) -> None:
    if way is Way.COMPILED and best_way() is not way:
        pytest.skip("the compiled part was not built: no compiler was there at installation")
    seed = int(os.environ.get("SMWATCH_SEED") or (random.randrange(10**9) if is_long else 1))
    batches, matches = items(seed), 0
    for _ in range(0, LONG if is_long else SHORT, BATCH):
        batch = next(batches)
        expected = list(engine(Way.WORDS).match_many(batch))
        matches += sum(map(len, expected))
        report = told(batch, list(engine(way).match_many(batch)), expected)
        assert not report, f"SMWATCH_SEED={seed}: {report}"
    assert matches > SHORT


def test_windows_of_near_grow_together_where_one_ends_inside_the_next() -> None:
    """Up to white space, the one before reached over a word that the next one needs."""
    item = Item(id="1", source="", text="Bahn im Takt, Zug/Bus statt der Bahn. Bus")
    (hit,) = Engine({"q": parse("Bahn NEAR/2 Bus")}).match(item)
    assert [(span.start, span.term) for span in hit.spans] == [(18, "Bus"), (32, "Bahn"), (38, "Bus")]
