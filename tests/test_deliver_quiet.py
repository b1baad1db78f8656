from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from deliver_world import START, Clock, world_at

from smwatch import errors
from smwatch.deliver.quiet import quiet_until, waits
from smwatch.errors import ChannelError, Outcome
from smwatch.model import Person, Priority
from smwatch.plugin import Channel, QuietHours, Receipt
from smwatch.silence import EVERYTHING, Scope, Silence
from smwatch.store import outbox, silences
from smwatch.store.jobs import Job

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours.model_validate({"from": "20:00", "to": "07:00"})
NOON = QuietHours.model_validate({"from": "12:00", "to": "13:00"})
WEEKEND = QuietHours.model_validate({"from": "00:00", "to": "00:00", "days": ("sat", "sun")})
FRIDAYS = QuietHours.model_validate({"from": "20:00", "to": "07:00", "days": ("fri",)})


def berlin(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A moment in 2026; the 24th of November is a Tuesday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (None, berlin(24, 23), None),
        (NIGHT, berlin(24, 19, 59), None),
        (NIGHT, berlin(24, 20), berlin(25, 7)),
        (NIGHT, berlin(25, 6, 59), berlin(25, 7)),
        (NIGHT, berlin(25, 7), None),
        (NOON, berlin(24, 12, 30), berlin(24, 13)),
        (NOON, berlin(24, 11), None),
        (WEEKEND, berlin(28, 15), berlin(29, 0)),
        (WEEKEND, berlin(30, 0), None),
        (FRIDAYS, berlin(28, 6), berlin(28, 7)),
        (FRIDAYS, berlin(28, 21), None),
        (NIGHT, berlin(28, 23, month=3), berlin(29, 7, month=3)),  # the night is an hour shorter
        (NIGHT, berlin(25, 6, 30, month=10), berlin(25, 7, month=10)),
    ],
)
def test_when_the_quiet_hours_end(hours, now, until):
    assert quiet_until(hours, BERLIN, now) == until


def job(**values) -> Job:
    given = {"table": "card", "id": 1, "client": "", "channel": "pr", "kind": "card", "priority": Priority.NORMAL}
    return Job(**given | {"key": "k", "since": berlin(24, 9), "plan": {}} | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "through", "expected"),
    [
        ({}, None, True),
        ({"priority": Priority.URGENT}, None, False),
        ({"priority": Priority.URGENT}, Priority.URGENT, False),
        ({}, Priority.URGENT, True),
        ({}, Priority.NORMAL, False),
        ({"receipt": {"ts": "1"}}, None, False),  # an edit rings no bell
        ({"unsure_at": berlin(24, 9)}, None, False),  # it may stand there already: that has to be cleared up
        ({"table": "post", "kind": "late"}, None, True),
        ({"table": "post", "kind": "digest"}, None, False),
        ({"table": "post", "kind": "ops"}, None, False),
        ({"table": "post", "kind": "test"}, None, False),
    ],
)
def test_what_waits(values, through, expected):
    hours = NIGHT.model_copy(update={"except_priority": through})
    assert waits(job(**values), hours) is expected


class Stubborn(Channel):
    type: str = "x"

    async def send(self, ctx, delivery):
        raise ChannelError("no", outcome=Outcome.NOT_SENT, scope=errors.Scope.MESSAGE)


async def test_what_failed_just_before_the_quiet_hours_waits_for_their_end(tmp_path):
    clock = Clock()
    clock.now = berlin(24, 19, 59)
    async with world_at(tmp_path / "s.db", None, clock) as world:
        await world.story("Acme")
        sender = world.sender(Stubborn(name="pr", quiet_hours=NIGHT), zone=lambda _: "Europe/Berlin")
        async with asyncio.timeout(60):
            await world.run(sender, 120)
        (one,) = await world.waiting()
    assert (one.next_try, str(one.reason)) == (berlin(25, 7), "quiet hours until 07:00")


async def test_what_failed_just_before_a_silence_waits_for_its_end(tmp_path):
    begun, until = START + timedelta(seconds=5), START + timedelta(hours=9)
    by = Person(id="cli:anna", name="Anna")
    silence = {
        "client": None,
        "value": EVERYTHING,
        "label": "",
        "by": by,
        "reason": "Messe",
        "until": until,
        "at": begun,
    }
    async with world_at(tmp_path / "s.db", None, Clock()) as world:
        await world.story("Acme")
        sender = world.sender(Stubborn(name="pr"))
        await world.run(sender, 5)
        async with world.store.write() as connection:
            await silences.add(connection, Silence(scope=Scope.CLIENT, **silence))
        async with asyncio.timeout(60):
            await world.run(sender, 120)
        (one,) = await world.waiting()
    assert (one.next_try, one.attempts) == (until, 0)


class Wall(Channel):
    """Keeps what it is told."""

    pace = timedelta(0)
    type: str = "wall"

    def model_post_init(self, _context):
        self.__dict__["told"] = []

    async def send(self, ctx, delivery):
        self.__dict__["told"].append((delivery.kind, delivery.message.title))
        return Receipt()


@pytest.fixture
async def world(tmp_path):
    async with world_at(tmp_path / "s.db", None, Clock()) as world:
        yield world


async def test_the_night_is_told_together_in_the_morning_and_urgent_ones_at_once(world):
    world.clock.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    wall = Wall(name="pr", quiet_hours=NIGHT)
    sender = world.sender(wall)
    for n in range(3):
        await world.story(f"Fall {n}", url=f"https://acme.example/{n}")
    await world.story("Eilig", priority=Priority.URGENT)
    await world.run(sender, 60)
    assert wall.told == [("card", "Eilig")]
    left = await world.waiting()
    assert {one.reason.render("de") for one in left} == {"Ruhezeit bis 07:00"}
    assert {one.next_try for one in left} == {datetime(2026, 11, 25, 7, 0, tzinfo=UTC)}
    world.clock.now = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    await world.run(sender, 5)
    assert wall.told == [("card", "Eilig"), ("summary", "Lage")]
    assert await world.waiting() == []


async def test_one_alone_is_no_summary(world):
    world.clock.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    wall = Wall(name="pr", quiet_hours=NIGHT)
    sender = world.sender(wall)
    await world.story("Fall 1")
    await world.run(sender, 5)
    world.clock.now = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    await world.run(sender, 5)
    assert wall.told == [("card", "Fall 1")]


async def test_other_quiet_hours_look_again_at_what_waits(world):
    world.clock.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    wall = Wall(name="pr", quiet_hours=NIGHT)
    sender = world.sender(wall)
    await world.story("Fall 1")
    await world.run(sender, 5)
    bold = Wall(name="pr", quiet_hours=NIGHT.model_copy(update={"except_priority": Priority.NORMAL}))
    sender.replace({"pr": bold})
    await world.run(sender, 5)
    assert bold.told == [("card", "Fall 1")]


async def test_a_drain_does_not_wait_for_the_morning(world):
    world.clock.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    sender = world.sender(Wall(name="pr", quiet_hours=NIGHT))
    await world.story("Fall 1")
    assert await sender.drain(timedelta(seconds=30))
    async with world.store.read() as connection:
        assert len(await outbox.waiting(connection)) == 1
