"""The moves of a case, its deadlines, and who may not do what any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.case import ALLOWED, LEADS_TO, Case, Move, Outcome, Refusal, Reminder, Status, Step, after, due, reopens
from smwatch.model import Person, Priority

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MIRA, JAN = Person(id="U1MIRA", name="mira"), Person(id="U2JAN", name="jan")
HOUR = timedelta(hours=1)
OPEN = Case(id=7, at=NOW)


def moved(case: Case, *moves: Move, who: Person = MIRA, **more) -> Case:
    for move in moves:
        found = after(case, Step(move=move, who=who, at=NOW, **more))
        assert isinstance(found, Case), found
        case = found
    return case


def refusal(case: Case, move: Move, who: Person = MIRA, **more) -> str:
    found = after(case, Step(move=move, who=who, at=NOW, **more))
    assert isinstance(found, Refusal)
    return found.reason.render("de")


def test_the_straight_way():
    case = moved(OPEN, Move.TAKE, until=NOW + HOUR)
    assert (case.status, case.owner, case.until) == (Status.TAKEN, MIRA, NOW + HOUR)
    case = moved(case, Move.ANSWER)
    assert (case.status, case.owner, case.waits) == (Status.ANSWERED, MIRA, False)
    case = moved(case, Move.CLOSE)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.ANSWERED)


def test_given_back_handed_over_closed_and_opened_again():
    taken = moved(OPEN, Move.TAKE)
    assert moved(taken, Move.RELEASE).owner is None
    assert moved(taken, Move.HAND_OVER, to=JAN).owner == JAN
    closed = moved(OPEN, Move.CLOSE)
    assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.NO_ANSWER)
    again = moved(closed, Move.REOPEN)
    assert (again.status, again.outcome, again.owner) == (Status.OPEN, Outcome.NONE, None)


def test_not_relevant_closes_and_says_so():
    assert moved(OPEN, Move.IRRELEVANT).outcome is Outcome.IRRELEVANT


def test_who_comes_second_hears_who_was_first():
    taken = moved(OPEN, Move.TAKE)
    assert refusal(taken, Move.TAKE, who=JAN) == "mira hat das schon übernommen"
    assert refusal(taken, Move.TAKE) == "Das haben Sie schon übernommen"
    assert refusal(moved(OPEN, Move.CLOSE), Move.ANSWER) == "Das geht nicht mehr: Stand ist „geschlossen“"
    assert refusal(taken, Move.HAND_OVER) == "Bitte angeben, an wen es geht"


@given(status=st.sampled_from(Status), move=st.sampled_from(sorted(ALLOWED)))
def test_the_table_alone_decides_what_may_be_done(status, move):
    found = after(replace(OPEN, status=status), Step(move=move, who=MIRA, at=NOW, to=JAN))
    if status in ALLOWED[move]:
        assert isinstance(found, Case)
        assert found.status == LEADS_TO.get(move, status)
    else:
        assert isinstance(found, Refusal)


def test_the_deadline_of_the_watch_runs_until_somebody_names_another():
    watched = replace(OPEN, begun=NOW - HOUR, until=NOW + HOUR, answer_by=NOW + HOUR)
    taken = moved(watched, Move.TAKE)
    assert (taken.begun, taken.until) == (NOW - HOUR, NOW + HOUR)
    later = moved(taken, Move.DEADLINE, until=NOW + 5 * HOUR)
    assert (later.begun, later.until) == (NOW, NOW + 5 * HOUR)
    assert moved(later, Move.RELEASE).until == NOW + HOUR


@pytest.mark.parametrize(
    ("minutes", "told", "expected"),
    [
        (59, 0, None),
        (60, 0, Reminder.HALF),
        (60, Reminder.HALF, None),
        (105, Reminder.HALF, Reminder.SOON),
        (110, 0, Reminder.SOON),
        (119, Reminder.SOON, None),
        (120, Reminder.SOON, Reminder.OVERDUE),
        (120, 0, Reminder.OVERDUE),
        (600, Reminder.OVERDUE, None),
    ],
)
def test_reminders_come_at_half_time_a_quarter_of_an_hour_before_and_when_it_is_over(minutes, told, expected):
    case = replace(moved(OPEN, Move.TAKE, until=NOW + 2 * HOUR), told=told)
    assert due(case, NOW + timedelta(minutes=minutes)) == expected


def test_a_short_deadline_has_no_quarter_of_an_hour():
    case = moved(OPEN, Move.TAKE, until=NOW + timedelta(minutes=20))
    assert due(case, NOW + timedelta(minutes=9)) is None
    assert due(case, NOW + timedelta(minutes=10)) is Reminder.HALF
    assert due(replace(case, told=Reminder.HALF), NOW + timedelta(minutes=19)) is None


def test_what_is_answered_is_not_reminded_of():
    case = moved(OPEN, Move.TAKE, until=NOW + HOUR)
    assert due(moved(case, Move.ANSWER), NOW + 9 * HOUR) is None


def test_a_raised_priority_reopens_and_nothing_else_does():
    closed = moved(OPEN, Move.CLOSE)
    assert reopens(closed, Priority.URGENT)
    assert not reopens(closed, Priority.NORMAL)
    assert not reopens(moved(OPEN, Move.TAKE), Priority.URGENT)
    assert not reopens(replace(closed, priority=Priority.URGENT), Priority.URGENT)
