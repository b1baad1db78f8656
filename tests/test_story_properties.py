"""Whatever comes in whatever order, and however often the daemon restarts: the same items belong together."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import RECALL, WORKS, accidents, copies

from smwatch.built import built
from smwatch.model import Item
from smwatch.story.prints import grams_of, plain_grams
from smwatch.testing.story_kit import Gatherer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ITEMS = [*copies(RECALL), *copies(WORKS, 8), *accidents(16)]
EXPECTED = {frozenset(range(8)), frozenset(range(8, 16)), *(frozenset([n]) for n in range(16, 20))}
ORDERS = st.permutations(range(len(ITEMS)))
CLIENTS = st.lists(st.sampled_from(["", "Acme", "Globex"]), min_size=len(ITEMS), max_size=len(ITEMS))
GAPS = st.lists(st.integers(0, 5), min_size=len(ITEMS), max_size=len(ITEMS))  # hours between two items
WORDS = st.text(st.sampled_from("ab ä.1\n"), max_size=60)


def parts(gatherer, order):
    """Which items (by their place in ITEMS) are one story."""
    found = defaultdict(set)
    for number, home in gatherer.homes.items():
        found[gatherer.items[number][0], home].add(order[number])
    return {frozenset(part) for part in found.values()}


def run(order, *, told=False, restarts=(), clients=None, gaps=None):
    gatherer, at = Gatherer(told=told), NOW
    for place, number in enumerate(order):
        if place in restarts:
            gatherer.restart(at)
        gatherer.take(ITEMS[number], at, clients[number] if clients else "")
        at += timedelta(hours=gaps[place]) if gaps else timedelta(seconds=1)
        gatherer.window.forget(at)
    return gatherer


@given(ORDERS)
@settings(max_examples=60, deadline=None)
def test_while_nobody_was_told_the_order_makes_no_difference(order):
    assert parts(run(order), order) == EXPECTED


@given(ORDERS)
@settings(max_examples=60, deadline=None)
def test_told_at_once_no_story_holds_what_does_not_belong(order):
    for part in parts(run(order, told=True), order):
        assert any(part <= expected for expected in EXPECTED)


@given(ORDERS, st.sets(st.integers(1, len(ITEMS) - 1)), GAPS, CLIENTS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_restarts_make_no_difference(order, restarts, gaps, clients, told):
    how = {"told": told, "gaps": gaps, "clients": clients}
    assert run(order, restarts=restarts, **how).homes == run(order, **how).homes


@given(ORDERS, CLIENTS, GAPS)
@settings(max_examples=60, deadline=None)
def test_a_client_s_stories_are_the_same_as_if_it_were_alone(order, clients, gaps):
    both = run(order, told=True, clients=clients, gaps=gaps)
    for client in set(clients):
        alone, at = Gatherer(told=True), NOW
        kept = []
        for place, number in enumerate(order):
            if clients[number] == client:
                alone.take(ITEMS[number], at, client)
                kept.append(number)
            at += timedelta(hours=gaps[place])
            alone.window.forget(at)
        mine = {n: home for n, home in both.homes.items() if both.items[n][0] == client}
        together = defaultdict(set)
        for n, home in mine.items():
            together[home].add(order[n])
        assert {frozenset(part) for part in together.values()} == parts(alone, kept)


@given(ORDERS, GAPS)
@settings(max_examples=60, deadline=None)
def test_a_story_lasts_two_days_at_most_and_waits_six_hours_at_most(order, gaps):
    gatherer = run(order, told=True, gaps=gaps)
    spans = defaultdict(list)
    for number, home in gatherer.homes.items():
        spans[home].append(gatherer.items[number][3])
    for moments in spans.values():
        assert moments[-1] - moments[0] <= timedelta(hours=48)
        assert all(later - at <= timedelta(hours=6) for at, later in itertools.pairwise(moments))


@given(st.lists(st.tuples(WORDS, WORDS, st.sampled_from(["article", "post", ""])), max_size=12))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it_and_equal_ones_belong_together(texts):
    gatherer = Gatherer()
    for title, text, kind in texts:
        one = Item(id="1", source="x", title=title, text=text, kind=kind)
        number = gatherer.take(one, NOW)
        again = gatherer.take(one, NOW)
        if len(text.split()) >= 8 and len(text) >= 50:
            assert gatherer.homes[number] == gatherer.homes[again]


def test_what_is_kept_in_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("smwatch.story.window.MOST_ITEMS", 50)
    monkeypatch.setattr("smwatch.story.recall.MOST", 5)
    gatherer = Gatherer()
    for number in range(300):
        text = " ".join(f"wort{number * 100 + n}" for n in range(80))
        gatherer.take(Item(id=f"{number}", source="x", title=f"Nr. {number}", text=text), NOW)
    assert len(gatherer.window) == 50
    assert len(gatherer.recall._said) == 5
    assert len(gatherer.window._shelves[""].grams) < 50 * 60


@pytest.mark.skipif(built("smwatch.story.grams") is None, reason="no compiler was there at installation")
@given(st.lists(st.sampled_from(range(400)), max_size=2_000))
def test_compiled_grams_are_those_of_python(numbers):
    words = [f"ä{number * number}".encode() for number in numbers]
    assert grams_of(words) == plain_grams(words)


@pytest.mark.skipif(built("smwatch.story.grams") is None, reason="no compiler was there at installation")
@pytest.mark.parametrize("size", [0, 1, 4, 5, 6, 36, 37, 500, 5_000])
def test_compiled_grams_of_any_number_of_words_are_those_of_python(size):
    words = [str(number * 7).encode() for number in range(size)]
    assert grams_of(words) == plain_grams(words)
