"""A store of the first version becomes one of today."""

import asyncio
import sqlite3
import subprocess
import sys

from sqlalchemy import inspect, text

from smwatch.store.db import Store
from smwatch.store.migrate import SCRIPTS, revisions
from smwatch.store.schema import metadata
from smwatch.store.stepwise import scripts


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
    assert (columns, version) == ({table.name: set(table.columns.keys()) for table in metadata.sorted_tables}, "0002")


def _columns(standing):
    return {table.name: {one["name"] for one in standing.get_columns(table.name)} for table in metadata.sorted_tables}


def test_the_names_of_the_files_are_the_versions():
    known = [step.revision for step in scripts(SCRIPTS).walk_revisions()]
    assert list(revisions()) == known[::-1]


async def test_a_new_store_does_not_need_alembic(tmp_path):
    """It would stay in the daemon's memory for nothing."""
    words = (
        "import asyncio, sys\nfrom smwatch.store.db import Store\n"
        f"async def main():\n    await (await Store.open('sqlite:///{tmp_path}/s.db')).close()\n"
        "asyncio.run(main())\nprint(sorted(name for name in ('alembic', 'mako') if name in sys.modules))"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n")
