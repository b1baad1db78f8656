"""`smwatch inbox`: what could not be read is shown, and tried again when somebody says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.i18n import text
from smwatch.store import inbox
from smwatch.store.db import Store

if TYPE_CHECKING:
    from cli_world import World

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def keep(url: str) -> None:
    store = await Store.open(url)
    raw = b'{"post": "\x1b[31m"}'
    await inbox.put(store, client="", sender="inbound:forum", delivery_id="7", raw=raw, headers={}, now=NOW)
    async with store.write() as connection:
        await inbox.refuse(connection, 1, text("it does not fit the mapping: {detail}", detail="no value at post.id"))
    await store.close()


def test_kept_deliveries(world: World) -> None:
    world.configure()
    assert world.run("inbox", "list", "--json").json == []
    assert world.run("inbox", "list").err == "Everything that was sent could be read.\n"
    assert world.run("inbox", "retry").out == "0 deliveries are tried again\n"
    asyncio.run(keep(world.run("config", "show", "--json").json["smwatch"]["store"]))
    shown = world.run("inbox", "list").out
    assert "forum  it does not fit the mapping: no value at post.id" in shown
    assert "\x1b" not in shown
    (one,) = world.run("inbox", "list", "--json").json
    assert (one["source"], one["attempts"], one["received"]) == ("forum", 0, "2026-11-24T09:00:00+00:00")
    assert world.run("inbox", "retry").out == "1 delivery is tried again\n"
    assert world.run("inbox", "list", "--json").json == []
