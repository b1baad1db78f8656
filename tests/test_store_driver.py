"""SQLite's driver: how often a statement goes to the thread, and that nothing of an unfinished transaction stays."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from smwatch.store import driver
from smwatch.store.db import Store
from smwatch.store.schema import meta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ROWS = [{"key": f"k{n}", "value": str(n)} for n in range(300)]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite://{tmp_path}/smwatch.db")
    yield opened
    await opened.close()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What goes to a thread."""
    gone: list[object] = []
    go = driver.Connection._execute

    def counted(self: driver.Connection, *given: object, **more: object) -> object:
        gone.append(given)
        return go(self, *given, **more)

    monkeypatch.setattr(driver.Connection, "_execute", counted)
    return gone


async def test_a_transaction_goes_to_the_thread_once_a_statement_and_twice_for_itself(
    store: Store, ways: list[object]
) -> None:
    async with store.write() as connection:
        await connection.execute(insert(meta), ROWS)
        await connection.execute(update(meta).where(meta.c.key == "k1").values(value="one"))
        assert (await connection.execute(select(meta.c.value).where(meta.c.key == "k1"))).scalar() == "one"
    assert len(ways) == 3 + 2


async def test_a_statement_says_what_it_did(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(insert(meta), ROWS)
        told = await connection.execute(insert(meta).values(key="new", value="").returning(meta.c.key))
        assert told.scalars().all() == ["new"]
        assert (await connection.execute(delete(meta).where(meta.c.key.startswith("k")))).rowcount == len(ROWS)
        assert (await connection.execute(select(meta).where(meta.c.key == "k1"))).first() is None


async def test_an_error_of_a_statement_is_the_database_s_own(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with store.write() as connection:
            await connection.execute(insert(meta), [ROWS[0], ROWS[0]])
    assert isinstance(caught.value.orig, sqlite3.IntegrityError)
    async with store.read() as connection:
        assert (await connection.execute(select(meta.c.key).where(meta.c.key == "k0"))).first() is None


async def test_what_is_cancelled_inside_a_statement_is_undone(store: Store) -> None:
    """The thread executes it all the same, after its caller has left."""
    go, there = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def waits() -> str:
        loop.call_soon_threadsafe(there.set)
        go.wait()
        return "late"

    async def writes() -> None:
        async with store.write() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert isinstance(raw, driver.Connection)
            await raw.create_function("waits", 0, waits)
            await connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('late', waits())")

    writing = asyncio.create_task(writes())
    await there.wait()
    writing.cancel()
    loop.call_soon(go.set)
    with suppress(asyncio.CancelledError):
        await writing
    async with store.write() as connection:
        assert (await connection.execute(select(meta.c.key).where(meta.c.key == "late"))).first() is None
