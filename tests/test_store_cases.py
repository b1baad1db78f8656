"""Cases in the store: events, undo, envelopes that come twice, silences, names that are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from deliver_world import START, Clock, world_at
from sqlalchemy import select, update

from smwatch.case import Case, Move, Outcome, Status, Step
from smwatch.model import Person, Priority
from smwatch.silence import Scope, Silence
from smwatch.store import cases, deadlines, silences, verdicts
from smwatch.store.schema import card
from smwatch.store.schema_cases import case_event, verdict
from smwatch.store.stories import load_story

MIRA, JAN = Person(id="U1MIRA", name="mira"), Person(id="U2JAN", name="jan")
HOUR = timedelta(hours=1)
SECRET = b"key"


@pytest.fixture
async def world(tmp_path):
    async with world_at(tmp_path / "s.db", None, Clock()) as world:
        yield world


class Desk:
    """A story with its case, one transaction a move."""

    def __init__(self, world, number):
        self.world, self.card = world, number

    async def does(self, move, who=MIRA, *, envelope=None, value=None, **more):
        async with self.world.store.write() as connection:
            case = await cases.begun(connection, None, 1, START)
            if move is Move.UNDO:
                return await cases.undo(connection, case, who, START, envelope=envelope)
            step = Step(move=move, who=who, at=START, **more)
            return await cases.act(connection, case, step, envelope=envelope, value=value)

    async def case(self):
        async with self.world.store.read() as connection:
            return await cases.of_story(connection, None, 1)

    async def rows(self, table):
        async with self.world.store.read() as connection:
            return (await connection.execute(select(table))).all()


@pytest.fixture
async def desk(world):
    return Desk(world, await world.story("Acme ruft zurück"))


async def test_a_move_is_an_event_and_its_card_is_due_at_once(desk, world):
    done = await desk.does(Move.TAKE, until=START + HOUR)
    case = await desk.case()
    assert (case.status, case.owner, case.until, case.title) == (Status.TAKEN, MIRA, START + HOUR, "Acme ruft zurück")
    assert done.channels == ("pr",)
    row = await world.row(desk.card)
    assert (row.wanted, row.asked) == (2, 2)
    (event,) = await desk.rows(case_event)
    assert (event.move, event.who, event.at) == ("take", {"id": "U1MIRA", "name": "mira"}, START)


async def test_the_same_envelope_is_one_event(desk):
    await desk.does(Move.TAKE, envelope="e-1")
    assert (await desk.does(Move.TAKE, envelope="e-1")).repeated
    assert len(await desk.rows(case_event)) == 1


async def test_a_refused_move_leaves_no_trace(desk):
    await desk.does(Move.TAKE)
    assert (await desk.does(Move.TAKE, who=JAN)).refused.reason.render("en") == "mira has taken this already"
    assert (await desk.case()).owner == MIRA
    assert len(await desk.rows(case_event)) == 1


async def test_undo_goes_back_step_by_step_past_notes(desk):
    await desk.does(Move.TAKE, until=START + HOUR)
    await desk.does(Move.NOTE, note="ruft zurück")
    await desk.does(Move.ANSWER)
    undone = await desk.does(Move.UNDO, who=JAN)
    assert (undone.case.status, undone.case.owner, undone.case.until) == (Status.TAKEN, MIRA, START + HOUR)
    assert undone.case.by == JAN
    undone = await desk.does(Move.UNDO)
    assert (undone.case.status, undone.case.owner, undone.case.can_undo) == (Status.OPEN, None, False)
    assert (await desk.does(Move.UNDO)).refused is not None


async def test_undo_takes_the_verdict_and_the_silence_back(desk, world):
    async with world.store.write() as connection:
        story = await load_story(connection, 1)
        await verdicts.irrelevant(connection, story.mentions[0], MIRA, START)
        quiet = await silences.add(connection, silence(value="1"))
    await desk.does(Move.IRRELEVANT, value={"mention": story.mentions[0].id})
    assert (await desk.case()).outcome is Outcome.IRRELEVANT
    await desk.does(Move.SILENCE, value={"silence": quiet.id})
    await desk.does(Move.UNDO)
    async with world.store.read() as connection:
        assert await silences.active(connection, START) == []
    assert len(await desk.rows(verdict)) == 1
    await desk.does(Move.UNDO)
    assert await desk.rows(verdict) == []


async def test_a_case_by_phone_has_no_story(world):
    async with world.store.write() as connection:
        step = Step(move=Move.ADD, who=MIRA, at=START)
        new = Case(title="Anruf von Radio Nord", until=START + HOUR, begun=START, at=START)
        done = await cases.added(connection, new, step, envelope="e")
        assert (await cases.added(connection, new, step, envelope="e")).repeated
    async with world.store.read() as connection:
        assert [one.title for one in await cases.listed(connection)] == ["Anruf von Radio Nord"]
        assert [one.id for one in await deadlines.with_deadline(connection)] == [done.case.id]


async def test_a_story_that_gets_urgent_reopens_its_closed_case(desk, world):
    await desk.does(Move.CLOSE)
    async with world.store.read() as connection:
        assert await deadlines.raised(connection) == []
    async with world.store.write() as connection:
        await connection.execute(update(card).values(priority=str(Priority.URGENT)))
        (case,) = await deadlines.raised(connection)
        await cases.act(connection, case, Step(move=Move.RAISE, who=cases.SMWATCH, at=START))
        assert await deadlines.raised(connection) == []
    assert (await desk.case()).status is Status.OPEN


async def test_names_are_erased_thirty_days_after_closing(desk, world):
    await desk.does(Move.TAKE)
    await desk.does(Move.CLOSE)
    for days, erased in ((29, 0), (31, 1), (32, 0)):
        async with world.store.write() as connection:
            assert await deadlines.erase_names(connection, START + timedelta(days=days)) == erased
    case = await desk.case()
    assert (case.status, case.owner, case.by) == (Status.CLOSED, None, None)
    assert {event.who["name"] for event in await desk.rows(case_event)} == {""}


async def test_a_closed_case_by_phone_is_forgotten_after_ninety_days(world):
    step = Step(move=Move.ADD, who=MIRA, at=START)
    async with world.store.write() as connection:
        done = await cases.added(connection, Case(title="Frau Brandt, 0421 555", at=START), step)
        await cases.act(connection, done.case, Step(move=Move.CLOSE, who=MIRA, at=START))
        await deadlines.erase_names(connection, START + timedelta(days=89))
        assert len(await cases.listed(connection, closed=True)) == 1
        await deadlines.erase_names(connection, START + timedelta(days=91))
        assert await cases.listed(connection, closed=True) == []


async def test_who_is_away_has_a_substitute_until_then(world):
    async with world.store.write() as connection:
        await deadlines.stand_in(connection, MIRA, JAN, START + HOUR)
        await deadlines.stand_in(connection, MIRA, JAN, START + 2 * HOUR)
    async with world.store.read() as connection:
        assert await deadlines.substitutes(connection, START + HOUR) == {"U1MIRA": (JAN, START + 2 * HOUR)}
        assert await deadlines.substitutes(connection, START + 2 * HOUR) == {}


def silence(**changes):
    given = {"scope": Scope.STORY, "value": "1", "until": START + HOUR, "by": MIRA, "reason": "bekannt", "at": START}
    return Silence(**(given | changes))


@pytest.mark.parametrize(
    ("scope", "value", "covers"),
    [
        (Scope.STORY, "1", True),
        (Scope.STORY, "2", False),
        (Scope.SITE, "acme.example", True),
        (Scope.SITE, "other.example", False),
        (Scope.WATCH, "Acme", True),
        (Scope.AUTHOR, "", False),
    ],
)
async def test_what_a_silence_covers(desk, world, scope, value, covers):
    async with world.store.write() as connection:
        await silences.add(connection, silence(scope=scope, value=value))
        story = await load_story(connection, 1)
        assert bool(await silences.over(connection, story, SECRET, START)) == covers
        assert await silences.over(connection, story, SECRET, START + HOUR) == ()


async def test_a_silence_of_another_client_covers_nothing(desk, world):
    async with world.store.write() as connection:
        await silences.add(connection, silence(client="Globex"))
        assert await silences.over(connection, await load_story(connection, 1), SECRET, START) == ()
        assert len(await silences.listed(connection, START)) == 1
        assert await silences.active(connection, START) == []
