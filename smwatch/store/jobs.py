"""The noun of delivery: a card or a post that has something to show, read from its row."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import null

from smwatch.i18n import Text, from_json, to_json
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Row

STEP_ASIDE = timedelta(minutes=15)  # so long one failing message may hold up those behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a delivery is still here.

    `permanent`: a person has to act; `quiet`: it waits for the end of quiet hours; `muted`: a silence holds it.
    """

    reason: Text
    permanent: bool = False
    quiet: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One card or post that has something to show.

    `kind` is "card" or the post's own kind. `wanted` is the revision to show, `shown` the last acknowledged one (posts
    have 1 and 0). `receipt` is the place of the message that an edit goes to, `told` the priority that it was sent
    with; `thread` is the place that a note belongs to. `first_attempt` is the first try of this revision, `unsure_at`
    when the answer to a try was lost last: it may have arrived.
    `repeat`: it is (or was) sent again although the first try may have arrived; it says so, after an edit as well.
    `asked`: somebody has clicked and waits to see it.
    """

    table: Literal["card", "post"]
    id: int
    client: str
    channel: str
    kind: str
    priority: Priority
    key: str
    since: datetime
    plan: Mapping[str, Any]
    card_id: int | None = None
    digest_run_id: int | None = None
    story_id: int | None = None
    wanted: int = 1
    shown: int = 0
    generation: int = 0
    receipt: Mapping[str, str] | None = None
    thread: Mapping[str, str] | None = None
    told: Priority | None = None
    unsure_at: datetime | None = None
    first_attempt: datetime | None = None
    attempts: int = 0
    not_before: datetime | None = None
    problem: Problem | None = None
    repeat: bool = False
    asked: bool = False

    @property
    def unsure(self) -> bool:
        """Whether it may stand in its channel already."""
        return self.unsure_at is not None

    @property
    def rises(self) -> bool:
        """Whether its message stands in its channel as something less urgent."""
        return self.priority is Priority.URGENT and self.told is not Priority.URGENT

    @property
    def tells(self) -> bool:
        """Whether somebody would miss it: a card that stands already is only brought up to date."""
        return self.table == "post" or self.receipt is None or self.rises

    @property
    def waits(self) -> bool:
        """Whether quiet hours or a silence hold it: they may last longer than any pause between two tries."""
        return self.problem is not None and (self.problem.quiet or self.problem.muted)

    def aside(self, now: datetime) -> bool:
        """Whether it lets the ones behind it pass while it waits for its next try."""
        if self.problem is not None and self.problem.permanent:
            return True
        return self.first_attempt is not None and now - self.first_attempt >= STEP_ASIDE


def card_key(secret: bytes, *, client: str, channel: str, first_item: str, generation: int = 0) -> str:
    """The key that a card's message carries in its metadata: the same after a restored backup, and nobody's name."""
    words = "|".join((client, channel, first_item, str(generation)))
    return hmac.new(secret, words.encode(), hashlib.sha256).hexdigest()[:32]


def post_key(words: str) -> str:
    """The key of a post that these words say all about; they name nobody."""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def next_key(key: str, generation: int) -> str:
    """The key of the post that replaces a lost one; it follows from the key before."""
    return post_key(f"{key}|{generation}")


def order(job: Job) -> tuple[bool, bool, bool, datetime, str, int]:
    """Where a job stands in its channel's queue: whoever has clicked sees it first."""
    follows = job.receipt is not None or job.kind == "news"  # what stands is kept up to date after what is new
    return (not job.asked, job.priority is not Priority.URGENT, follows, job.since, job.table, job.id)


def card_job(row: Row[Any]) -> Job:
    """A row of `card` as a job."""
    return Job(
        table="card",
        kind="card",
        card_id=row.id,
        story_id=row.story_id,
        since=row.first_at,
        wanted=row.wanted,
        shown=row.shown,
        generation=row.generation,
        asked=(row.asked or 0) > row.shown,
        plan={},
        **_common(row),
    )


def post_job(row: Row[Any]) -> Job:
    """A row of `post`, joined with its card's receipt as `thread`, as a job."""
    return Job(
        table="post",
        kind=row.kind,
        card_id=row.card_id,
        digest_run_id=row.digest_run_id,
        since=row.created_at,
        plan=row.plan,
        thread=(row.thread or {}).get("ref") or row.plan.get("thread"),
        **_common(row),
    )


def _common(row: Row[Any]) -> dict[str, Any]:
    receipt = row.receipt or {}
    return {
        "id": row.id,
        "client": row.client,
        "channel": row.channel,
        "priority": Priority(row.priority),
        "key": row.key,
        "receipt": receipt.get("ref"),
        "told": Priority(receipt["told"]) if "told" in receipt else None,
        "repeat": bool(receipt.get("repeat")),
        "unsure_at": row.unsure_at,
        "first_attempt": row.first_attempt_at,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "problem": problem_of(row.problem),
    }


def problem_of(stored: Mapping[str, Any] | None) -> Problem | None:
    """The `problem` column as a Problem."""
    if not stored:
        return None
    return Problem(
        reason=from_json(stored["reason"]),
        permanent=stored["permanent"],
        quiet=bool(stored.get("quiet", False)),
        muted=bool(stored.get("muted", False)),
    )


def problem_row(problem: Problem | None) -> Any:  # noqa: ANN401 - JSON values, or SQL's NULL
    """A Problem as the `problem` column holds it."""
    if problem is None:
        return null()
    row = {"reason": to_json(problem.reason), "permanent": problem.permanent}
    return row | {name: True for name in ("quiet", "muted") if getattr(problem, name)}
