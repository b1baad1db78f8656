"""A case: somebody answers a mention. Its states, the moves between them in one table, its deadlines (pure).

    open → taken (who, until when) → answered → closed
    taken → open (given back) · taken → taken (handed over) · open → closed (needs no answer) · closed → open

Every move can be undone: an undo restores what stood before the last one. A new source never reopens a case, a raised
priority does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.model import Person, Priority, short_id

if TYPE_CHECKING:
    from collections.abc import Mapping

SOON = timedelta(minutes=15)  # before the deadline its owner is told a second time


class Status(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"


def no_case(name: str) -> Text:
    """What somebody hears who asks for a case that is not there."""
    return text("no case is called {name}; smwatch case list shows them", name=name)


class Outcome(StrEnum):
    """How a case was closed; NONE while it is not."""

    NONE = ""
    ANSWERED = "answered"
    NO_ANSWER = "no answer needed"
    IRRELEVANT = "not relevant"


class Move(StrEnum):
    """What somebody does with a case. ADD begins one by hand, RAISE reopens one because its story got urgent."""

    ADD = "add"
    TAKE = "take"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    ANSWER = "answer"
    CLOSE = "close"
    IRRELEVANT = "irrelevant"
    REOPEN = "reopen"
    RAISE = "raise"
    DEADLINE = "deadline"
    NOTE = "note"
    SILENCE = "silence"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The state of one case.

    `begun` and `until` are the deadline that runs (None: there is none), `answer_by` the one that the watch sets.
    `told` is the last reminder that went out. `by` made the last move, at `at`. `priority` is the story's when it was
    last open. `can_undo`: there is a move to take back.
    """

    id: int = 0
    client: str | None = None
    story_id: int | None = None
    title: str = ""
    link: str = ""
    status: Status = Status.OPEN
    outcome: Outcome = Outcome.NONE
    priority: Priority = Priority.NORMAL
    owner: Person | None = None
    by: Person | None = None
    at: datetime
    begun: datetime | None = None
    until: datetime | None = None
    answer_by: datetime | None = None
    told: int = 0
    can_undo: bool = False

    @property
    def short(self) -> str:
        """The speakable id: V for „Vorgang“ (C is a card)."""
        return short_id("V", self.id)

    @property
    def waits(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status in {Status.OPEN, Status.TAKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move by somebody; `until` is a new deadline, `to` whom it is handed to."""

    move: Move
    who: Person
    at: datetime
    until: datetime | None = None
    to: Person | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a move cannot be made, for the one who tried."""

    reason: Text


ALL = frozenset(Status)
ALLOWED: Mapping[Move, frozenset[Status]] = {
    Move.TAKE: frozenset({Status.OPEN}),
    Move.RELEASE: frozenset({Status.TAKEN}),
    Move.HAND_OVER: frozenset({Status.OPEN, Status.TAKEN}),
    Move.ANSWER: frozenset({Status.OPEN, Status.TAKEN}),
    Move.CLOSE: frozenset({Status.OPEN, Status.TAKEN, Status.ANSWERED}),
    Move.IRRELEVANT: frozenset({Status.OPEN, Status.TAKEN}),
    Move.REOPEN: frozenset({Status.ANSWERED, Status.CLOSED}),
    Move.RAISE: frozenset({Status.ANSWERED, Status.CLOSED}),
    Move.DEADLINE: frozenset({Status.OPEN, Status.TAKEN}),
    Move.NOTE: ALL,
    Move.SILENCE: ALL,
}
LEADS_TO: Mapping[Move, Status] = {
    Move.TAKE: Status.TAKEN,
    Move.RELEASE: Status.OPEN,
    Move.HAND_OVER: Status.TAKEN,
    Move.ANSWER: Status.ANSWERED,
    Move.CLOSE: Status.CLOSED,
    Move.IRRELEVANT: Status.CLOSED,
    Move.REOPEN: Status.OPEN,
    Move.RAISE: Status.OPEN,
}
STANDS: Mapping[Status, Text] = {
    Status.OPEN: text("open"),
    Status.TAKEN: text("taken"),
    Status.ANSWERED: text("answered"),
    Status.CLOSED: text("closed"),
}


def after(case: Case, step: Step) -> Case | Refusal:
    """`case` after `step`, or why it cannot be made. Undo is not a step: it restores what was stored before one."""
    if case.status not in ALLOWED[step.move]:
        return Refusal(_why_not(case, step))
    if step.move is Move.HAND_OVER and (step.to is None or step.to == case.owner):
        return Refusal(text("say to whom it goes"))
    moved = replace(case, status=LEADS_TO.get(step.move, case.status), by=step.who, at=step.at, can_undo=True)
    return _timed(_owned(moved, case, step), case, step)


def _why_not(case: Case, step: Step) -> Text:
    if step.move is Move.TAKE and case.owner == step.who:
        return text("this is yours already")
    if step.move is Move.TAKE and case.owner is not None and case.owner.name:
        return text("{who} has taken this already", who=case.owner.name)
    return text("that does not go any more: this is {status}", status=STANDS[case.status])


def _owned(moved: Case, case: Case, step: Step) -> Case:
    """Who answers it now, and how it ended."""
    match step.move:
        case Move.TAKE | Move.HAND_OVER:
            changed: dict[str, object] = {"owner": step.to or step.who}
        case Move.ANSWER:
            changed = {"owner": case.owner or step.who}
        case Move.CLOSE:
            changed = {"outcome": Outcome.ANSWERED if case.status is Status.ANSWERED else Outcome.NO_ANSWER}
        case Move.IRRELEVANT:
            changed = {"outcome": Outcome.IRRELEVANT}
        case Move.RELEASE | Move.REOPEN | Move.RAISE:
            changed = {"owner": None, "outcome": Outcome.NONE}
        case _:
            changed = {}
    return replace(moved, **changed)  # type: ignore[arg-type]


def _timed(moved: Case, case: Case, step: Step) -> Case:
    """The deadline: one that somebody names begins now; without one the watch's runs on."""
    if step.until is not None and moved.waits:
        return replace(moved, begun=step.at, until=step.until, told=0)
    if step.move is Move.RELEASE and case.until != case.answer_by:
        return replace(moved, begun=step.at, until=case.answer_by, told=0)
    if step.move in {Move.REOPEN, Move.RAISE}:
        return replace(moved, begun=None, until=None, answer_by=None, told=0)
    return moved


class Reminder(IntEnum):
    """What its owner hears of a deadline, in order."""

    HALF = 1
    SOON = 2
    OVERDUE = 3


def due(case: Case, now: datetime) -> Reminder | None:
    """The reminder that is due and was not told yet; an earlier one that was missed is left out."""
    if not case.waits or case.until is None or case.begun is None:
        return None
    half = case.begun + (case.until - case.begun) / 2
    moments = {Reminder.OVERDUE: case.until, Reminder.SOON: case.until - SOON, Reminder.HALF: half}
    if moments[Reminder.SOON] <= half:
        del moments[Reminder.SOON]  # half time says the same
    return next((one for one, moment in moments.items() if moment <= now and one > case.told), None)


def reopens(case: Case, priority: Priority) -> bool:
    """Whether a story that has `priority` by now reopens its case."""
    order = list(Priority)
    return not case.waits and order.index(priority) < order.index(case.priority)
