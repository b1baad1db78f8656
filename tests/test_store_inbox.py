"""The inbox of the store, the same on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.i18n import text
from smwatch.store import inbox
from smwatch.store.db import Store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINE = [("Acme", "inbound:forum")]


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


async def put(store, raw=b'{"a": "\xff"}', client="Acme", delivery_id="", sender="inbound:forum"):
    given = {"raw": raw, "client": client, "delivery_id": delivery_id, "sender": sender}
    return await inbox.put(store, headers={"x-event": "post"}, now=NOW, **given)


async def waiting(store, at=NOW, senders=MINE):
    async with store.read() as connection:
        return [one.raw for one in await inbox.waiting(connection, at, senders)]


async def test_the_life_of_a_delivery(store):
    assert await put(store)
    assert not await put(store)
    assert not await put(store, delivery_id="7")
    assert await put(store, b"{}", delivery_id="8")
    assert not await put(store, b"[]", delivery_id="8")
    assert await put(store, client="Globex")  # clients are kept apart
    assert await put(store, sender="inbound:blog")
    async with store.read() as connection:
        first, second = await inbox.waiting(connection, NOW, MINE)
        assert await inbox.load(connection) == (4, 32)
    assert (first.raw, first.headers, first.attempts) == (b'{"a": "\xff"}', {"x-event": "post"}, 0)
    async with store.write() as connection:
        lease = timedelta(minutes=1)
        assert await inbox.try_it(connection, first.id, NOW, lease)
        assert not await inbox.try_it(connection, first.id, NOW, lease)
        await inbox.put_off(connection, second.id, NOW + timedelta(hours=1), text("later"))
    assert await waiting(store) == []
    assert await waiting(store, NOW + timedelta(minutes=2)) == [first.raw]
    async with store.write() as connection:
        await inbox.done(connection, first.id)
        await inbox.refuse(connection, second.id, text("it is no letter"))
    async with store.read() as connection:
        (kept,) = await inbox.refused(connection)
    assert (kept.raw, str(kept.problem)) == (b"{}", "it is no letter")
    async with store.write() as connection:
        assert await inbox.again(connection) == 1
    assert await waiting(store) == [b"{}"]
    assert not await put(store)  # still known


async def test_what_is_old_is_forgotten(store):
    await put(store)
    await put(store, b"{}")
    async with store.write() as connection:
        await inbox.done(connection, 1)
        await inbox.refuse(connection, 2, text("no"))
        await inbox.forget(connection, NOW + timedelta(days=31))
        assert await inbox.refused(connection) == []
    assert not await put(store)
    async with store.write() as connection:
        await inbox.forget(connection, NOW + timedelta(days=181))
    assert await put(store)


async def test_durable_is_over_when_it_is_on_the_disk(store):
    async with store.write(durable=True) as connection:
        if not store.shared:
            assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2  # FULL
    async with store.write() as connection:
        if not store.shared:
            assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 1  # NORMAL
