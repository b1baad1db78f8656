from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from deliver_world import copy_fresh_store
from sqlalchemy import select

from smwatch.store import outbox, schema
from smwatch.store.db import Store
from smwatch.store.lifetimes import begin, end, this_boot

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path):
    await copy_fresh_store(tmp_path)
    opened = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    async with opened.write() as connection:
        await outbox.add_post(connection, key="k", channel="pr", kind="ops", plan={}, now=NOW)
    yield opened
    await opened.close()


async def unsure(store):
    async with store.read() as connection:
        return (await connection.execute(select(schema.post.c.unsure_at))).scalar_one()


async def test_a_fresh_store_and_a_clean_end_are_trusted(store):
    assert await begin(store, "one", NOW) == 0
    await end(store)
    assert await begin(store, "two", NOW) == 0
    assert await unsure(store) is None


async def test_a_killed_process_is_trusted_too(store):
    await begin(store, "one", NOW)
    assert await begin(store, "one", NOW) == 0
    assert await unsure(store) is None


async def test_after_a_power_cut_what_is_unsent_is_looked_up_first(store):
    await begin(store, "one", NOW)
    later = NOW + timedelta(hours=3)
    assert await begin(store, "two", later) == 1
    assert await unsure(store) == later
    async with store.read() as connection:
        since = (await connection.execute(select(schema.post.c.first_attempt_at))).scalar_one()
    assert since == NOW  # the history is read from the moment at which it was planned


def test_the_machine_says_when_it_was_started():
    assert this_boot() == this_boot() != ""
