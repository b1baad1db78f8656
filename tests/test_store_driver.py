"""SQLite's driver: how often a statement goes to the thread, and that nothing of an unfinished transaction stays."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from smwatch.store import driver
from smwatch.store.db import Store
from smwatch.store.later import later
from smwatch.store.schema import meta
from smwatch.store.upsert import insert_of

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


async def test_a_transaction_goes_to_the_thread_once_a_statement_and_once_for_its_end(
    store: Store, ways: list[object]
) -> None:
    async with store.write() as connection:
        await connection.execute(insert(meta), ROWS)
        await connection.execute(update(meta).where(meta.c.key == "k1").values(value="one"))
        assert (await connection.execute(select(meta.c.value).where(meta.c.key == "k1"))).scalar() == "one"
    assert len(ways) == 3 + 1


async def test_what_nobody_reads_an_answer_of_goes_with_what_comes_next(store: Store, ways: list[object]) -> None:
    async with store.write() as connection:
        await later(connection, insert(meta), ROWS)
        await later(connection, update(meta).where(meta.c.key == "k1").values(value="one"))
        assert not ways
        assert (await connection.execute(select(meta.c.value).where(meta.c.key == "k1"))).scalar() == "one"
        await later(connection, delete(meta).where(meta.c.key == "k1"))
    assert len(ways) == 1 + 1
    async with store.read() as connection:
        assert (await connection.execute(select(meta).where(meta.c.key == "k1"))).first() is None


async def test_a_transaction_in_which_nothing_is_done_goes_nowhere(store: Store, ways: list[object]) -> None:
    async with store.write():
        pass
    async with store.read():
        pass
    assert not ways


async def test_what_was_put_off_is_undone_with_its_transaction(store: Store) -> None:
    async with store.write() as connection:
        await later(connection, insert(meta), ROWS)
        await connection.rollback()
    async with store.write() as connection:
        assert (await connection.execute(select(meta).where(meta.c.key == "k0"))).first() is None


async def test_what_was_put_off_and_fails_undoes_the_whole_transaction_at_its_end(store: Store) -> None:
    async def writes() -> None:
        async with store.write() as connection:
            await connection.execute(insert(meta).values(key="before", value=""))
            await later(connection, insert(meta), [ROWS[0], ROWS[0]])

    with pytest.raises(IntegrityError):
        await writes()
    async with store.write() as connection:
        assert (await connection.execute(select(meta).where(meta.c.key.in_(["before", "k0"])))).first() is None


async def test_what_was_put_off_and_fails_is_not_left_out_by_whoever_catches_the_next_error(store: Store) -> None:
    async def writes() -> None:
        async with store.write() as connection:
            await later(connection, insert(meta), [ROWS[0], ROWS[0]])
            with suppress(IntegrityError):
                async with connection.begin_nested():
                    await connection.execute(insert(meta).values(key="nested", value=""))
            await connection.execute(insert(meta).values(key="after", value=""))

    with pytest.raises(IntegrityError):
        await writes()
    async with store.write() as connection:
        assert (await connection.execute(select(meta).where(meta.c.key.in_(["after", "k0"])))).first() is None


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 127, 300])
async def test_many_rows_are_inserted_in_few_statements_as_one_by_one(store: Store, count: int) -> None:
    rows = [{"key": f"w{n % 250}", "value": str(n)} for n in range(count)]
    statement = insert_of("sqlite", meta)
    latest = statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    async with store.write() as connection:
        await connection.execute(latest, rows)
        found = await connection.execute(select(meta.c.key, meta.c.value).where(meta.c.key.startswith("w")))
        assert {row.key: row.value for row in found} == {row["key"]: row["value"] for row in rows}


async def test_rows_with_an_expression_are_inserted_one_by_one(store: Store) -> None:
    words = insert(meta).values(key=func.lower(bindparam("name")), value="")
    async with store.write() as connection:
        await connection.execute(words, [{"name": "WA"}, {"name": "WB"}])
        assert (await connection.execute(select(meta).where(meta.c.key.in_(["wa", "wb"])))).all()


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


def _in_the_file_alone(folder: Path) -> set[str]:
    """The keys that the file holds without its log."""
    path = folder / "alone.db"
    path.write_bytes((folder / "smwatch.db").read_bytes())
    with closing(sqlite3.connect(path)) as raw:
        return {key for (key,) in raw.execute("SELECT key FROM meta")}


async def test_what_was_written_is_moved_into_the_file_once_it_is_quiet(store: Store, tmp_path: Path) -> None:
    await store.checkpoint()
    async with store.write() as connection:
        tidying = asyncio.create_task(store.tidy())
        await connection.execute(insert(meta), ROWS)
        assert "k1" not in _in_the_file_alone(tmp_path)
    await tidying
    await store.tidy()
    assert "k1" in _in_the_file_alone(tmp_path)


async def test_where_nothing_was_written_nothing_is_moved(store: Store, ways: list[object]) -> None:
    await store.tidy()
    ways.clear()
    await store.tidy()
    assert not ways
