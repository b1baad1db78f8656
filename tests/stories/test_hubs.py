"""Feeds that name a hub: subscribed to, taken in at once when it sends, and read all the same."""

from __future__ import annotations

import re
import socket
from datetime import timedelta

import pytest

from smwatch.store import websub as subscriptions
from smwatch.testing.fake_hub import FakeHub
from smwatch.testing.servers import entry, rss

HOUR = timedelta(hours=1)


@pytest.fixture
async def hub():
    async with FakeHub() as made:
        yield made


@pytest.fixture
def press(world, hub):
    """A feed that names its hub in its Link header, and a daemon that the hub can call."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    world.config["web"]["listen"] = f"127.0.0.1:{port}"
    world.config["smwatch"]["public_url"] = f"http://127.0.0.1:{port}"
    made = world.feed("Tagesbote", interval="6h")
    made.headers = {"Link": f'<{hub.url}>; rel="hub", <{made.url}>; rel="self"'}
    made.shows()
    world.watch("Acme", "acme")
    return made


async def subscribes(world, hub, count=1):
    await world.eventually(lambda: len(hub.subscribers) == count, f"{count} subscriptions")


def pushed(*titles, **how):
    return rss(*(entry(title, guid=title, link=f"https://tagesbote.example/{n}") for n, title in enumerate(titles)))


async def kept(world):
    async with world.app.store.read() as connection:
        return await subscriptions.all_subscriptions(connection)


async def test_what_a_hub_sends_alerts_at_once_and_the_poll_does_not_tell_it_again(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    asked = hub.asked[0]
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", press.url)
    assert re.fullmatch(rf"{world.config['smwatch']['public_url']}/websub/[\w-]{{43}}", asked["hub.callback"])
    assert len(asked["hub.secret"]) >= 32
    polls = world.polls["Tagesbote"]
    post = press.publishes("Acme ruft zurück")
    body = world.server.pages[press.path].body
    assert await hub.distribute(press.url, body) == [202]
    await world.hears("Acme ruft zurück")
    await world.calm()
    assert world.polls["Tagesbote"] > polls
    assert len(world.alerts()) == 1
    press.edits(post, text="Mehr dazu.")
    await hub.distribute(press.url, world.server.pages[press.path].body, method="sha1")
    await world.calm()
    assert len(world.alerts()) == 1


async def test_what_a_hub_takes_back_loses_its_words(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    await hub.distribute(press.url, rss(entry("Acme ruft zurück", guid="urn:acme:1", link="https://acme.example/1")))
    first = await world.hears("Acme ruft zurück")
    tombstones = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    gone = f'<feed {tombstones}><title>x</title><at:deleted-entry ref="urn:acme:1" when="2026-11-24T10:00:00Z"/></feed>'
    assert await hub.distribute(press.url, gone) == [202]
    told = await world.hears("Der Beitrag wurde bei der Quelle gelöscht")
    assert told.ts == first.ts
    assert "ruft zurück" not in told.text


async def test_it_is_not_believed_what_is_not_signed(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    forged = pushed("Acme ist pleite")
    assert await hub.distribute(press.url, forged, secret="geraten") == [202]
    assert await hub.distribute(press.url, forged, method="") == [202]
    assert await hub.distribute(press.url, forged, method="md5") == [202]
    callback = next(iter(hub.subscribers))
    assert await hub.post(callback, forged.encode(), {"X-Hub-Signature": "sha256=ü"}) == 202
    await world.calm()
    assert world.alerts() == []
    assert [one["event"] for one in world.logs.entries].count("delivery_not_signed") == 4
    assert await hub.distribute(press.url, pushed("Acme ruft zurück")) == [202]
    await world.hears("Acme ruft zurück")


async def test_nobody_confirms_what_was_not_asked_for(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    callback = next(iter(hub.subscribers))
    other = {"hub.mode": "subscribe", "hub.topic": "https://evil.example/", "hub.challenge": "x"}
    assert (await hub.call(callback, other))[0] == 404
    leave = {"hub.mode": "unsubscribe", "hub.topic": press.url, "hub.challenge": "x"}
    assert (await hub.call(callback, leave))[0] == 404
    unknown = callback[:-3] + "abc"
    assert await hub.call(unknown, {**other, "hub.topic": press.url}) == (410, "410: nobody subscribes here")
    assert await hub.post(unknown, pushed("Acme").encode(), {}) == 410
    assert len(await kept(world)) == 1


async def test_a_lease_is_renewed_at_four_fifths_and_the_feed_is_read_rarely_meanwhile(world, hub, press):
    del world.config["source"][0]["interval"]
    hub.lease = 10 * 3600
    await world.watches()
    await subscribes(world, hub)
    row = world.app.scheduler.rows[0]
    await world.calm()
    row = world.app.scheduler.rows[0]
    assert row.due_at - world.clock() > 50 * HOUR / 60
    world.clock_only(hours=7, minutes=50)
    await world.moment()
    assert len(hub.asked) == 1
    world.clock_only(minutes=20)
    await world.eventually(lambda: len(hub.asked) == 2, "the renewal")
    assert hub.asked[1] == hub.asked[0]


async def test_a_hub_that_vanishes_leaves_the_feed_to_the_polls(world, hub, press):
    del world.config["source"][0]["interval"]
    hub.lease = 3600
    await world.watches()
    await subscribes(world, hub)
    hub.refuses = 500
    world.clock_only(minutes=50)
    await world.eventually(lambda: len(hub.asked) == 2, "the renewal")
    assert world.app.scheduler.rows[0].pushed_until is not None
    world.clock_only(minutes=15)
    await world.eventually(lambda: world.app.scheduler.rows[0].pushed_until is None, "the end of the lease")
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")


async def test_it_survives_a_restart(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    await world.stops()
    await world.starts()
    await world.calm()
    await world.eventually(lambda: world.app.websub._boxes, "what was asked for to be known again")
    assert await hub.distribute(press.url, pushed("Acme ruft zurück")) == [202]
    await world.hears("Acme ruft zurück")
    assert len(hub.asked) == 1


async def test_a_source_that_is_taken_out_is_gone_for_its_hub(world, hub, press):
    world.feed("Blog")
    await world.watches()
    await subscribes(world, hub)
    del world.config["source"][0]
    await world.reloads()
    await world.eventually(lambda: _nothing_kept(world), "the subscription to be dropped")
    assert await hub.distribute(press.url, pushed("Acme ruft zurück")) == [410]


async def _nothing_kept(world):
    return not await kept(world)


async def test_a_feed_that_names_no_hub_any_more_is_unsubscribed(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    press.headers = {}
    press.publishes("Etwas anderes")
    await world.eventually(lambda: not hub.subscribers, "the end of the subscription")
    assert [one["hub.mode"] for one in hub.asked] == ["subscribe", "unsubscribe"]
    await world.eventually(lambda: _nothing_kept(world), "it to be forgotten")


@pytest.mark.parametrize("rude", ["silent", "refuses", "denies", "echoes"])
async def test_a_rude_hub_is_asked_again_later_and_later_and_the_feed_is_read(world, hub, press, rude):
    setattr(hub, rude, {"refuses": 500, "echoes": "https://evil.example/"}.get(rude, True))
    await world.watches()
    await world.eventually(lambda: hub.asked, "the first question")
    for _ in range(3):
        await world.moment()
    assert len(hub.asked) == 1
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    setattr(hub, rude, {"refuses": 0, "echoes": ""}.get(rude, False))
    world.clock_only(hours=25)
    await subscribes(world, hub)


async def test_what_a_hub_sends_in_vain_is_left_to_the_poll(world, hub, press):
    await world.watches()
    await subscribes(world, hub)
    assert await hub.distribute(press.url, "<html>Wartung</html>") == [202]
    assert await hub.distribute(press.url, "") == [202]
    await world.calm()
    assert world.app.scheduler.rows[0].state == "ok"
    assert (await hub.post(next(iter(hub.subscribers)), b"x" * (1024 * 1024 + 1), {})) == 413


async def test_without_a_public_address_nobody_is_asked(world, hub, press):
    del world.config["smwatch"]["public_url"]
    await world.watches()
    await world.calm()
    assert hub.asked == []
