"""What people read: every kind of mistake with its column and first repairs, every operator and field in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from smwatch.errors import QueryError
from smwatch.query import parse
from smwatch.query.explain import complain, explain_json

CASES = tomli.loads(Path(__file__).with_name("told.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["mistake"], ids=lambda case: case["query"])
def test_a_mistake(case: dict[str, Any]) -> None:
    german, english = explain_json(case["query"], "de"), explain_json(case["query"], "en")
    assert (german["ok"], german["column"], german["repairs"][:2]) == (False, case["column"], case["repairs"])
    assert (german["message"], english["message"]) == (case["de"], case["en"])


@pytest.mark.parametrize("case", CASES["told"], ids=lambda case: case["query"])
def test_a_query_in_words(case: dict[str, Any]) -> None:
    german, english = explain_json(case["query"], "de"), explain_json(case["query"], "en")
    assert german["text"].split(" Die Lesart")[0] == case["de"]
    assert english["text"].split(" The reading")[0] == case["en"]


def test_the_caret_stands_under_the_mistake_also_behind_umlauts_and_in_the_second_line() -> None:
    source = "Äpfel OR\n  (Öl Gas)"
    with pytest.raises(QueryError) as caught:
        parse(source)
    assert complain(source, caught.value, "de").splitlines()[1:3] == ["    (Öl Gas)", "        ^^^"]


def test_notes_tell_the_reading_and_what_does_nothing() -> None:
    told = explain_json("Gas OR Gas* OR lang:de^3", "de", dialect="meltwater")
    assert told["notes"] == [
        "die Gewichtung ^3 wird gelesen und nicht beachtet",
        "Gas ändert nichts: Gas* findet schon alles davon",
    ]
