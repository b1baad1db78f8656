"""Mastodon against a server that others wrote: mastodon-mock (pip install mastodon-mock), where it is installed."""

from __future__ import annotations

import asyncio
import shutil
import socket

import aiohttp
import pytest

MOCK = shutil.which("mastodon_mock")
pytestmark = pytest.mark.skipif(
    MOCK is None, reason="mastodon-mock is not installed (pip install mastodon-mock==0.6.1)"
)


class Mock:
    """The running server, and what people do there."""

    def __init__(self, port, session):
        self.url, self._session = f"http://127.0.0.1:{port}", session

    async def call(self, method, path, token=None, **fields):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.request(method, self.url + path, json=fields or None, headers=headers) as answer:
            return await answer.json() if answer.status < 300 else None

    async def is_up(self):
        try:
            return await self.call("GET", "/api/v2/instance")
        except aiohttp.ClientError:
            return None

    async def person(self, name):
        return (await self.call("POST", "/api/v1/_mock/dev_user", username=name))["access_token"]

    async def posts(self, token, words):
        return await self.call("POST", "/api/v1/statuses", token, status=words)

    async def deletes(self, token, status):
        return await self.call("DELETE", f"/api/v1/statuses/{status['id']}", token)


@pytest.fixture
async def mock(world, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [MOCK, "serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path)
    async with aiohttp.ClientSession() as session:
        server = Mock(port, session)
        await world.eventually(server.is_up, "mastodon-mock to be up")
        yield server
        await world.stops()
    process.terminate()
    await process.wait()


def follows(world, mock, **keys):
    world.source("Fedi", "", type="mastodon", server=mock.url, **keys)
    del world.config["source"][-1]["url"]
    world.watch("Acme", "acme OR mueller OR müller")


async def test_hashtags_are_polled(world, mock):
    world.clock.runs()
    erika = await mock.person("erika")
    await mock.posts(erika, "Alt: #acme baut um")
    follows(world, mock, hashtags=["acme", "müller"])
    await world.watches()
    for number in range(3):
        await mock.posts(erika, f"Nummer {number}: #Acme ruft zurück")
    await mock.posts(erika, "Bei #Mueller brennt es")
    for words in ("Nummer 0", "Nummer 1", "Nummer 2", "Bei #Mueller"):
        await world.hears(words)
    assert world.alerts("Alt:") == []


async def test_streams_bring_posts_and_deletions(world, mock, monkeypatch):
    world.clock.runs()
    erika = await mock.person("erika")
    monkeypatch.setenv("MOCK_TOKEN", erika)
    follows(world, mock, hashtags=["acme"], token={"env": "MOCK_TOKEN"}, interval="1h")
    await world.watches()
    post = await world.eventually(lambda: _heard(world, mock, erika), "a post that the stream brings")
    await mock.deletes(erika, post)
    await world.hears("Der Beitrag wurde bei der Quelle gelöscht")


async def _heard(world, mock, token):
    """Post, until the stream is open and one of the posts was heard."""
    post = await mock.posts(token, f"#Acme hat mich {world.count()} mal abgezockt")
    words = post["content"].split("mich ")[1].split(" mal")[0]
    for _ in range(100):
        if world.slack.reads(f"{words} mal abgezockt"):
            return post
        await asyncio.sleep(0.02)
    return None


async def test_search_and_accounts(world, mock, monkeypatch):
    world.clock.runs()
    erika = await mock.person("erika")
    monkeypatch.setenv("MOCK_TOKEN", erika)
    await mock.posts(erika, "Guten Morgen")
    follows(world, mock, search="from-watches", accounts=["@erika"], token={"env": "MOCK_TOKEN"})
    await world.watches()
    await mock.posts(erika, "Ohne Tag: acme ruft zurück")
    await world.hears("Ohne Tag")
    await world.calm()
    assert len(world.alerts()) == 1
