"""Fuzzy words: optimal string alignment, and that a text without any piece of a word is never close to it."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.query.edits import closer
from smwatch.query.steps import Similar

words = st.text("abü", min_size=1, max_size=8)


def plain(one: str, other: str) -> int:
    """The definition, as a recursion."""

    @cache
    def edits(n: int, m: int) -> int:
        if n == 0 or m == 0:
            return n + m
        found = [edits(n - 1, m) + 1, edits(n, m - 1) + 1, edits(n - 1, m - 1) + (one[n - 1] != other[m - 1])]
        if n > 1 and m > 1 and one[n - 1] == other[m - 2] and one[n - 2] == other[m - 1]:
            found.append(edits(n - 2, m - 2) + 1)
        return min(found)

    return edits(len(one), len(other))


@given(words, words, st.integers(1, 2))
def test_it_is_the_definition(one: str, other: str, most: int) -> None:
    assert closer(one, other, most) == (plain(one, other) <= most)


@pytest.mark.parametrize(
    ("one", "other", "most", "close"),
    [
        ("bahn", "bhan", 1, True),
        ("ca", "abc", 2, False),
        ("bahn", "bahn", 1, True),
        ("bahn", "ban", 1, True),
        ("bahn", "b", 2, False),
    ],
)
def test_examples(one: str, other: str, most: int, close: bool) -> None:
    assert closer(one, other, most) is close


@given(words, words, st.integers(1, 2))
def test_a_close_word_holds_one_of_the_pieces(key: str, other: str, edits: int) -> None:
    anchor = Similar(key, edits).anchor()
    if closer(key, other, edits) and anchor.words:
        assert any(piece in other for piece in anchor.words)
