"""When a channel has more to tell than people can read: five singly, then one rolling summary (DATA.md).

Pure: `now` is an argument, and nothing here knows the store.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.store.jobs import Job

BACKLOG = 10  # more due stories than this are a storm
SINGLES = 5
URGENT_SINGLES = 5  # a minute
UPDATE = timedelta(seconds=30)
UPDATE_BY_NEW_MESSAGE = timedelta(minutes=10)  # where a summary cannot be edited, each one is a new message
CALM = timedelta(seconds=60)
COOL_DOWN = timedelta(minutes=15)  # a storm that comes back so soon after its end goes on, but
LONGEST = timedelta(hours=1)  # only so long after its beginning: then a new message says that it is not over
PART = 40  # stories in one summary, and
SIZE = 8_000  # characters of their titles and links: rendered these are fewer than Slack's 12,000
OUTAGE = timedelta(minutes=5)  # a channel that took nothing for so long tells what waited as "during the outage"
PARTS = 6  # summaries of one storm; what comes after that is counted in the last one


def fresh(job: Job) -> bool:
    """Whether it is a story that its channel has not been told of, and that nobody tried to tell."""
    return job.table == "card" and not (job.shown or job.attempts or job.unsure)


@dataclass(slots=True, kw_only=True)
class Part:
    """One summary as it is to be: the cards that it gains, `more` that it only counts, whether it is a new message."""

    key: str
    fresh: bool
    cards: list[int] = field(default_factory=list)
    more: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Storm:
    """What one channel remembers about its storm; `per_hour` is `max_per_hour` (0: no limit).

    `part` and `size` are the cards and characters of the summary that stands, under `key`; `folded` stories were told
    in summaries so far, the first of them seen at `first`. `over`: it has ended, and its closing report is due. `last`
    and `ended` are the beginning and end of the one before: within a cool-down it goes on instead of beginning anew.
    """

    per_hour: int = 0
    editable: bool = True
    began: datetime | None = None
    busy: datetime | None = None
    singles: int = 0
    told: datetime | None = None
    parts: int = 0
    part: list[int] = field(default_factory=list)
    size: int = 0
    key: str = ""
    folded: int = 0
    first: datetime | None = None
    over: datetime | None = None
    last: datetime | None = None
    ended: datetime | None = None
    down: datetime | None = None  # since when the channel takes nothing
    outage: bool = False  # the storm is what waited while it did
    posts: deque[datetime] = field(default_factory=deque)
    urgent: deque[datetime] = field(default_factory=deque)
    code: Literal["storm", "max-per-hour"] = "storm"  # why it holds

    def observe(self, now: datetime, backlog: int) -> None:
        """Take note of how many stories are due, and begin or end."""
        full = self._full(now)
        if backlog > BACKLOG or full:
            self.busy, self.code = now, "storm" if backlog > BACKLOG else "max-per-hour"
        if self.began is None and self.busy == now:
            self._begin(now, singles=0 if full else SINGLES)
        if self.began is not None and self.busy is not None and now - self.busy >= CALM:
            self.over = self.last = self.began if self.folded else None
            self.began, self.ended = None, now

    def _begin(self, now: datetime, singles: int) -> None:
        """Anew, or where the storm before it has just ended, with its summary and without single messages."""
        self.told = None
        if self.last and self.ended and now - self.ended < COOL_DOWN and now - self.last < LONGEST:
            self.began, self.singles = self.last, 0
            return
        self.began, self.singles = now, singles
        self.parts, self.part, self.size, self.key, self.folded, self.first = 0, [], 0, "", 0, None
        self.outage = self.down is not None and now - self.down >= OUTAGE

    def _full(self, now: datetime) -> bool:
        while self.posts and now - self.posts[0] >= timedelta(hours=1):
            self.posts.popleft()
        return 0 < self.per_hour <= len(self.posts)

    def arrange(self, lengths: Sequence[tuple[int, int]], name: Callable[[int], str]) -> list[Part]:
        """Spread cards (id, characters) over summaries: the one that stands, new ones, at last only counted.

        `name(n)` is the key of the n-th summary.
        """
        found: list[Part] = []
        limit = PARTS if self.editable else self.parts + PARTS // 2  # where nothing can be edited, each time anew
        if not self.editable:
            self.key = ""
        for card, length in lengths:
            if not self._takes(length):
                if self.key and self.parts >= limit:
                    self._last(found).more.append(card)
                    continue
                self.parts += 1
                self.key, self.part, self.size = name(self.parts), [], 0
                found.append(Part(key=self.key, fresh=True))
            self._last(found).cards.append(card)
            self.part.append(card)
            self.size += length
        self.folded += len(lengths)
        return found

    def _takes(self, length: int) -> bool:
        return bool(self.key) and len(self.part) < PART and (not self.part or self.size + length <= SIZE)

    def _last(self, found: list[Part]) -> Part:
        if not found:
            found.append(Part(key=self.key, fresh=False))
        return found[-1]

    def holds(self, job: Job, now: datetime) -> bool:
        """Whether `job` waits for the summary."""
        if self.began is None or not fresh(job) or job.asked:
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
        if self.began is None:
            return False
        gap = UPDATE if self.editable else UPDATE_BY_NEW_MESSAGE
        return self.told is None or now - self.told >= gap

    def kept(self) -> dict[str, Any]:
        """What has to survive a restart, as JSON values."""
        moments = {name: _iso(getattr(self, name)) for name in _MOMENTS}
        return moments | {name: getattr(self, name) for name in _PLAIN}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Go on where the process before this one ended."""
        for name in _MOMENTS:
            setattr(self, name, datetime.fromisoformat(kept[name]) if kept.get(name) else None)
        for name in _PLAIN:
            setattr(self, name, kept.get(name, getattr(self, name)))


_MOMENTS = ("began", "busy", "told", "first", "over", "last", "ended", "down")
_PLAIN = ("singles", "parts", "part", "size", "key", "folded", "code", "outage")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
