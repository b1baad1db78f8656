"""The store's doors: one writer, many readers, one daemon, tables that are brought up to date."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from smwatch.errors import UserError
from smwatch.store.db import Store
from smwatch.store.lock import StoreBusyError
from smwatch.store.place import sqlite_path
from smwatch.store.schema import meta, metadata
from smwatch.store.sources import SourceRow


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/state/smwatch.db"


async def test_what_is_written_is_read(url: str) -> None:
    store = await Store.open(url)
    async with store.write() as connection:
        await connection.execute(insert(meta).values(key="a", value="ä"))
    async with store.read() as connection:
        assert (await connection.execute(select(meta.c.value))).scalar() == "ä"
    await store.close()


@pytest.mark.parametrize("door", ["read", "write"])
async def test_nothing_is_read_or_written_once_it_is_closed(store_url: str, door: str) -> None:
    """A plugin that swallows its cancellation works on when the daemon has ended."""
    store = await Store.open(store_url)
    await store.close()
    with pytest.raises(SQLAlchemyError, match="closed"):
        async with getattr(store, door)():
            pass


async def test_what_was_being_read_when_it_was_closed_is_let_go_of(url: str) -> None:
    store = await Store.open(url)
    async with store.read() as connection:
        await store.close()
        driver = (await connection.get_raw_connection()).driver_connection
        assert (await connection.execute(select(meta))).all() == []
    with pytest.raises(ValueError, match="no active connection"):
        await driver.execute("SELECT 1")


async def test_an_exception_undoes_the_whole_transaction(url: str) -> None:
    store = await Store.open(url)

    async def half() -> None:
        async with store.write() as connection:
            await connection.execute(insert(meta).values(key="a", value="1"))
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        await half()
    async with store.read() as connection:
        assert (await connection.execute(select(meta))).all() == []
    await store.close()


async def test_readers_cannot_write(url: str) -> None:
    store = await Store.open(url)
    async with store.read() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.execute(insert(meta).values(key="a", value="1"))
    await store.close()


def test_when_a_source_last_brought_something() -> None:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", first_poll_at=now, last_item_at=now)
    dead = replace(row, heard={"last": (now - timedelta(days=30)).isoformat()})
    assert (row.newest, dead.newest) == (now, now - timedelta(days=30))
    assert replace(dead, last_item_at=now + timedelta(hours=1)).newest == now + timedelta(hours=1)
    assert replace(row, last_item_at=None).newest is None


async def test_a_second_daemon_is_refused_and_told_who_is_there(url: str) -> None:
    store = await Store.open(url)
    with pytest.raises(StoreBusyError, match=r"another smwatch works with this store: pid \d+"):
        await Store.open(url)
    await store.close()
    await (await Store.open(url)).close()


async def test_reading_beside_the_daemon(url: str) -> None:
    store = await Store.open(url)
    reader = await Store.open_to_read(url)
    async with reader.read() as connection:
        assert (await connection.execute(select(meta))).all() == []
    assert reader.key == store.key
    await reader.close()
    await store.close()


async def test_nothing_to_read_yet_is_said(url: str) -> None:
    with pytest.raises(UserError, match="there is no store at"):
        await Store.open_to_read(url)


async def test_a_newer_store_is_refused(url: str) -> None:
    store = await Store.open(url)
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    for door in (Store.open, Store.open_to_read):
        with pytest.raises(UserError, match="newer smwatch"):
            await door(url)


async def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    store = await Store.open(url)
    async with store.read() as connection:
        found = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), metadata))
    await store.close()
    assert found == []


async def test_the_safe_settings_are_on(url: str) -> None:
    store = await Store.open(url)
    async with store.write() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "mmap_size")
        }
    await store.close()
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "secure_delete": 1, "mmap_size": 0}


async def test_nobody_else_may_read_the_files(url: str) -> None:
    store = await Store.open(url)
    path = sqlite_path(url)
    assert path is not None
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    await store.close()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("wrong", ["sqlite:///", "sqlite://x.db", "mysql://x", "/var/x.db"])
def test_an_address_that_is_none(wrong: str) -> None:
    with pytest.raises(UserError, match="store: an address like"):
        sqlite_path(wrong)


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be made"):
        await Store.open(f"sqlite://{tmp_path}/file/smwatch.db")


async def test_the_log_is_moved_into_the_file_and_cut(url: str) -> None:
    store = await Store.open(url)
    try:
        async with store.write() as connection:
            await connection.execute(meta.insert().values(key="a", value="1"))
        log = Path(url.removeprefix("sqlite://") + "-wal")
        assert log.stat().st_size > 0
        await store.checkpoint()
        assert log.stat().st_size == 0
    finally:
        await store.close()
