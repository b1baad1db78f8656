"""When a channel has more to tell than people can read: five singly, then one rolling summary (DATA.md).

Pure: `now` is an argument, and nothing here knows the store.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from smwatch.model import Priority

if TYPE_CHECKING:
    from smwatch.store.jobs import Job

BACKLOG = 10  # more due stories than this are a storm
SINGLES = 5
URGENT_SINGLES = 5  # a minute
UPDATE = timedelta(seconds=30)
UPDATE_BY_NEW_MESSAGE = timedelta(minutes=10)  # where a summary cannot be edited, each one is a new message
CALM = timedelta(seconds=60)
PART = 40  # stories in one summary: with long titles and links these are 12,000 characters


def fresh(job: Job) -> bool:
    """Whether it is a story that its channel has not been told of, and that nobody tried to tell."""
    return job.table == "card" and not (job.shown or job.attempts or job.unsure)


@dataclass(slots=True, kw_only=True)
class Storm:
    """What one channel remembers about its storm; `per_hour` is `max_per_hour` (0: no limit)."""

    per_hour: int = 0
    editable: bool = True
    began: datetime | None = None
    busy: datetime | None = None
    singles: int = 0
    told: datetime | None = None
    parts: int = 0
    part: list[int] = field(default_factory=list)  # the cards of the summary that stands
    key: str = ""
    posts: deque[datetime] = field(default_factory=deque)
    urgent: deque[datetime] = field(default_factory=deque)
    code: Literal["storm", "max-per-hour"] = "storm"  # why it holds

    def observe(self, now: datetime, backlog: int) -> None:
        """Take note of how many stories are due, and begin or end."""
        full = self._full(now)
        if backlog > BACKLOG or full:
            self.busy, self.code = now, "storm" if backlog > BACKLOG else "max-per-hour"
        if self.began is None and self.busy == now:
            self.began, self.singles, self.told = now, 0 if full else SINGLES, None
            self.parts, self.part, self.key = 0, [], ""
        if self.began is not None and self.busy is not None and now - self.busy >= CALM:
            self.began = None

    def _full(self, now: datetime) -> bool:
        while self.posts and now - self.posts[0] >= timedelta(hours=1):
            self.posts.popleft()
        return 0 < self.per_hour <= len(self.posts)

    def holds(self, job: Job, now: datetime) -> bool:
        """Whether `job` waits for the summary."""
        if self.began is None or not fresh(job):
            return False
        if job.priority is Priority.URGENT:
            while self.urgent and now - self.urgent[0] >= timedelta(minutes=1):
                self.urgent.popleft()
            return len(self.urgent) >= URGENT_SINGLES
        return self.singles <= 0

    def posted(self, job: Job, now: datetime) -> None:
        """A message of its own went out for `job`."""
        if job.table != "card" or job.receipt is not None:
            return
        self.posts.append(now)
        if job.priority is Priority.URGENT:
            self.urgent.append(now)
        elif self.began is not None:
            self.singles -= 1

    def due(self, now: datetime) -> bool:
        """Whether the summary's next state is to be told."""
        if self.began is None or self.singles > 0:
            return False
        gap = UPDATE if self.editable else UPDATE_BY_NEW_MESSAGE
        return self.told is None or now - self.told >= gap

    @property
    def room(self) -> int:
        """How many stories the standing summary still takes; 0: begin another part."""
        return PART - len(self.part) if self.key and self.editable else 0
