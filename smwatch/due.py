"""When a source is due: its interval with jitter inside it, the back-off of one that fails, the spread of first polls.

Everything here is pure: `now` and `chance` (from [0, 1)) are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from smwatch.errors import AuthExpired, Gone, NotPermitted, SourceError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.source import Source
    from smwatch.store.sources import SourceRow

DEFAULT = timedelta(minutes=10)
JITTER = 0.1  # of the interval, taken off it
FIRST_STEP = 0.12  # seconds between two first polls: 1,000 sources within 120 s
FIRST_MOST = timedelta(seconds=120)
SHORTEST_CAP = timedelta(seconds=60)
LONGEST_CAP = timedelta(hours=6)
GROWTH = 32  # back-off stops growing at so many intervals, between the two caps
REFUSED = timedelta(hours=1)  # after "not allowed": a person has to act
GONE = timedelta(hours=6)
ASKED_MOST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a source is read, and why so often."""

    every: timedelta
    reason: Text


def rhythm(source: Source, row: SourceRow | None = None) -> Rhythm:  # noqa: ARG001 - what is known of it decides with it
    """The interval of a source: as its config says, else the usual one."""
    if source.interval is not None:
        return Rhythm(source.interval, text("as configured"))
    return Rhythm(DEFAULT, text("the usual interval"))


def next_after_success(now: datetime, interval: timedelta, chance: float) -> datetime:
    """The next poll after one that worked."""
    return now + interval * (1 - JITTER * chance)


def next_after_failure(
    now: datetime, interval: timedelta, failures: int, error: SourceError | None, chance: float
) -> datetime:
    """The next poll after the `failures`-th failure in a row: full jitter above half, never before the source asked."""
    cap = min(max(interval * GROWTH, SHORTEST_CAP), LONGEST_CAP)
    pause = min(interval * float(2 ** min(failures, 20)), cap)
    if isinstance(error, Gone):
        pause = max(interval, min(GONE, interval * GROWTH))
    elif isinstance(error, AuthExpired | NotPermitted):
        pause = max(interval, min(REFUSED, interval * GROWTH))
    due: datetime = now + pause * (0.5 + 0.5 * chance)
    if error is not None and error.retry_at is not None:
        due = max(due, min(error.retry_at, now + ASKED_MOST))
    return due


def first_polls(count: int) -> timedelta:
    """Over how long the first polls of `count` sources are spread."""
    return min(max(timedelta(seconds=1), timedelta(seconds=FIRST_STEP) * count), FIRST_MOST)


def first_poll(now: datetime, place: int, count: int, chance: float) -> datetime:
    """When the source in `place` (from 0) of `count` is read first."""
    return now + first_polls(count) * ((place + chance) / max(count, 1))


def state_of(error: SourceError) -> str:
    """The word for a source that failed like this."""
    if isinstance(error, Gone):
        return "gone"
    return "refused" if isinstance(error, AuthExpired | NotPermitted) else "failing"
