"""A store of the first version becomes one of today."""

import asyncio
import importlib
import pkgutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

from sqlalchemy import inspect, select, text

import smwatch.store
from smwatch.store import outbox, schema
from smwatch.store.db import Store
from smwatch.store.migrate import SCRIPTS, revisions
from smwatch.store.schema import metadata
from smwatch.store.stepwise import scripts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OF_TODAY = {table.name: set(table.columns.keys()) for table in metadata.sorted_tables}


async def test_a_store_of_the_first_version_gets_what_came_later(tmp_path):
    url = f"sqlite:///{tmp_path}/smwatch.db"
    store = await Store.open(url)
    await store.close()
    with sqlite3.connect(tmp_path / "smwatch.db") as first:
        first.execute("ALTER TABLE source DROP COLUMN stream_cursor")
        first.execute("UPDATE alembic_version SET version_num = '0001'")
    store = await Store.open(url)
    async with store.read() as connection:
        columns = await connection.run_sync(lambda sync: _columns(inspect(sync)))
        version = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    await store.close()
    assert (columns, version) == (OF_TODAY, revisions()[-1])


async def test_what_was_unsure_before_it_had_a_moment_counts_as_lost_now(store_url):
    store = await Store.open(store_url)
    async with store.write() as connection:
        for key in ("sure", "unsure"):
            await outbox.add_post(connection, key=key, channel="pr", kind="ops", plan={}, now=NOW)
        for table in ("card", "post"):
            await connection.execute(text(f"ALTER TABLE {table} DROP COLUMN unsure_at"))
            await connection.execute(text(f"ALTER TABLE {table} ADD COLUMN unsure BOOLEAN NOT NULL DEFAULT false"))
        await connection.execute(text("UPDATE post SET unsure = true WHERE key = 'unsure'"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    await store.close()
    before = datetime.now(UTC)
    store = await Store.open(store_url)
    async with store.read() as connection:
        columns = await connection.run_sync(lambda sync: _columns(inspect(sync)))
        lost = dict((await connection.execute(select(schema.post.c.key, schema.post.c.unsure_at))).all())
    await store.close()
    assert columns == OF_TODAY
    assert lost["sure"] is None
    assert before <= lost["unsure"] <= datetime.now(UTC)


def _columns(standing):
    return {table.name: {one["name"] for one in standing.get_columns(table.name)} for table in metadata.sorted_tables}


def test_the_names_of_the_files_are_the_versions():
    known = [step.revision for step in scripts(SCRIPTS).walk_revisions()]
    assert list(revisions()) == known[::-1]


async def test_a_new_store_has_every_table_whoever_opens_it_first(tmp_path):
    """Tables that only the daemon's modules know would be missing for ever where a command came first."""
    for module in pkgutil.iter_modules(smwatch.store.__path__, "smwatch.store."):
        importlib.import_module(module.name)
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _opening(tmp_path)], check=True)
    with sqlite3.connect(tmp_path / "s.db") as connection:
        made = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert set(metadata.tables) - made == set()


def _opening(folder):
    return (
        "import asyncio, sys\nfrom smwatch.store.db import Store\n"
        f"async def main():\n    await (await Store.open('sqlite:///{folder}/s.db')).close()\n"
        "asyncio.run(main())\nprint(sorted(name for name in ('alembic', 'mako') if name in sys.modules))"
    )


async def test_a_new_store_does_not_need_alembic(tmp_path):
    """It would stay in the daemon's memory for nothing."""
    words = _opening(tmp_path)
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n")
