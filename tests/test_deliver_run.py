from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from deliver_world import START, Clock, world_at

from smwatch.deliver import sender as sender_room
from smwatch.deliver.retry import after, choose, given_up, is_due, next_lookup
from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.i18n import text
from smwatch.model import Priority
from smwatch.plugin import Channel, Receipt
from smwatch.store import outbox
from smwatch.store.jobs import Job, Problem
from smwatch.store.waiting import Hold, holds, set_hold


class Gate(Channel):
    """Takes a message when the test says so."""

    pace = timedelta(0)
    type: str = "gate"

    @classmethod
    def new(cls, **keys):
        cls.begun, cls.open, cls.sent = asyncio.Event(), asyncio.Event(), []
        return cls(name="pr", **keys)

    async def send(self, ctx, delivery):
        self.begun.set()
        await self.open.wait()
        self.sent.append(delivery.message.title)
        return Receipt()


@pytest.fixture
async def world(tmp_path):
    async with world_at(tmp_path / "s.db", None, Clock()) as world:
        yield world


async def running(sender):
    task = asyncio.create_task(sender.run())
    await asyncio.sleep(0)
    return task


async def test_what_is_in_flight_ends_and_nothing_new_begins_when_it_stops(world):
    gate = Gate.new()
    await world.story("eins", at=START - timedelta(seconds=1))
    second = await world.story("zwei")
    sender = world.sender(gate)
    task = await running(sender)
    await gate.begun.wait()
    sender.stop()
    gate.open.set()
    await task
    assert gate.sent == ["eins"]
    assert (await world.row(second)).state == "waiting"
    assert (await world.row(second)).unsure_at is None


async def test_a_knock_wakes_the_lane(world):
    gate = Gate.new()
    gate.open.set()
    sender = world.sender(gate)
    task = await running(sender)
    await asyncio.sleep(0.05)  # the lane has found nothing and waits for a second
    await world.story("eins")
    sender.wake("pr")
    async with asyncio.timeout(0.8):
        await gate.begun.wait()
    sender.stop()
    await task


async def test_a_reload_replaces_the_lanes_of_changed_channels_only(world):
    gate = Gate.new()
    sender = world.sender(gate)
    before = sender._lanes["pr"]
    sender.replace({"pr": Gate(name="pr")})
    assert sender._lanes["pr"] is before
    task = await running(sender)
    await world.story("eins", channel="neu")
    changed = Gate(name="pr", max_per_hour=7)
    sender.replace({"pr": changed, "neu": Gate(name="neu")})
    assert sender._lanes["pr"].channel is changed
    gate.open.set()
    async with asyncio.timeout(2):
        await gate.begun.wait()
    sender.stop()
    await task
    assert gate.sent == ["eins"]


async def test_a_call_that_outlasts_a_reload_is_unsure(world, monkeypatch):
    monkeypatch.setattr(sender_room, "GRACE", timedelta(0))
    gate = Gate.new()
    card = await world.story("eins")
    sender = world.sender(gate)
    task = await running(sender)
    await gate.begun.wait()
    sender.replace({})
    async with asyncio.timeout(5):
        while (await world.row(card)).state == "sending":
            await asyncio.sleep(0)
    assert (await world.row(card)).unsure_at == START
    sender.stop()
    await task


async def test_what_changes_while_it_is_on_its_way_is_due_again(world):
    class Slow(Channel):
        can_edit = True
        type: str = "x"
        shown: ClassVar[list[str]] = []

        async def send(self, ctx, delivery):
            self.shown.append(delivery.message.title)
            async with world.store.write() as connection:
                await outbox.replan(connection, await outbox.by_key(connection, "lage"), {"words": "neuer Stand"})
            return Receipt(ref={"ts": "1"})

        async def edit(self, ctx, delivery, receipt):
            self.shown.append(delivery.message.title)
            return receipt

    await world.post("lage", kind="summary", plan={"words": "alter Stand", "cards": []})
    draw = world.render

    async def render(job):
        return await draw(replace(job, kind="ops"))

    world.render = render
    await world.run(world.sender(Slow(name="pr")), 5)
    assert Slow.shown == ["alter Stand", "neuer Stand"]


async def test_progress_is_the_oldest_sign_of_life(world):
    gate = Gate.new()
    await world.story("eins")
    sender = world.sender(gate)
    task = await running(sender)
    await gate.begun.wait()
    working = sender.progress
    await asyncio.sleep(0.01)
    assert sender.progress > working  # a slow server is no hang: the call still has time
    sender._lanes["pr"].calling = time.monotonic()
    stuck = sender.progress
    await asyncio.sleep(0.01)
    assert sender.progress == stuck
    gate.open.set()
    sender.stop()
    await task


async def test_drain_delivers_what_is_due(world):
    gate = Gate.new()
    gate.open.set()
    for n in range(3):
        await world.story(f"{n}")
    assert await world.sender(gate).drain()
    assert gate.sent == ["0", "1", "2"]


async def test_drain_gives_up_in_time(world):
    class Refuses(Channel):
        type: str = "x"

        async def send(self, ctx, delivery):
            raise ChannelError("no")

    await world.story("eins")
    assert not await world.sender(Refuses(name="pr")).drain(timedelta(seconds=30))
    assert world.clock.now - START >= timedelta(seconds=30)


async def test_a_bug_in_a_plugin_is_unsure_and_stops_nobody_else(world):
    class Buggy(Channel):
        type: str = "x"

        async def send(self, ctx, delivery):
            raise ZeroDivisionError

    gate = Gate.new()
    gate.open.set()
    await world.story("eins", channel="kaputt")
    await world.story("zwei")
    sender = world.sender(Buggy(name="kaputt"), gate)
    await sender.step()
    (one,) = await world.waiting()
    assert (one.channel, str(one.reason)) == ("kaputt", "the channel's plugin failed: ZeroDivisionError")
    assert gate.sent == ["zwei"]


async def test_a_card_that_cannot_be_drawn_lets_the_others_pass(world):
    gate = Gate.new()
    gate.open.set()
    broken = await world.story("kaputt", at=START - timedelta(seconds=5))
    await world.story("gut")
    draw = world.render

    async def render(job):
        if job.id == broken:
            raise KeyError("title")
        return await draw(job)

    world.render = render
    await world.run(world.sender(gate), 5)
    assert gate.sent == ["gut"]
    (one,) = await world.waiting()
    assert str(one.reason) == "it cannot be rendered; the log says why"


async def test_nothing_left_to_show_is_settled(world):
    gate = Gate.new()
    gate.open.set()

    async def render(job):
        return None

    world.render = render
    await world.story("gelöscht")
    await world.run(world.sender(gate), 2)
    assert gate.sent == []
    assert await world.waiting() == []


async def test_after_a_power_cut_everything_unsent_is_looked_up_first(world):
    class Asks(Gate):
        can_find = True
        asked: ClassVar[int] = 0

        async def find(self, ctx, delivery):
            type(self).asked += 1
            return Receipt(ref={"ts": "1"})

    gate = Asks.new()
    await world.story("eins")
    async with world.store.write() as connection:
        assert await outbox.distrust(connection, START) == 1
    await world.run(world.sender(gate), 2)
    assert (gate.asked, gate.sent) == (1, [])
    assert await world.waiting() == []


async def test_a_history_that_never_answers_is_waited_for_an_hour_and_then_the_post_is_repeated_and_says_so(world):
    class Deaf(Channel):
        can_find = True
        type: str = "x"
        sent: ClassVar[list[tuple[float, bool]]] = []

        async def send(self, ctx, delivery):
            self.sent.append(((ctx.now - START).total_seconds(), delivery.possible_duplicate))
            if len(self.sent) == 1:
                raise ChannelError("lost", outcome=Outcome.UNSURE)
            return Receipt()

        async def find(self, ctx, delivery):
            raise ChannelError("no answer")

    await world.story("eins")
    await world.run(world.sender(Deaf(name="pr")), 3700, tick=5)
    (_, first), (moment, second) = Deaf.sent
    assert (first, second) == (False, True)
    assert 3600 <= moment <= 3665


async def test_a_new_process_does_not_say_that_a_channel_is_held_before_it_has_tried(world):
    held = Hold(reason=text("x"), until=START + timedelta(hours=1), permanent=True)
    async with world.store.write() as connection:
        await set_hold(connection, "pr", held)
    await world.sender(Gate.new()).step()
    async with world.store.read() as connection:
        assert await holds(connection) == {}


async def test_what_is_permanently_refused_goes_to_the_fallback_at_once(world):
    class Refuses(Channel):
        type: str = "x"

        async def send(self, ctx, delivery):
            raise ChannelError("never", permanent=True)

    gate = Gate.new()
    gate.open.set()
    await world.story("eins", channel="strikt")
    sender = world.sender(Refuses(name="strikt", fallback="pr"), gate)
    await world.run(sender, 3)
    assert gate.sent == ["eins"]
    assert await world.waiting() == []


async def test_a_hold_is_taken_back_in_the_store_after_a_reload(world):
    class Moody(Channel):
        pace: ClassVar[timedelta] = timedelta(0)
        type: str = "x"
        broken: ClassVar[bool] = True

        async def send(self, ctx, delivery):
            if self.broken:
                raise ChannelError("kaputt", scope=Scope.CHANNEL, permanent=True)
            return Receipt()

    await world.story("eins")
    await world.story("zwei")
    sender = world.sender(Moody(name="pr"))
    await sender.step()
    Moody.broken = False
    sender.replace({"pr": Moody(name="pr", max_per_hour=9)})
    await sender.step()
    assert [str(one.reason) for one in await world.waiting()] == ["None"]


async def test_a_lane_that_breaks_leaves_nothing_on_its_way(world, monkeypatch):
    gate = Gate.new()
    gate.open.set()
    card = await world.story("eins")
    sender = world.sender(gate)

    async def broken(*args, **more):
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "record_sent", broken)
    await sender.step()
    assert (await world.row(card)).state == "waiting"
    assert (await world.row(card)).unsure_at == START


async def test_queue_names_each_delivery_with_its_reason(world):
    await world.story("Acme ruft zurück")
    await world.post("d", kind="digest", plan={"name": "morgens"})
    (card, post) = sorted(await world.waiting(), key=lambda one: one.kind)
    assert (card.kind, card.title, card.link, card.attempts) == (
        "card",
        "Acme ruft zurück",
        "https://acme.example/1",
        0,
    )
    assert (post.title.render("de"), post.channel) == ("Überblick morgens", "pr")


def job(**values):
    given = {
        "table": "card",
        "id": 1,
        "client": "",
        "channel": "pr",
        "kind": "card",
        "priority": Priority.NORMAL,
        "key": "k",
        "since": START,
        "plan": {},
    }
    return Job(**{**given, **values})


def seconds(verdict):
    moment = verdict.until if isinstance(verdict, Hold) else verdict.at
    return (moment - START).total_seconds()


def test_transient_failures_back_off_to_a_minute():
    waits = [seconds(after(ChannelError("x"), job(attempts=n), START, 0)) for n in range(8)]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_channel_without_retry_after_backs_off_to_a_minute():
    busy = ChannelError("x", scope=Scope.CHANNEL)
    assert [seconds(after(busy, job(), START, n)) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_people_must_mend_is_tried_every_five_minutes():
    revoked = ChannelError("x", scope=Scope.CHANNEL, permanent=True)
    assert [seconds(after(revoked, job(), START, n)) for n in range(7)] == [15, 30, 60, 120, 240, 300, 300]


@pytest.mark.parametrize(("asked", "waited"), [(0, 1), (30, 30), (10 * 365 * 86400, 3600)])
def test_retry_after_is_honoured_up_to_an_hour(asked, waited):
    busy = ChannelError("x", scope=Scope.CHANNEL, retry_after=timedelta(seconds=asked))
    assert seconds(after(busy, job(), START, 5)) == waited


def test_an_unsure_edit_is_simply_sent_again():
    lost = ChannelError("x", outcome=Outcome.UNSURE)
    assert after(lost, job(receipt={"ts": "1"}), START, 0).unsure_at is None
    assert after(lost, job(), START, 0).unsure_at == START


def test_once_unsure_stays_unsure_until_it_was_looked_up():
    before = START - timedelta(seconds=9)
    assert after(ChannelError("x"), job(unsure_at=before), START, 0).unsure_at == before


def test_an_edit_without_its_message_begins_anew():
    assert after(ChannelError("x", edit_lost=True), job(receipt={"ts": "1"}), START, 0) == "renew"


def test_what_a_lookup_does_not_find_six_seconds_after_its_answer_was_lost_did_not_arrive():
    last = START + timedelta(seconds=6)
    assert next_lookup(START, START + timedelta(seconds=2)) == last
    assert next_lookup(START, last - timedelta(microseconds=1)) == last
    assert next_lookup(START, last) is None


def test_a_clock_that_is_put_back_makes_no_failed_message_wait_longer_than_an_hour():
    failed = job(attempts=3, first_attempt=START, not_before=START + timedelta(hours=9))
    assert choose([failed], START) is failed
    asleep = replace(failed, problem=Problem(reason=text("x"), quiet=True))
    assert choose([asleep], START) is None
    assert [is_due(START + timedelta(minutes=n), START) for n in (-1, 0, 1, 60, 61)] == [True, True, False, False, True]


def test_the_first_in_order_that_failed_holds_the_others_until_it_steps_aside():
    later = START + timedelta(seconds=30)
    failed = job(attempts=3, first_attempt=START - timedelta(minutes=5), not_before=later)
    good = job(id=2)
    assert choose([failed, good], START) is None
    assert choose([failed, good], later) is failed
    old = job(attempts=30, first_attempt=START - timedelta(minutes=15), not_before=later)
    assert choose([old, good], START) is good
    held = job(attempts=1, first_attempt=START, not_before=later, problem=Problem(reason=text("x"), permanent=True))
    assert choose([held, good], START) is good
    assert choose([job(not_before=later), good], START) is good


def test_the_fallback_is_for_a_day_of_failures_or_what_is_permanent():
    assert not given_up(job(first_attempt=START), START + timedelta(hours=23))
    assert given_up(job(first_attempt=START), START + timedelta(hours=24))
    assert given_up(job(first_attempt=START, problem=Problem(reason=text("x"), permanent=True)), START)
