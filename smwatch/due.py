"""When a source is due and how it stands: its interval with jitter inside it, its back-off when it fails, its state.

Everything here is pure: `now` and `chance` (from [0, 1)) are arguments.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from smwatch import habits
from smwatch.errors import HOST_RESTS, AuthExpired, Gone, NotPermitted, SourceError
from smwatch.habits import Rhythm
from smwatch.i18n import text
from smwatch.moves import proposed
from smwatch.packed import unpacked

if TYPE_CHECKING:
    from smwatch.errors import HostRests
    from smwatch.i18n import Text
    from smwatch.source import Source
    from smwatch.store.sources import SourceRow

NEVER = datetime.min.replace(tzinfo=UTC)
JITTER = 0.1  # of the interval, taken off it
FIRST_STEP = 0.12  # seconds between two first polls: 1,000 sources within 120 s
FIRST_MOST = timedelta(minutes=10)  # with thousands of them; reading all at once would hold up everything else
SHORTEST_CAP = timedelta(seconds=60)
LONGEST_CAP = timedelta(hours=6)
GROWTH = 32  # back-off stops growing at so many intervals, between the two caps
REFUSED = timedelta(hours=1)  # after "not allowed": a person has to act
GONE = timedelta(hours=6)
ASKED_MOST = timedelta(hours=24)
AFTER_REST = timedelta(seconds=20)
DAILY, WEEKLY = timedelta(days=1), timedelta(days=7)
NOT_FOUND = 404
GIVES_UP = {"missing": timedelta(days=1), "refused": timedelta(hours=6), "gone": timedelta(days=1)}
GONE_TIMES = 3  # said so often over a day, it is believed
TOLD_AFTER = {"missing": timedelta(days=3), "gone": timedelta(days=1)}
FAILING_FOR = timedelta(hours=1)  # a source that fails for less may be back before anybody has read about it


def rhythm(source: Source, row: SourceRow | None = None) -> Rhythm:
    """The interval of a source: as its config says, else as it was learned."""
    if source.interval is not None:
        return Rhythm(source.interval, habits.AS_CONFIGURED)
    kept = unpacked(row.validators if row is not None else None)
    spans = [one.get("fresh_for") for one in kept.values() if isinstance(one, dict)]
    return habits.rhythm(
        unpacked(row.heard) if row is not None else None,
        fresh_for=min((span for span in spans if span), default=None),
        least=source.card.min_interval if hasattr(source, "card") else habits.SHORTEST,
        pushed=row is not None and row.pushed_until is not None,
    )


def worked(
    row: SourceRow, now: datetime, every: timedelta, source: Source | None = None, *, again: datetime | None = None
) -> SourceRow:
    """How a source stands after a poll that worked: well, suspiciously silent, or at another address for good.

    One that is searched (its card says so) may find nothing for as long as it likes. `again` is when it is due next,
    where that is known: rows are copied once a poll.
    """
    is_search = source is not None and hasattr(source, "card") and source.card.keyword_search
    heard = unpacked(row.heard)
    quiet = None if is_search else habits.silence(heard, now, every, since=row.first_poll_at)
    moved = proposed(row.validators)
    reason = quiet or (text("it has moved for good: write {url} as its address", url=moved) if moved else None)
    if reason is None and habits.is_churning(heard, now):
        reason = text("its entries get new ids again and again; they are known by their links and words")
    state = "silent" if quiet else "ok"
    since = row.state_since if row.state == state and row.state_since else now
    return replace(
        row,
        state=state,
        reason=reason,
        state_since=since,
        failures=0,
        trouble=None,
        last_ok_at=now,
        due_at=again or row.due_at,
    )


def failed(row: SourceRow, error: SourceError, now: datetime) -> SourceRow:
    """How a source stands after a poll that did not work."""
    kind, before = kind_of(error), row.trouble or {}
    same = before.get("kind") == kind
    trouble = {
        "kind": kind,
        "times": int(before["times"]) + 1 if same else 1,
        "since": before["since"] if same else now.isoformat(),
    }
    row = marked(row, state_of(error), error.sentence, now)
    return replace(row, failures=row.failures + 1, trouble=trouble)


def held_up(row: SourceRow, error: HostRests) -> SourceRow:
    """How a source stands that was not asked, as its host wants to be left alone: as before, and people see why."""
    return replace(row, reason=error.sentence) if row.state in ("ok", "new") else row


def waits_for(row: SourceRow) -> str | None:
    """The host that a source waits for, as another one's request heard that it wants to be left alone."""
    reason = row.reason
    return str(reason.values["host"]) if reason and reason.template == HOST_RESTS else None


def held_until(row: SourceRow, now: datetime) -> datetime | None:
    """Until when a source is left alone also by a new start: what it, its host, or its failures asked for."""
    if row.due_at is None or not (row.failures or waits_for(row)):
        return None
    return min(row.due_at, now + (WEEKLY if row.state == "gone" else ASKED_MOST))


def renamed(row: SourceRow, now: SourceRow) -> SourceRow:
    """A source as it stands, under the name and at the address that it has `now`."""
    if row.key == now.key:
        return replace(row, name=now.name)
    return replace(row, name=now.name, key=now.key, origin=now.origin, former=now.former, validators=now.validators)


def heard(row: SourceRow, error: SourceError | None, now: datetime) -> SourceRow:
    """How a source stands whose stream has ended (or stands again), beside its polls."""
    if error is None:
        return marked(row, "ok", None, now)
    return marked(row, state_of(error), error.sentence, now)


def marked(row: SourceRow, state: str, reason: Text | None, now: datetime) -> SourceRow:
    """The row in this state, from `now` on where it was in another one."""
    since = row.state_since if row.state == state and row.state_since else now
    return replace(row, state=state, reason=reason, state_since=since)


def is_told(row: SourceRow, now: datetime) -> bool:
    """Whether people hear of it: silent; failing for an hour; not found for three days; gone for certain."""
    if row.state == "silent":
        return True
    if not row.failures or row.first_poll_at is None:
        return False
    if row.trouble is None:
        return now - (row.state_since or now) >= FAILING_FOR
    return lasting(row, now) >= TOLD_AFTER.get(str(row.trouble["kind"]), FAILING_FOR) and not _is_in_doubt(row)


def lasting(row: SourceRow, now: datetime) -> timedelta:
    """How long it has been failing in the way it does."""
    since = habits.moment_of(row.trouble or {}, "since")
    return now - since if since is not None else timedelta(0)


def _is_in_doubt(row: SourceRow) -> bool:
    return row.trouble is not None and row.trouble["kind"] == "gone" and int(row.trouble["times"]) < GONE_TIMES


def next_after_success(now: datetime, interval: timedelta, chance: float) -> datetime:
    """The next poll after one that worked."""
    return now + interval * (1 - JITTER * chance)


def next_after_failure(  # noqa: PLR0913 - everything that decides about a pause
    now: datetime,
    interval: timedelta,
    failures: int,
    error: SourceError | None,
    chance: float,
    *,
    lasting: timedelta = timedelta(0),
) -> datetime:
    """The next poll after the `failures`-th failure in a row: full jitter above half, never before the source asked.

    `lasting` is how long it has failed like this: what is not found or not allowed for long is asked once a day, what
    is gone for good rests and is looked at once a week.
    """
    cap = min(max(interval * GROWTH, SHORTEST_CAP), LONGEST_CAP)
    pause = min(interval * float(2 ** min(failures, 20)), cap)
    kind = kind_of(error) if error is not None else ""
    if kind in GIVES_UP and lasting >= GIVES_UP[kind]:
        pause = max(interval, WEEKLY if kind == "gone" else DAILY)
    elif kind == "gone":
        pause = max(interval, min(GONE, interval * GROWTH))
    elif kind == "refused":
        pause = max(interval, min(REFUSED, interval * GROWTH))
    due: datetime = now + pause * (0.5 + 0.5 * chance)
    if error is not None and error.retry_at is not None:
        due = max(due, min(error.retry_at, now + ASKED_MOST))
    return due


def next_after_rest(now: datetime, error: HostRests, chance: float) -> datetime:
    """The next poll of a source that was not asked: once its host may be asked again, not all of them at once."""
    until = error.retry_at or now
    return min(until, now + ASKED_MOST) + AFTER_REST * chance


def first_polls(count: int) -> timedelta:
    """Over how long the first polls of `count` sources are spread."""
    return min(max(timedelta(seconds=1), timedelta(seconds=FIRST_STEP) * count), FIRST_MOST)


def first_poll(now: datetime, place: int, count: int, chance: float) -> datetime:
    """When the source in `place` (from 0) of `count` is read first."""
    return now + first_polls(count) * ((place + chance) / max(count, 1))


def waiting_since(row: SourceRow) -> tuple[datetime, int]:
    """Sorts those that were never read first, then those that were read the longest ago."""
    return row.last_ok_at or NEVER, row.id


def kind_of(error: SourceError) -> str:
    """How a source fails, as far as it decides about the next poll."""
    if isinstance(error, Gone):
        return "gone"
    if isinstance(error, AuthExpired | NotPermitted):
        return "refused"
    return "missing" if error.status == NOT_FOUND else "failing"


def state_of(error: SourceError) -> str:
    """The word for a source that failed like this."""
    kind = kind_of(error)
    return "failing" if kind == "missing" else kind
