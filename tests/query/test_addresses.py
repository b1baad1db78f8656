"""`url:` finds parts of addresses from sign to sign."""

from __future__ import annotations

import pytest

from smwatch.query.addresses import Needle

ADDRESS = "https://www.Acme.example/Presse/2024?x=presse&y=Straße"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("presse", ["Presse", "presse"]),
        ("press", []),
        ("resse", []),
        ("press*", ["Press", "press"]),
        ("*resse", ["resse", "resse"]),
        ("acme.example/presse", ["Acme.example/Presse"]),
        ("/presse/", ["/Presse/"]),
        ("acme*2024", ["Acme.example/Presse/2024"]),
        ("strasse", ["Straße"]),
        ("2024?x", ["2024?x"]),
        ("nichts", []),
    ],
)
def test_parts_from_sign_to_sign(value: str, found: list[str]) -> None:
    assert [ADDRESS[start:end] for start, end in Needle(value).found(ADDRESS)] == found


def test_no_address_holds_nothing() -> None:
    assert Needle("a").found("") == []


def test_a_hostile_address_takes_no_square_of_time() -> None:
    assert Needle("a*b").found("a-" * 100_000) == []
    assert len(Needle("*aaa").found("a" * 99_999)) == 1
