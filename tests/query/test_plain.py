"""The plain form of texts: one byte a character, and every spelling of a folded word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.text import fold
from smwatch.text.plain import ODD, SPACE, plain, variants

GERMAN = st.text("abeouäöüßÄÖÜẞsSœæÉñ", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Die Bahn, 2026!", b"die bahn  2026 "),
        ("MÜLLER & Söhne", b"m\xfcller   s\xf6hne"),
        ("Straße, STRAẞE", b"stra\xdfe  stra\xdfe"),
        ("„Café“ – niño", b" cafe    nino"),
        ("Erdoğan in Łódź", b"erdogan in lodz"),
        ("Æther, Œuvre, 5 m²", b"\xe4ther  \xf6uvre  5 m2"),
        ("Rock’n’Roll", b"rock n roll"),
        ("gut ❤️ so", b"gut    so"),
    ],
)
def test_letters_are_folded_to_one_byte(text: str, form: bytes) -> None:
    assert plain(text) == form


@pytest.mark.parametrize("text", ["Ba\u00adhn", "Mu\u0308ller", "Москва", "東京", "½ Liter", "Ba\u200bhn", "Ｂahn"])
def test_what_has_no_plain_form_is_odd(text: str) -> None:
    assert ODD in plain(text)


@given(st.text(max_size=60))
def test_places_are_those_of_the_text(text: str) -> None:
    form = plain(text)
    assert len(form) == len(text)
    assert [char for char, code in zip(text, form, strict=True) if char.isalnum() and code == SPACE] == []


@given(GERMAN)
def test_the_plain_form_of_a_word_is_among_the_variants_of_its_key(word: str) -> None:
    assert plain(word) in (variants(fold(word)) or [plain(word)])


@pytest.mark.parametrize(
    ("key", "sides", "expected"),
    [
        ("bahn", {}, [b"bahn"]),
        ("mueller", {}, [b"m\xfcller", b"mueller"]),
        ("strasse", {}, [b"stra\xdfe", b"strasse"]),
        ("eller", {"left": False}, [b"eller", b"\xe4ller", b"\xf6ller", b"\xfcller"]),
        ("stra", {"right": False}, [b"stra", b"str\xe4"]),
        ("h&m", {}, [b"h m"]),
        ("москва", {}, None),
        ("ss" * 8, {}, None),
    ],
)
def test_variants(key: str, sides: dict[str, bool], expected: list[bytes] | None) -> None:
    assert variants(key, **sides) == expected
