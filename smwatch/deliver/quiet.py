"""Quiet hours: what waits for the morning, and until when (pure; `now` is an argument).

They hold new messages, not edits of messages that stand there already, and nothing that somebody asked for (digests,
tests) or has to act on (news for the operator). What was held is told together when they end.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from smwatch.plugin import QuietHours
    from smwatch.store.jobs import Job

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HELD = frozenset({"card", "late", "news", "start", "proposal", "summary"})


def quiet_until(hours: QuietHours | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours around `now` end, in UTC; None outside of them. `days` are those on which they begin."""
    if hours is None:
        return None
    local = now.astimezone(zone)
    for ago in (0, 1):
        day = local.date() - timedelta(days=ago)
        if hours.days and DAYS[day.weekday()] not in hours.days:
            continue
        begin = datetime.combine(day, hours.start, zone)
        end = datetime.combine(day + timedelta(days=hours.end <= hours.start), hours.end, zone)
        if begin.astimezone(UTC) <= now < end.astimezone(UTC):
            return end.astimezone(UTC)
    return None


def waits(job: Job, hours: QuietHours) -> bool:
    """Whether `job` has to wait: a new message, that nobody may have seen, and that may not break through."""
    if job.kind not in HELD or job.receipt is not None or job.unsure:
        return False
    order = list(Priority)
    through = hours.except_priority or Priority.URGENT
    return order.index(job.priority) > order.index(through)


def held(jobs: Sequence[Job], why: Literal["quiet", "muted"] = "quiet") -> list[Job]:
    """The stories among `jobs` that waited for the end of quiet hours (of a silence), and that nobody tried to tell."""
    waited = [job for job in jobs if job.table == "card" and not job.attempts and job.receipt is None]
    return [job for job in waited if job.problem is not None and getattr(job.problem, why)]
