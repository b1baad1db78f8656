from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from deliver_world import copy_fresh_store
from sqlalchemy import select

from smwatch.config.model import Config
from smwatch.i18n import from_json, text
from smwatch.lookback import PATIENCE, LookBack
from smwatch.model import Watch
from smwatch.ops import Ops, ops_channels
from smwatch.plugin import Channel
from smwatch.render import news
from smwatch.store import schema
from smwatch.store import sources as source_store
from smwatch.store.db import Store
from smwatch.store.sources import Named, SourceRow

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def channels(**named):
    return {name: Channel(type="console", name=name, **keys) for name, keys in named.items()}


ACME = Watch(name="Acme", query="acme", alert=("pr",))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(ops=("it",), channels=channels(pr={}, it={}), watches=(ACME,)), ("it",)),
        (Config(channels=channels(it={}, pr={}), watches=(ACME,)), ("pr",)),
        (Config(channels=channels(it={}, pr={})), ("it",)),
        (Config(), ()),
    ],
)
def test_who_hears_about_the_machine(config, expected):
    assert ops_channels(config) == expected


@pytest.fixture
async def store(tmp_path):
    await copy_fresh_store(tmp_path)
    opened = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    yield opened
    await opened.close()


async def told(store):
    """What is planned, as (channel, kind, what it says)."""
    async with store.read() as connection:
        rows = (await connection.execute(select(schema.post).order_by(schema.post.c.id))).all()
    return [(row.channel, row.kind, _words(row.plan)) for row in rows]


def _words(plan):
    if "text" in plan:
        return str(from_json(plan["text"]))
    return [one["name"] for one in plan.get("failing", [])], plan.get("recovered", [])


@pytest.mark.parametrize(
    ("named", "instead"),
    [
        ({"pr": {}, "presse": {}}, ["presse"]),
        ({"pr": {"fallback": "z"}, "presse": {}, "z": {}}, ["z"]),
        ({"pr": {"client": "Acme"}, "theirs": {"client": "Globex"}, "ours": {"client": "Acme"}}, ["ours"]),
        ({"pr": {}, "theirs": {"client": "Globex"}}, []),
        ({"pr": {}}, []),
    ],
)
async def test_a_channel_that_cannot_be_reached_is_told_by_another(store, named, instead):
    config = Config(ops=("pr",), channels=channels(**named))
    woken = []
    ops = Ops(store=store, config=lambda: config, wake=woken.append)
    await ops.channel_news("pr", text("the token was revoked"), NOW)
    assert [channel for channel, _, _ in await told(store)] == woken == instead


async def test_the_same_news_twice_are_two_messages_and_one_moment_is_one(store):
    config = Config(channels=channels(pr={}))
    ops = Ops(store=store, config=lambda: config, wake=lambda _: None)
    for moment in (NOW, NOW, NOW + HOUR):
        await ops.tell(news(text("x")), moment)
    assert len(await told(store)) == 2


def row(name, **values):
    given = {"state": "failing", "failures": 3, "first_poll_at": NOW - HOUR * 99, "state_since": NOW - HOUR * 2}
    return SourceRow(id=1, client="", kind="feed", key=name, name=name, **given | values)


async def test_sources_that_fail_are_told_once_a_day_and_taken_back(store):
    config = Config(channels=channels(pr={}))
    ops = Ops(store=store, config=lambda: config, wake=lambda _: None)
    await ops.source_news([row("a"), row("short", state_since=NOW)], NOW, network_down=False)
    await ops.source_news([row("a"), row("b")], NOW + HOUR, network_down=False)
    await ops.source_news([row("b")], NOW + HOUR * 25, network_down=False)
    assert [words for _, _, words in await told(store)] == [(["a"], []), (["b"], ["a"])]


async def test_another_state_is_another_news_and_silence_and_new_addresses_are_told(store):
    config = Config(channels=channels(pr={}))
    ops = Ops(store=store, config=lambda: config, wake=lambda _: None)
    gone = {"kind": "gone", "times": 9, "since": (NOW - HOUR * 50).isoformat()}
    moved = {"https://a.example/": {"moved": {"to": "https://b.example/", "times": 3, "since": NOW.isoformat()}}}
    well = {"state": "ok", "failures": 0}
    await ops.source_news([row("a"), row("c", **well)], NOW, network_down=False)
    later = [
        row("a", state="gone", trouble=gone),
        row("b", state="silent", failures=0),
        row("c", validators=moved, **well),
    ]
    await ops.source_news(later, NOW + HOUR * 25, network_down=False)
    await ops.source_news(later, NOW + HOUR * 50, network_down=False)
    assert [words for _, _, words in await told(store)] == [(["a"], []), (["a", "b"], [])]
    async with store.read() as connection:
        plan = (
            (await connection.execute(select(schema.post.c.plan).order_by(schema.post.c.id.desc()))).scalars().first()
        )
    assert (plan["silent"], plan["moved"]) == (["b"], {"c": "https://b.example/"})


async def test_a_network_that_is_down_is_said_at_once_and_not_source_by_source(store):
    config = Config(channels=channels(pr={}))
    ops = Ops(store=store, config=lambda: config, wake=lambda _: None)
    await ops.source_news([row("a")], NOW, network_down=True)
    await ops.source_news([row("a")], NOW + HOUR, network_down=True)
    assert [words for _, _, words in await told(store)] == ["no source can be reached: is the network down?"]


async def test_the_look_back_waits_for_slow_sources_but_not_for_ever(store):
    config = Config(channels=channels(pr={}), watches=(ACME,))
    woken = []
    look = LookBack(store=store, config=lambda: config, wake=woken.append)
    named = [Named(client="", kind="feed", key=name, name=name) for name in ("quick", "slow")]
    async with store.write() as connection:
        rows = await source_store.sync_sources(connection, named)
        first = schema.source.c.id == rows[named[0]].id
        await connection.execute(schema.source.update().where(first).values(first_poll_at=NOW))
    waiting = list(rows.values())
    assert not await look.step(waiting, NOW, round_over=False)
    assert not await look.step(waiting, NOW + PATIENCE - timedelta(seconds=1), round_over=False)
    assert await look.step(waiting, NOW + PATIENCE, round_over=False)
    assert woken == ["pr"]
    assert not await look.step(waiting, NOW + HOUR, round_over=True)  # each source is introduced once
