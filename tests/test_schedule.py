"""When a source is polled again: the decisions alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.errors import AuthExpired, Broken, Gone, NotPermitted, RateLimited, SourceError, Transient
from smwatch.i18n import text
from smwatch.schedule import first_polls, next_after_failure, next_after_success, state_of

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
SAID = text("gone")
MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_an_interval_is_kept_and_the_jitter_is_inside_of_it(chance: float) -> None:
    due = next_after_success(NOW, MINUTES, chance)
    assert NOW + timedelta(minutes=9) <= due <= NOW + MINUTES


def test_failures_wait_longer_and_longer_up_to_a_cap() -> None:
    waits = [next_after_failure(NOW, MINUTES, n, Transient(SAID), 1.0) - NOW for n in (1, 2, 3, 10, 10_000)]
    assert waits == [timedelta(minutes=20), timedelta(minutes=40), timedelta(minutes=80), *[timedelta(minutes=320)] * 2]


def test_a_source_of_two_seconds_that_failed_for_ten_is_read_again_within_75() -> None:
    assert next_after_failure(NOW, timedelta(seconds=2), 1000, Transient(SAID), 1.0) - NOW <= timedelta(seconds=64)


@pytest.mark.parametrize(
    ("asked", "wait"), [(timedelta(hours=3), timedelta(hours=3)), (timedelta(days=3650), timedelta(hours=24))]
)
def test_what_a_server_asks_for_is_kept_up_to_a_day(asked: timedelta, wait: timedelta) -> None:
    error = RateLimited(SAID, retry_at=NOW + asked)
    assert next_after_failure(NOW, MINUTES, 1, error, 0.0) == NOW + wait


@pytest.mark.parametrize(
    ("error", "state", "least"),
    [
        (Gone(SAID), "gone", timedelta(hours=2)),
        (AuthExpired(SAID), "refused", timedelta(minutes=30)),
        (NotPermitted(SAID), "refused", timedelta(minutes=30)),
        (Broken(SAID), "failing", timedelta(minutes=10)),
        (Transient(SAID), "failing", timedelta(minutes=10)),
    ],
)
def test_what_only_a_person_can_mend_is_tried_rarely(error: SourceError, state: str, least: timedelta) -> None:
    assert state_of(error) == state
    assert next_after_failure(NOW, MINUTES, 1, error, 0.0) - NOW >= least


@pytest.mark.parametrize(("count", "seconds"), [(1, 1), (12, 1.44), (100, 12), (1000, 120), (100_000, 120)])
def test_first_polls_are_spread(count: int, seconds: float) -> None:
    assert first_polls(count) == timedelta(seconds=seconds)
