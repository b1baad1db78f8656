"""The nouns: speakable ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.model import numbered, short_id


@given(st.integers(min_value=0, max_value=2**60))
def test_a_short_id_reads_back(number: int) -> None:
    assert numbered(short_id("M", number), "M") == number


@pytest.mark.parametrize(("number", "short"), [(0, "M00"), (7, "M07"), (31, "M0Z"), (32, "M10"), (148_802, "M4HA2")])
def test_short_ids(number: int, short: str) -> None:
    assert short_id("M", number) == short


def test_letters_that_sound_alike_are_forgiven() -> None:
    assert numbered(" m1o", "M") == numbered("M10", "M") == 32


@pytest.mark.parametrize("said", ["", "M", "M!?", "MÄ", "S10", "10", f"M{'Z' * 13}", "M" * 5000])
def test_anything_else_has_no_number(said: str) -> None:
    assert numbered(said, "M") is None


@pytest.mark.parametrize(("said", "number"), [("10", 32), ("m10", 32), ("", None), ("M", None), ("?", None)])
def test_the_letter_may_be_left_out_where_it_is_clear(said: str, number: int | None) -> None:
    assert numbered(said, "M", bare=True) == number
