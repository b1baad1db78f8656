"""Sheets: several texts in one buffer, compounds joined, and what stands alone."""

from __future__ import annotations

import pytest

from smwatch.query.sheet import Sheet


def joined(text: str) -> list[bytes]:
    return Sheet([(0, "text", text)]).compounds.buffer.split()


@pytest.mark.parametrize(
    ("text", "compounds"),
    [
        ("Das Car-Sharing kommt", [b"carsharing"]),
        ("Siemens’ Car-Sharing.", [b"carsharing"]),
        ("die Max-Planck-Schule", [b"maxplanck", b"maxplanckschule", b"planckschule"]),
        ("L'Oréal", [b"loreal"]),
        ("ein - Strich - hier -dort", []),
        ("mail@bahn-chef.de", [b"mail", b"bahn", b"mail", b"bahnchef", b"mail", b"bahnchef", b"de"]),
    ],
)
def test_compounds_stand_there_joined(text: str, compounds: list[bytes]) -> None:
    assert set(compounds) <= set(joined(text))
    assert bool(compounds) == bool(joined(text))


@pytest.mark.parametrize(
    ("text", "word", "alone"),
    [
        ("Die Bahn fährt.", "Bahn", True),
        ("(Bahn)", "Bahn", True),
        ("Es ist die Bahn.", "Bahn", True),
        ("die Bahn- und Buslinie", "Bahn", True),
        ("Bahn-Chef", "Bahn", False),
        ("#Bahn", "Bahn", False),
        ("bahn.de", "bahn", False),
        ("C#", "C", False),
        ("H&M", "M", False),
        ("snake_bahn", "bahn", False),
    ],
)
def test_a_word_stands_alone_where_nothing_joins_it(text: str, word: str, alone: bool) -> None:
    start = text.index(word) + 1  # a sheet begins with white space
    assert Sheet([(0, "text", text)]).stands_alone(start, start + len(word)) is alone


def test_every_place_knows_its_field() -> None:
    sheet = Sheet([(0, "title", "Bahn"), (0, "text", "Zug"), (1, "text", "M\u00adüller")], 2)
    places = [
        (sheet.stretch(at).owner, sheet.stretch(at).name) for at in (sheet.text.index("B"), sheet.text.index("Z"))
    ]
    assert places == [(0, "title"), (0, "text")]
    assert [stretch.odd for stretch in sheet.stretches] == [False, False, True]
