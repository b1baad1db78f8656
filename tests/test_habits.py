"""What is learned about a source: how often to ask it, and when its silence is suspicious."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.habits import LONGEST, SHORTEST, dated, in_words, learned, rhythm, silence, usual_pause
from smwatch.model import Item

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEN = 10 * MINUTE


def every(step: timedelta, count: int, until: datetime = NOW) -> list[datetime]:
    return [until - step * n for n in range(count)]


def heard(*moments: datetime, now: datetime = NOW, **more: object) -> dict[str, object]:
    return learned(None, moments, now, news=False, **more)


@pytest.mark.parametrize(
    ("known", "fresh_for", "minutes", "why"),
    [
        ({}, None, 10, "the usual interval"),
        ({"ttl": 1800}, None, 30, "it says itself: every 30 minutes (ttl)"),
        ({"period": 1800}, None, 30, "it says itself: every 30 minutes (sy:updatePeriod)"),
        ({}, 900, 15, "its server lets an answer be kept for 15 minutes"),
        ({"gap": 1200}, None, 20, "it brings something new about every 20 minutes"),
        ({"ttl": 3600, "period": 2400, "gap": 1800}, 900, 15, "its server lets an answer be kept for 15 minutes"),
        ({"ttl": 3600, "period": 900, "gap": 1800}, 2400, 15, "it says itself: every 15 minutes (sy:updatePeriod)"),
        ({"ttl": 60}, None, 5, "it says itself: every 60 seconds (ttl)"),
        ({"gap": 7 * 86400}, None, 60, "it brings something new about every 7 days"),
        ({"period": 86400}, 3600 * 24 * 30, 60, "it says itself: every 24 hours (sy:updatePeriod)"),
    ],
)
def test_the_interval_is_the_least_of_what_is_said_within_bounds(
    known: dict[str, int], fresh_for: int | None, minutes: int, why: str
) -> None:
    found = rhythm(known, fresh_for=fresh_for)
    assert (found.every, found.reason.render("en")) == (minutes * MINUTE, why)
    assert found.reason.render("de") != why


def test_what_its_kind_allows_comes_first() -> None:
    assert rhythm({"ttl": 60}, least=15 * MINUTE).every == 15 * MINUTE
    assert rhythm({}, least=2 * HOUR).every == 2 * HOUR
    assert rhythm({"gap": 60}, least=2 * HOUR).every == 2 * HOUR


def test_where_a_hub_announces_it_is_asked_rarely() -> None:
    assert rhythm({"ttl": 60}, pushed=True).every == HOUR


@given(st.dictionaries(st.sampled_from(["ttl", "period", "gap"]), st.integers(0, 10**9)), st.integers(0, 10**9))
def test_it_is_always_within_bounds(known: dict[str, int], fresh_for: int) -> None:
    assert SHORTEST <= rhythm(known, fresh_for=fresh_for).every <= LONGEST


def test_the_usual_gap_is_the_middle_one_of_the_newest() -> None:
    assert heard(*every(20 * MINUTE, 12))["gap"] == 1200
    assert heard(*every(20 * MINUTE, 12), NOW - 300 * DAY)["gap"] == 1200
    assert "gap" not in heard(*every(20 * MINUTE, 3))


def test_dates_of_the_future_and_no_dates_teach_nothing() -> None:
    assert heard(NOW + DAY, NOW + 2 * DAY) == {}
    assert heard() == {}


def test_what_the_feed_says_is_kept_until_it_says_something_else() -> None:
    found = heard(channel={"ttl": 600, "period": None})
    assert found == {"ttl": 600}
    assert learned(found, [], NOW, news=False) == {"ttl": 600}
    assert learned(found, [], NOW, news=False, channel={"ttl": None, "period": 3600}) == {"period": 3600}


def test_silence_is_suspicious_after_four_usual_pauses() -> None:
    known = heard(*every(HOUR, 10))
    assert usual_pause(known) == HOUR
    assert silence(known, NOW + 4 * HOUR, TEN) is None
    said = silence(known, NOW + 4 * HOUR + MINUTE, TEN)
    assert said is not None
    assert said.render("en") == "suspiciously silent: it usually brings something new at least every 60 minutes"
    assert "verdächtig" in said.render("de")


def test_it_is_never_suspicious_before_it_was_asked_four_times() -> None:
    known = heard(*every(timedelta(seconds=10), 10))
    assert silence(known, NOW + 39 * MINUTE, TEN) is None
    assert silence(known, NOW + 41 * MINUTE, TEN) is not None
    assert silence(known, NOW + timedelta(seconds=41), timedelta(seconds=2)) is not None


@pytest.mark.parametrize("moments", [[], [NOW], every(HOUR, 4), [NOW] * 20])
def test_too_little_is_known_to_be_suspicious(moments: list[datetime]) -> None:
    assert silence(heard(*moments), NOW + 365 * DAY, TEN) is None


def office_hours(days: int) -> list[datetime]:
    """Every half hour from eight to six, on weekdays."""
    start = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    mornings = [start + DAY * n for n in range(days) if (start + DAY * n).weekday() < 5]
    return [morning + 30 * MINUTE * n for morning in mornings for n in range(21)]


def test_nights_and_weekends_are_no_silence() -> None:
    """A newsroom whose feed shows only its 20 newest entries, read for three weeks."""
    published, known, said = office_hours(21), None, []
    for now in accumulate(range(21 * 48), lambda moment, _: moment + 30 * MINUTE, initial=published[0] + DAY):
        listed = [moment for moment in published if moment <= now][-20:]
        news = known is not None and listed[-1] > now - 30 * MINUTE
        known = learned(known, listed, now, news=news)
        if now < published[-1] and silence(known, now, TEN):
            said.append(now)
    assert len({moment.date() for moment in said if moment > published[0] + 10 * DAY}) == 0
    assert silence(known, published[-1] + 14 * DAY, TEN) is not None


def test_a_feed_without_dates_lives_by_what_arrives() -> None:
    known = None
    for n in range(10):
        known = learned(known, [], NOW + n * HOUR, news=n > 0)
    assert known["last"] == (NOW + 9 * HOUR).isoformat()


def test_only_the_last_weeks_are_remembered() -> None:
    assert len(heard(*every(DAY, 100))["pauses"]) == 21


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=20), "20 seconds"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(minutes=45), "45 minutes"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=3, minutes=20), "3 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=3, hours=3), "3 days"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_spans_in_words(span: timedelta, said: str) -> None:
    assert in_words(span).render("en") == said


def test_an_item_that_says_its_time_in_utc_is_taken_as_it_is() -> None:
    told = Item(id="1", source="s", url="https://blatt.example/1", title="Acme", published=NOW)
    elsewhere = NOW.astimezone(timezone(HOUR))
    assert dated(told, NOW) is told
    assert dated(replace(told, updated=elsewhere), NOW).updated.tzinfo is UTC
    assert dated(replace(told, published=NOW + 400 * DAY, updated=NOW), NOW) == replace(
        told, published=None, updated=NOW
    )
