"""The nouns: speakable ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.model import number_of, short_id


@given(st.integers(min_value=0, max_value=2**60))
def test_a_short_id_reads_back(number: int) -> None:
    assert number_of(short_id("M", number)) == number


@pytest.mark.parametrize(("number", "short"), [(0, "M00"), (7, "M07"), (31, "M0Z"), (32, "M10"), (148_802, "M4HA2")])
def test_short_ids(number: int, short: str) -> None:
    assert short_id("M", number) == short


def test_letters_that_sound_alike_are_forgiven() -> None:
    assert number_of("m1o") == number_of("M10") == 32


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        number_of("M!?")
