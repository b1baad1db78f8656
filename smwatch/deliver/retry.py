"""What follows from an answer of a channel: pure decisions; `now` is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.store.waiting import Hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.store.jobs import Job

LOOKUPS = (
    timedelta(seconds=2),
    timedelta(seconds=6),
)  # after a lost answer: Slack's history may lag by a second or two
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)  # a channel that asks for more is asked again all the same
LONGEST_HOLD = timedelta(minutes=5)
PERMANENT_DELAY = timedelta(hours=1)
GIVE_UP = timedelta(hours=24)  # then the fallback channel gets it


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try this message again at `at`; `unsure_at`: its answer was lost then, so ask the channel first."""

    at: datetime
    unsure_at: datetime | None


Verdict = Again | Hold | Literal["renew"]


def after(error: ChannelError, job: Job, now: datetime, streak: int) -> Verdict:
    """What to do when `job` failed for the (`job.attempts` + 1)th time, and the channel for the (`streak` + 1)th."""
    if error.edit_lost and job.receipt is not None:
        return "renew"
    if error.scope is Scope.CHANNEL and error.outcome is Outcome.NOT_SENT:
        return hold(error, now, streak)
    posted = error.outcome is Outcome.UNSURE and job.receipt is None
    return Again(at=now + _delay(error, job, posted=posted), unsure_at=now if posted else job.unsure_at)


def hold(error: ChannelError, now: datetime, streak: int) -> Hold:
    """The whole channel waits: as long as it asked, else 1, 2, 4 … 60 seconds; 15 s … 5 min where people must act."""
    longest = LONGEST_HOLD if error.permanent else LONGEST_DELAY
    first = timedelta(seconds=15 if error.permanent else 1)
    wait = min(first * 2 ** min(streak, 10), longest)
    if error.retry_after is not None:
        wait = min(max(error.retry_after, timedelta(seconds=1)), LONGEST_PAUSE)
    return Hold(reason=error.sentence, until=now + wait, permanent=error.permanent)


def _delay(error: ChannelError, job: Job, *, posted: bool) -> timedelta:
    if error.permanent:
        return PERMANENT_DELAY
    backed_off: timedelta = min(FIRST_DELAY * 2 ** min(job.attempts, 10), LONGEST_DELAY)
    if posted and job.attempts == 0:
        return LOOKUPS[0]
    return max(backed_off, min(error.retry_after or timedelta(0), LONGEST_PAUSE))


def next_lookup(lost: datetime, now: datetime) -> datetime | None:
    """When to ask again for what was not found at `now`, and whose answer was lost then; None: it did not arrive."""
    last = lost + LOOKUPS[-1]
    return last if now < last else None


def is_due(moment: datetime | None, now: datetime) -> bool:
    """Whether a pause until `moment` is over; nothing pauses for more than an hour: then the clock was put back."""
    return moment is None or not timedelta(0) < moment - now <= LONGEST_PAUSE


def choose(jobs: Sequence[Job], now: datetime) -> Job | None:
    """The next job of a queue in order; one that failed just now holds those behind it, until it steps aside."""
    for job in jobs:
        if is_due(job.not_before, now) and not (job.waits and now < (job.not_before or now)):
            return job
        if job.attempts and not job.aside(now):
            return None
    return None


def given_up(job: Job, now: datetime) -> bool:
    """Whether its own channel has had its chances."""
    if job.first_attempt is None or not job.tells:
        return False
    permanent = job.problem is not None and job.problem.permanent
    return permanent or now - job.first_attempt >= GIVE_UP
