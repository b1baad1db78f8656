"""A forum that sends its posts: from the signed request to the message, through crashes."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
from datetime import UTC, datetime

import aiohttp
from daemon_process import Daemon, free_port
from sqlalchemy import select

from smwatch.store.db import Store
from smwatch.store.schema import inbox

WORD = "gemeinsames-geheimnis"


def posted(number, title):
    return json.dumps({"post": {"id": number, "title": title, "at": datetime.now(UTC).isoformat()}}).encode()


async def sends(port, body, word=WORD, name="forum"):
    sign = hmac.new(word.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={sign}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{port}/in/{name}"
    async with aiohttp.ClientSession() as session, session.post(address, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


def with_forum(world, monkeypatch):
    monkeypatch.setenv("FORUM_SECRET", WORD)
    port = free_port()
    world.config["web"]["listen"] = f"127.0.0.1:{port}"
    world.watch("Acme", "acme")
    world.config["source"].append(
        {
            "name": "forum",
            "type": "inbound",
            "secret": {"env": "FORUM_SECRET"},
            "map": {"id": "post.id", "title": "post.title", "published": "post.at"},
        }
    )
    return port


async def test_a_signed_post_is_an_alert_at_once_and_a_forged_one_is_none(world, monkeypatch):
    port = with_forum(world, monkeypatch)
    world.clock.runs()
    await world.starts()
    assert await sends(port, posted(1, "Acme ruft zurück")) == (200, "ok")
    await world.hears("Acme ruft zurück")
    forged = await sends(port, posted(2, "Acme ist pleite"), word="geraten")
    assert forged == (401, "401: the signature does not match")
    assert await sends(port, posted(3, "Acme baut um"), name="anderswo") == (404, "404: nobody receives here")
    assert await sends(port, posted(4, "Acme spendet")) == (200, "ok")
    await world.hears("Acme spendet")
    assert world.slack.reads("pleite") == []


async def test_a_reload_opens_and_shuts_an_address(world, monkeypatch):
    port = with_forum(world, monkeypatch)
    forum = world.config["source"].pop()
    world.clock.runs()
    await world.starts()
    assert (await sends(port, posted(1, "Acme eins")))[0] == 404
    world.config["source"].append(forum)
    await world.reloads()
    assert (await sends(port, posted(2, "Acme zwei")))[0] == 200
    await world.hears("Acme zwei")


async def test_what_the_forum_deletes_loses_its_words(world, monkeypatch):
    port = with_forum(world, monkeypatch)
    world.config["source"][-1]["deleted"] = {"when": "event", "is": ["destroyed"]}
    world.clock.runs()
    await world.starts()
    await sends(port, posted(1, "Acme ruft zurück"))
    await world.hears("Acme ruft zurück")
    gone = json.dumps({"event": "destroyed", "post": {"id": 1}}).encode()
    assert await sends(port, gone) == (200, "ok")
    await world.hears("bei der Quelle gelöscht")
    await world.eventually(lambda: not world.slack.reads("Acme ruft zurück"), "the words to go")


async def test_a_kill_behind_the_answer_loses_nothing_and_repeats_nothing(world, monkeypatch):
    """The daemon dies as soon as the last delivery is answered; what was answered with 200 is one alert each."""
    port = with_forum(world, monkeypatch)
    world.clock.runs()
    world.saves()
    first, second = Daemon(world.path), Daemon(world.path)
    try:
        await (await first.start()).ready()
        bodies = {f"Acme meldet Fall {n}": posted(n, f"Acme meldet Fall {n}") for n in range(4)}
        answers = {title: await sends(port, body) for title, body in bodies.items()}
        first.sends(signal.SIGKILL)
        await first.ends()
        assert set(answers.values()) == {(200, "ok")}
        store = await Store.open_to_read(world.config["smwatch"]["store"])
        async with store.read() as connection:
            kept = (await connection.execute(select(inbox.c.delivery_id))).scalars().all()
        await store.close()
        assert len(kept) == len(bodies)
        await (await second.start()).ready()
        for title, body in bodies.items():
            await world.hears(title)
            assert await sends(port, body) == (200, "duplicate")
        assert {title: len(world.slack.reads(title)) for title in bodies} == dict.fromkeys(bodies, 1)
    finally:
        await first.close()
        await second.close()
