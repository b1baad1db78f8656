"""A store that a crash or a copy has left in pieces: what was committed is there, the rest is said in a sentence."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select

from smwatch.errors import UserError
from smwatch.store.db import Store
from smwatch.store.schema import meta

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 200


async def _fills(store: Store, first: int, count: int) -> None:
    for n in range(first, first + count):
        async with store.write() as connection:
            await connection.execute(insert(meta).values(key=f"k{n}", value="x" * 500))


async def _count(store: Store) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).where(meta.c.key.like("k%")))).scalar_one()


def _integrity(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        found = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    connection.close()
    return found


@pytest.mark.parametrize("cut", [1, 1000, 40_000])
async def test_a_torn_log_costs_its_last_transactions_alone(tmp_path: Path, cut: int) -> None:
    store = await Store.open(f"sqlite://{tmp_path}/a/s.db")
    await store.checkpoint()
    await _fills(store, 0, ROWS)
    shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=shutil.ignore_patterns("*-shm", "*.lock"))
    await store.close()
    log = tmp_path / "b" / "s.db-wal"
    log.write_bytes(log.read_bytes()[:-cut])
    torn = await Store.open(f"sqlite://{tmp_path}/b/s.db")
    left = await _count(torn)
    await _fills(torn, ROWS, 1)
    await torn.close()
    assert 0 < left < ROWS
    assert _integrity(tmp_path / "b" / "s.db") == "ok"


async def test_a_backup_under_load_is_whole(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite://{tmp_path}/a/s.db")
    await _fills(store, 0, 20)
    writing = asyncio.create_task(_fills(store, 20, ROWS))
    backup = tmp_path / "b" / "s.db"
    backup.parent.mkdir()

    def back_up() -> None:  # as the operator's page says
        connection = sqlite3.connect(f"file:{tmp_path}/a/s.db?mode=ro", uri=True)
        connection.execute("VACUUM INTO ?", (str(backup),))
        connection.close()

    await asyncio.to_thread(back_up)
    await writing
    await store.close()
    assert _integrity(backup) == "ok"
    restored = await Store.open(f"sqlite://{backup}")
    assert 20 <= await _count(restored) <= 20 + ROWS
    await restored.close()


async def test_a_damaged_file_is_refused_with_the_way_back(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite://{tmp_path}/s.db")
    await store.close()
    (tmp_path / "s.db").write_bytes(b"\x00rubbish" * 4096)
    with pytest.raises(UserError, match="put a backup in its place"):
        await Store.open(f"sqlite://{tmp_path}/s.db")
