"""Counting words between places, against the plainest way to count; and that it stays linear."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smwatch.query.places import MOST_PAIRS, Place, Sentences, joined, near, near_pairs, sharing
from smwatch.query.windows import taking_part, windows

THOROUGH = settings(deadline=None, max_examples=400, derandomize=True, database=None)


def at(first: int, last: int | None = None, term: str = "x") -> Place:
    end = (first if last is None else last) + 1
    return Place(first, end - 1, 10 * first, 10 * end - 1, ((10 * first, 10 * end - 1, term),))


@st.composite
def rows(draw: st.DrawFn) -> list[Place]:
    spans = draw(st.lists(st.tuples(st.integers(0, 25), st.integers(0, 2)), max_size=6, unique=True))
    return [at(first, first + length) for first, length in spans]


def between(one: Place, other: Place) -> int | None:
    """Words between, negative where `other` stands first; None where they share a word."""
    if one.last < other.first:
        return other.first - one.last - 1
    if other.last < one.first:
        return -(one.first - other.last)
    return None


def is_near(one: Place, other: Place, words: int, *, ordered: bool) -> bool:
    gap = between(one, other)
    if gap is None:
        return False
    return gap <= words if gap >= 0 else not ordered and -gap - 1 <= words


@THOROUGH
@given(rows(), rows(), st.integers(0, 12), st.booleans())
def test_near_is_what_counting_says(left: list[Place], right: list[Place], words: int, ordered: bool) -> None:
    pairs = [pair for pair in product(left, right) if is_near(*pair, words, ordered=ordered)]
    ours, theirs = near(left, right, words, ordered=ordered)
    assert set(ours) == {one for one, _ in pairs}
    assert set(theirs) == {other for _, other in pairs}
    assert set(near_pairs(left, right, words, ordered=ordered)) == set(pairs)


@THOROUGH
@given(st.lists(rows(), min_size=2, max_size=4), st.integers(0, 10))
def test_windows_are_what_counting_says(several: list[list[Place]], others: int) -> None:
    fitting = [choice for choice in product(*several) if fits(choice, others)]
    assert set(windows(several, others, 10**6)) == set(fitting)
    assert set(taking_part(several, others)) == {place for choice in fitting for place in choice}


@THOROUGH
@given(st.lists(st.integers(0, 40), max_size=8, unique=True), st.integers(1, 3), st.integers(0, 10))
def test_a_word_that_comes_twice_needs_two_places(words: list[int], times: int, others: int) -> None:
    row, once = [at(word) for word in words[1:]], [at(word) for word in words[:1]]
    several = [*([row] * times), once]
    fitting = [choice for choice in product(*several) if fits(choice, others)]
    assert set(taking_part(several, others)) == {place for choice in fitting for place in choice}


def fits(choice: tuple[Place, ...], others: int) -> bool:
    ordered = sorted(choice)
    if any(one.last >= other.first for one, other in pairwise(ordered)):
        return False
    own = sum(place.last - place.first + 1 for place in choice)
    return max(place.last for place in choice) - ordered[0].first + 1 - own <= others


def test_a_place_over_others_reaches_from_the_first_to_the_last() -> None:
    assert joined([at(5), at(2, 3)]) == Place(2, 5, 20, 59, (*at(5).marks, *at(2, 3).marks))


@pytest.mark.parametrize(
    ("place", "number"), [(at(0), 1), (at(1), 1), (at(2), 2), (at(1, 2), None), (at(0, 5), None), (at(9), 2)]
)
def test_a_place_is_in_the_sentence_that_holds_all_of_it(place: Place, number: int | None) -> None:
    assert Sentences([(0, 19), (20, 99)]).of(place) == number


def test_sentences_take_what_shares_one() -> None:
    sentences = Sentences([(0, 29), (30, 99)])
    left, right = [at(0), at(3), at(9)], [at(2), at(5)]
    assert sharing(left, right, sentences, ordered=False) == ([at(0), at(3), at(9)], [at(2), at(5)])
    assert sharing(left, right, sentences, ordered=True) == ([at(0), at(3)], [at(2), at(5)])
    assert sharing([at(0)], [at(0)], sentences, ordered=False) == ([], [])


def test_thousands_of_places_are_no_square() -> None:
    left, right = [at(2 * n) for n in range(30_000)], [at(2 * n + 1) for n in range(30_000)]
    ours, theirs = near(left, right, 100, ordered=False)
    assert (len(ours), len(theirs)) == (30_000, 30_000)
    assert len(near_pairs(left, right, 100, ordered=False)) <= 2 * 30_000
    assert len(taking_part([left, right, left], 100)) == 60_000


def test_matches_that_are_nested_deeply_do_not_become_more_and_more() -> None:
    words = [at(word) for word in range(MOST_PAIRS)]
    found = words
    for _ in range(4):
        pairs = near_pairs(found, words, 100, ordered=False)
        found = list({(it.first, it.last): it for it in map(joined, pairs)}.values())
    assert MOST_PAIRS / 2 <= len(found) <= 2 * MOST_PAIRS
