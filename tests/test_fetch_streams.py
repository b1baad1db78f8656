"""Connections that stay, against real sockets: the same guard, the same words, and an end that is always told."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from aiohttp import WSCloseCode, web

from smwatch.config.model import Http
from smwatch.errors import AuthExpired, Broken, NotPermitted, RateLimited, Transient
from smwatch.fetch import streams
from smwatch.fetch.client import Client, Limits
from smwatch.fetch.request import Request, read_url
from smwatch.fetch.walk import Walk
from smwatch.packed import Packed
from smwatch.plugin import Card, Source
from smwatch.testing.servers import GOOD, FeedServer

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


class Anything(Source):
    card: ClassVar[Card] = Card(title="-", docs="-")
    type: str = "anything"
    name: str = "Strom"


@asynccontextmanager
async def serving(handler):
    app = web.Application()
    app.router.add_route("*", "/", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
async def http():
    client = Client(Http(), "presse@acme.example", limits=Limits(head=1.0, total=2.0, pause=0.0), clock=lambda: NOW)
    yield Walk(source=Anything(allow_private=True), client=client, pool=None, now=NOW).http
    await client.close()


async def until_the_end(stream, error):
    found = []

    async def read():
        async for one in stream:
            found.append(one)

    with pytest.raises(error) as caught:
        await read()
    return found, caught.value.sentence.render("de")


def answering(*parts, status=200):
    async def handler(request):
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        return response

    return handler


async def test_lines_come_whole_however_they_are_cut(http):
    parts = (b"event: up", "date\r\ndata: Mü".encode()[:-1], "ü".encode()[1:], b"ller\n\n:thump\n")
    async with serving(answering(*parts)) as url:
        found, why = await until_the_end(http.lines(url), Transient)
    assert found == ["event: update", "data: Müller", "", ":thump"]
    assert why == "127.0.0.1 hat den Datenstrom beendet"


async def test_a_line_without_end_is_refused(http):
    async with serving(answering(*[b"x" * 65536] * 20)) as url:
        found, why = await until_the_end(http.lines(url), Broken)
    assert (found, why) == ([], "127.0.0.1 sendet Zeilen von mehr als 1 MiB")


async def test_silence_is_an_end(http, monkeypatch):
    over = asyncio.Event()

    async def handler(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one\n")
        await over.wait()
        return response

    monkeypatch.setattr(streams, "IDLE", 0.05)
    async with serving(handler) as url:
        found, why = await until_the_end(http.lines(url), Transient)
        over.set()
    assert (found, why) == (["one"], "127.0.0.1 hat 0 Sekunden lang nichts gesendet")


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthExpired), (403, NotPermitted), (429, RateLimited), (503, Transient)]
)
async def test_refusals_have_the_same_words_as_elsewhere(http, status, error):
    async with serving(answering(status=status)) as url:
        await until_the_end(http.lines(url), error)
        await until_the_end(http.websocket(url), error)


async def test_messages_of_a_websocket(http):
    async def handler(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request.headers["User-Agent"].split("/")[0])
        await socket.send_bytes(request.query["cursor"].encode())
        await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    async with serving(handler) as url:
        found, why = await until_the_end(http.websocket(url, params={"cursor": "7"}), Transient)
    assert found == ["smwatch", b"7"]
    assert why == "127.0.0.1 hat den Datenstrom beendet"


async def test_a_message_of_megabytes_is_refused(http):
    async def handler(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("x" * (streams.LONGEST + 1))
        await socket.receive()
        return socket

    async with serving(handler) as url:
        found, _ = await until_the_end(http.websocket(url), Transient)
    assert found == []


async def test_a_private_address_is_refused_for_streams_too():
    client = Client(Http(), limits=Limits(head=1.0, pause=0.0))
    http = Walk(source=Anything(), client=client, pool=None, now=NOW).http
    for stream in (http.lines("http://127.0.0.1:9/"), http.websocket("http://127.0.0.1:9/")):
        _, why = await until_the_end(stream, NotPermitted)
        assert "127.0.0.1" in why
    with pytest.raises(NotPermitted):
        await http.post("http://127.0.0.1:9/", json={})
    await client.close()


async def test_a_posting_goes_out_once_and_never_further(http):
    seen = []

    async def handler(request):
        seen.append((request.method, request.headers["Content-Type"], await request.text()))
        if len(seen) == 3:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        return web.json_response({"ok": True})

    async with serving(handler) as url:
        answer = await http.post(url, json={"wort": "Müller"})
        await http.post(url, data={"hub.mode": "subscribe"})
        with pytest.raises(Broken) as caught:
            await http.post(url, json={})
    assert json.loads(answer.body) == {"ok": True}
    assert seen == [
        ("POST", "application/json", '{"wort": "M\\u00fcller"}'),
        ("POST", "application/x-www-form-urlencoded", "hub.mode=subscribe"),
        ("POST", "application/json", "{}"),
    ]
    assert "127.0.0.1" in caught.value.sentence.render("de")


async def test_a_lost_answer_is_not_asked_for_again(http):
    seen = []

    async def handler(request):
        seen.append(await request.text())
        request.transport.abort()
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(Transient):
            await http.post(url, json=1)
    assert seen == ["1"]


async def test_a_walk_without_news_gives_back_the_validators_that_it_was_given(http):
    async def walked(validators):
        walk = Walk(source=http._source, client=http._client, pool=None, now=NOW, validators=validators)
        await walk.http.get(server.url("/"), conditional=True)
        return walk

    async with FeedServer() as server:
        server.put("/", GOOD)
        first = await walked(None)
        known = Packed(first.validators)
        assert (first.unchanged, list(known)) == (False, [server.url("/")])
        again = await walked(known)
        assert again.unchanged
        assert again.validators is known
        server.put("/", GOOD + "<!-- new -->")
        changed = await walked(known)
        assert not changed.unchanged
        assert changed.validators != known


async def test_a_body_has_the_time_of_the_whole_request_and_an_answer_without_one_that_of_its_head(http):
    request = Request(http._client, allow_private=True)
    now = asyncio.get_running_loop().time()
    head, deadline = now + 60.0, now + 120.0

    async def limited(**headers):
        async with asyncio.timeout_at(head) as limit:
            answer = await request._once(read_url(server.url("/")), headers, limit, deadline)
        return answer, limit.when()

    async with FeedServer() as server:
        server.put("/", GOOD)
        whole, its_limit = await limited()
        assert (whole.status, its_limit) == (200, deadline)
        same, its_limit = await limited(**{"If-None-Match": whole.headers["ETag"]})
        assert (same.status, its_limit) == (304, head)
