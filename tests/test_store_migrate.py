"""A store of the first version becomes one of today."""

import sqlite3

from sqlalchemy import inspect, text

from smwatch.store.db import Store
from smwatch.store.schema import metadata


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
