"""The language's published definition: every case of vectors.toml, and how such a file is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from smwatch.errors import UserError
from smwatch.query.vectors import read_cases, run_cases

FILE = Path(__file__).with_name("vectors.toml")
CASES = read_cases(FILE.read_text(encoding="utf-8"))
GERMAN = frozenset("äöüßÄÖÜ")
GERMAN_WORDS = frozenset(
    [
        "bahn",
        "streik",
        "rückruf",
        "skandal",
        "die",
        "der",
        "das",
        "und",
        "oder",
        "nicht",
        "chef",
        "zug",
        "öl",
        "acme:",
    ]  # invented items talk of these
)


def test_every_case_comes_out_as_written() -> None:
    outcome = run_cases(CASES)
    assert [(it.number, it.query, str(it.message)) for it in outcome.failures] == []


def test_there_are_enough_cases_and_enough_german_ones() -> None:
    german = [case for case in CASES if is_german(case)]
    assert len(CASES) >= 400
    assert len(german) >= 150


def is_german(case: dict[str, object]) -> bool:
    told = f"{case['query']} {case.get('item', '')}"
    return bool(GERMAN & set(told)) or bool(GERMAN_WORDS & {word.strip(".,:'\"()") for word in told.lower().split()})


def test_no_case_stands_there_twice() -> None:
    seen = [str(sorted((key, str(value)) for key, value in case.items() if key != "rule")) for case in CASES]
    assert [case for case in set(seen) if seen.count(case) > 1] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[case]]\nquery = 'a'\nerror = 1", "parses, but an error at column 1 was expected"),
        ("[[case]]\nquery = 'a b'", "does not parse: two words side by side"),
        ("[[case]]\nquery = 'a b'\nerror = 2", "error at column 3, expected 2"),
        (
            "[[case]]\nquery = 'a b'\nerror = 3\nrepairs = ['a OR b']",
            "repairs ['\"a b\"', 'a AND b'], expected ['a OR b']",
        ),
        ("[[case]]\nquery = 'a'\nprints = 'b'", "reads a, expected b"),
        ("[[case]]\nquery = 'a'\nitem = { text = 'b' }\nmatch = true", "does not match, but should"),
        ("[[case]]\nquery = 'a'\nitem = { text = 'a' }\nmatch = false", "matches, but should not"),
        (
            "[[case]]\nquery = 'a'\nitem = { text = 'a' }\nmatch = true\nspans = []",
            "matched [['text', 'a']], expected []",
        ),
        ('{"query": "a", "item": {"text": "b"}, "match": true}', "does not match, but should"),
    ],
)
def test_a_case_that_comes_out_otherwise_says_how(content: str, message: str) -> None:
    outcome = run_cases(read_cases(content))
    assert not outcome.ok
    assert [str(it.message)[: len(message)] for it in outcome.failures] == [message]


@pytest.mark.parametrize("content", ["[[case]]\nitem = {}", "case = 3", "{", "[[case"])
def test_a_file_that_holds_no_cases_is_refused(content: str) -> None:
    with pytest.raises(UserError):
        read_cases(content)
