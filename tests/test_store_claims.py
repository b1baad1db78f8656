"""Claims: who polls a source where several daemons share a store; the same on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from smwatch.errors import LeaseLost, UserError
from smwatch.store import claims as claim_store
from smwatch.store import sources as source_store
from smwatch.store.claims import LEASE, Claims, hold, standing
from smwatch.store.clock import later, store_clock
from smwatch.store.db import Store
from smwatch.store.ingest import Harvest, store_harvest
from smwatch.store.schema import source as source_table
from smwatch.store.sources import Named

ONE, OTHER = Claims(owner="one"), Claims(owner="other")
AGO, SOON = timedelta(minutes=-1), timedelta(minutes=10)


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def now():
    """This machine's clock: PostgreSQL's runs by itself."""
    return datetime.now(UTC)


async def made(store, *names):
    async with store.write() as connection:
        rows = await source_store.sync_sources(
            connection, [Named(client="", kind="feed", key=name, name=name) for name in names]
        )
    return [row.id for row in rows.values()]


async def claim(store, claims, ids, now, **how):
    async with store.write() as connection:
        return await claims.take(connection, ids, now, **how)


async def changes(store, number, now, **moments):
    """Moments of a source by the store's clock, so far from now."""
    async with store.write() as connection:
        at = store_clock(connection, now)
        values = {name: later(at, moment) for name, moment in moments.items()}
        await connection.execute(update(source_table).where(source_table.c.id == number).values(**values))


async def row_of(store, number):
    async with store.read() as connection:
        return await source_store.get(connection, number)


async def test_only_one_gets_a_source_and_the_fence_goes_up(store, now):
    ids = await made(store, "a", "b")
    mine = await claim(store, ONE, ids, now)
    assert {number: row.fence for number, row in mine.items()} == dict.fromkeys(ids, 1)
    assert await claim(store, OTHER, ids, now) == {}


async def test_a_lease_of_one_s_own_is_no_obstacle_as_its_word_may_have_been_lost(store, now):
    [number] = await made(store, "a")
    await claim(store, ONE, [number], now)
    assert (await claim(store, ONE, [number], now))[number].fence == 2
    assert await claim(store, OTHER, [number], now) == {}


async def test_what_is_not_due_is_claimed_only_early(store, now):
    [number] = await made(store, "a")
    await changes(store, number, now, due_at=SOON)
    assert await claim(store, ONE, [number], now) == {}
    assert list(await claim(store, ONE, [number], now, early=[number])) == [number]


async def test_what_a_person_lets_rest_is_not_claimed(store, now):
    [number] = await made(store, "a")
    await changes(store, number, now, paused_at=AGO)
    assert await claim(store, ONE, [number], now, early=[number]) == {}
    await changes(store, number, now, paused_until=AGO)
    assert list(await claim(store, ONE, [number], now)) == [number]


async def test_a_lease_that_is_over_is_taken_over_and_the_late_one_writes_nothing(store, now):
    [number] = await made(store, "a")
    [late] = (await claim(store, ONE, [number], now)).values()
    await changes(store, number, now, lease_until=AGO)
    [mine] = (await claim(store, OTHER, [number], now)).values()
    assert (late.fence, mine.fence) == (1, 2)
    page = Harvest(source_id=number, client="", platform="feed", now=now, fresh=(), complete=True, cursor="late")
    with pytest.raises(LeaseLost):
        async with store.write() as connection:
            await store_harvest(connection, replace(page, fence=late.fence))
    async with store.write() as connection:
        await source_store.save_states(
            connection, [replace(late, state="failing", due_at=now + SOON)], now, owner=ONE.owner
        )
    stored = await row_of(store, number)
    assert (stored.cursor, stored.state, stored.due_at, stored.first_poll_at) == (None, "new", None, None)
    async with store.write() as connection:
        await store_harvest(connection, replace(page, fence=mine.fence, cursor="mine"))
    assert (await row_of(store, number)).cursor == "mine"


async def test_a_page_keeps_the_lease(store, now):
    [number] = await made(store, "a")
    [row] = (await claim(store, ONE, [number], now)).values()
    await changes(store, number, now, lease_until=timedelta(seconds=1))
    async with store.write() as connection:
        await hold(connection, number, row.fence, now)
    async with store.read() as connection:
        [known] = (await standing(connection, [number], now)).values()
    assert now + LEASE - timedelta(seconds=30) < known.due_at < now + LEASE + timedelta(seconds=30)


async def test_a_saved_result_ends_the_lease_and_says_when_it_is_due(store, now):
    [number] = await made(store, "a")
    [row] = (await claim(store, ONE, [number], now)).values()
    async with store.write() as connection:
        await source_store.save_states(connection, [replace(row, state="ok", due_at=now + SOON)], now, owner=ONE.owner)
    async with store.read() as connection:
        [known] = (await standing(connection, [number], now)).values()
    assert abs(known.due_at - (now + SOON)) < timedelta(seconds=30)
    await changes(store, number, now, due_at=AGO)
    assert list(await claim(store, OTHER, [number], now)) == [number]


async def test_more_sources_than_one_statement_takes(store, now):
    ids = await made(store, *(f"{n}" for n in range(claim_store.CHUNK + 7)))
    assert len(await claim(store, ONE, ids, now)) == len(ids)


async def test_two_at_the_same_time_share_what_is_due(postgres, tmp_path, now, monkeypatch):
    """Real transactions side by side: rows that another one holds are skipped, not waited for."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "one"))
    url = await postgres.database()
    one = await Store.open(url)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "store.key").write_bytes(one.key)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "two"))
    other = await Store.open(url)
    try:
        ids = await made(one, *(f"{n}" for n in range(200)))
        async with one.write() as connection:
            first = await ONE.take(connection, ids[:120], now)
            second = await claim(other, OTHER, ids, now)
        assert (len(first), len(second)) == (120, 80)
        assert not first.keys() & second.keys()
        for _ in range(3):
            await asyncio.gather(*(changes(one, number, now, lease_until=AGO) for number in ids))
            found = await asyncio.gather(claim(one, ONE, ids, now), claim(other, OTHER, ids, now))
            assert not found[0].keys() & found[1].keys()
    finally:
        await other.close()
        await one.close()


async def test_the_store_s_clock_decides_about_leases(postgres, tmp_path, now, monkeypatch):
    """A machine whose clock is five minutes ahead takes nothing over, and waits for the right moment."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    store = await Store.open(await postgres.database())
    ahead = now + timedelta(minutes=5)
    try:
        [number] = await made(store, "a")
        [row] = (await claim(store, ONE, [number], now)).values()
        assert await claim(store, OTHER, [number], ahead) == {}
        async with store.write() as connection:
            saved = replace(row, due_at=now + SOON, state="ok")
            await source_store.save_states(connection, [saved], now, owner=ONE.owner)
        async with store.read() as connection:
            [known] = (await standing(connection, [number], ahead)).values()
        assert abs(known.due_at - (ahead + SOON)) < timedelta(seconds=30)
    finally:
        await store.close()


async def test_a_daemon_with_another_key_is_refused(postgres, tmp_path, monkeypatch):
    """It would take everything that the others know for new."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "one"))
    url = await postgres.database()
    await (await Store.open(url)).close()
    await (await Store.open(url)).close()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "two"))
    with pytest.raises(UserError, match=r"store\.key"):
        await Store.open(url)
