"""Of several daemons on one store one alone gathers and delivers, and another takes over when it is gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from smwatch.shift import NAME, SURE, Shift
from smwatch.store import shifts
from smwatch.store.db import Store

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


class World:
    """Two daemons on one store, and the time."""

    def __init__(self, store):
        self.now = NOW
        self.one, self.other = (Shift(store, name, clock=lambda: self.now) for name in ("one", "other"))

    def passes(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(f"sqlite:///{tmp_path}/s.db")
    yield opened
    await opened.close()


@pytest.fixture
def world(store):
    return World(store)


async def test_one_alone_is_on_shift_and_keeps_it(world):
    await world.one.step()
    await world.other.step()
    world.passes(seconds=25)
    await world.one.step()
    world.passes(seconds=25)
    await world.other.step()
    assert (world.one.on, world.other.on) == (True, False)


async def test_another_takes_over_when_it_is_gone(world):
    await world.one.step()
    world.passes(seconds=31)
    await world.other.step()
    await world.one.step()
    assert (world.one.on, world.other.on) == (False, True)


async def test_who_stops_in_good_order_hands_over_at_once(world, store):
    await world.one.step()
    await world.one.hand_over()
    async with store.read() as connection:
        assert await shifts.holder(connection, NAME) is None
    await world.other.step()
    assert world.other.on


async def test_without_the_store_the_work_stops_before_another_may_begin(world, store, monkeypatch):
    await world.one.step()

    async def away(*_):
        raise OperationalError("UPDATE", {}, OSError("gone"))

    monkeypatch.setattr(shifts, "hold", away)
    await world.one.step()
    assert world.one.on
    world.one._renewed -= SURE
    await world.one.step()
    assert not world.one.on


async def test_work_runs_while_the_shift_lasts(world):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    working = asyncio.create_task(world.one.during(work)())
    await asyncio.sleep(0)
    assert not begun.is_set()
    await world.one.step()
    await begun.wait()
    world.passes(seconds=31)
    await world.other.step()
    await world.one.step()
    await ended.wait()
    begun.clear()
    world.passes(seconds=31)
    await world.one.step()
    await begun.wait()
    working.cancel()
    await asyncio.wait({working})


async def test_who_waits_for_the_shift_ends_with_the_daemon(world):
    async def never():
        raise AssertionError

    waiting = asyncio.create_task(world.other.during(never)())
    world.other.end()
    await waiting


async def test_work_that_fails_fails_and_work_that_ends_ends(world):
    await world.one.step()

    async def fails():
        raise ZeroDivisionError

    async def ends():
        pass

    with pytest.raises(ZeroDivisionError):
        await world.one.during(fails)()
    await world.one.during(ends)()


async def test_alone_it_is_always_on_shift(store):
    async def work():
        pass

    alone = Shift(store)
    assert (alone.on, alone.during(work), alone.loops()) == (True, work, {})
    await alone.hand_over()


async def test_one_round_beside_a_daemon_on_shift_leaves_the_rest_to_it(world):
    async def never():
        raise AssertionError

    await world.one.step()
    async with world.other.kept():
        assert await world.other.once(never)
    await world.other.step()
    assert (world.one.on, world.other.on) == (True, False)


async def test_one_round_alone_does_all_of_it_and_hands_over(world, store):
    async def fails():
        return False

    async with world.one.kept():
        assert await world.one.once(fails) is False
    async with store.read() as connection:
        assert await shifts.holder(connection, NAME) is None


async def test_one_round_ends_its_work_when_another_takes_over(world):
    begun = asyncio.Event()

    async def work():
        begun.set()
        await asyncio.Event().wait()

    await world.one.step()
    working = asyncio.create_task(world.one.once(work))
    await begun.wait()
    world.passes(seconds=31)
    await world.other.step()
    await world.one.step()
    assert await working
