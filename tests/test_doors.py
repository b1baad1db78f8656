"""The doors of the web server: what they hand on to the byte, and what never gets in."""

from __future__ import annotations

import asyncio
import gzip
import io
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest
from test_web import Daemon

from smwatch.receive import Reply
from smwatch.web import doors as doors_module
from smwatch.web.doors import LARGEST, Doors
from smwatch.web.server import WebServer, read_listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.plugin import Request

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class Keeper:
    """Who stands behind the door `in`."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Request]] = []
        self.reply = Reply(status=200, body="ok")
        self.hold: asyncio.Event | None = None

    async def __call__(self, name: str, request: Request) -> Reply:
        self.taken.append((name, request))
        if self.hold is not None:
            await self.hold.wait()
        return self.reply


@asynccontextmanager
async def opened(keeper: Keeper, public_url: str | None = None) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    listen = read_listen("127.0.0.1:0", public_url)
    assert listen is not None
    daemon = Daemon()
    server = WebServer(listen, daemon, daemon.metrics, Doors({"in": keeper}, lambda: NOW))
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield session, f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()


async def test_the_body_arrives_to_the_byte_and_the_name_decoded() -> None:
    keeper = Keeper()
    body = b'{ "a":\r\n 1 }\x00\xff'
    async with (
        opened(keeper) as (session, url),
        session.post(url + "/in/Acme%20Forum?x=1", data=body, headers={"X-Sig": "7"}) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "ok")
    ((name, request),) = keeper.taken
    assert (name, request.method, request.body, request.now) == ("Acme Forum", "POST", body, NOW)
    assert request.headers["x-sig"] == "7"
    assert request.query["x"] == "1"


async def test_a_handshake_goes_back_to_the_letter() -> None:
    keeper = Keeper()
    keeper.reply = Reply(status=200, body='{"response_token":"x"}', content_type="application/json")
    async with opened(keeper) as (session, url), session.get(url + "/in/x?hub.challenge=1") as answer:
        assert await answer.read() == b'{"response_token":"x"}'
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["Content-Security-Policy"]


async def test_later_says_when() -> None:
    keeper = Keeper()
    keeper.reply = Reply(status=503, body="503: later", retry_after=60)
    async with opened(keeper) as (session, url), session.post(url + "/in/x", data=b"{}") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 200), (LARGEST + 1, 413), (20 * LARGEST, 413)])
async def test_the_largest_body(size: int, status: int) -> None:
    keeper = Keeper()
    async with opened(keeper) as (session, url), session.post(url + "/in/x", data=io.BytesIO(bytes(size))) as answer:
        assert answer.status == status
    assert len(keeper.taken) == (status == 200)


async def test_a_body_without_a_length_has_the_same_limit() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    keeper = Keeper()
    async with opened(keeper) as (session, url):
        try:
            async with session.post(url + "/in/x", data=endless()) as answer:
                assert answer.status == 413
        except aiohttp.ClientOSError:
            pass  # the line was cut while we still sent
    assert keeper.taken == []


async def test_everything_else_of_the_server_still_takes_no_body() -> None:
    async with opened(Keeper()) as (session, url), session.post(url + "/metrics", data=bytes(4096)) as answer:
        assert answer.status == 405


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "PATIENCE", 0.05)
    keeper = Keeper()
    async with opened(keeper) as (_, url):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /in/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        assert b" 408 " in await reader.readline()
        writer.close()
    assert keeper.taken == []


async def test_whoever_hangs_up_leaves_no_trace() -> None:
    keeper = Keeper()
    async with opened(keeper) as (session, url):
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /in/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
        async with session.post(url + "/in/x", data=b"{}") as answer:
            assert answer.status == 200
    assert len(keeper.taken) == 1


async def test_what_is_signed_is_what_came_so_nothing_is_unpacked() -> None:
    keeper = Keeper()
    packed = gzip.compress(b"{}")
    async with (
        opened(keeper) as (session, url),
        session.post(url + "/in/x", data=packed, headers={"Content-Encoding": "gzip"}) as answer,
    ):
        assert answer.status == 415
    assert keeper.taken == []


@pytest.mark.parametrize(
    ("host", "status"), [("smwatch.acme.example", 200), ("localhost", 200), ("evil.example", 421), ("", 421)]
)
async def test_only_known_hosts_come_in(host: str, status: int) -> None:
    async with (
        opened(Keeper(), "https://smwatch.acme.example") as (session, url),
        session.post(url + "/in/x", data=b"{}", headers={"Host": host}) as answer,
    ):
        assert answer.status == status


@pytest.mark.parametrize("path", ["/in", "/in/", "/in/a/b", "/in/../metrics/x", "/out/x"])
async def test_other_paths_are_no_doors(path: str) -> None:
    keeper = Keeper()
    async with opened(keeper) as (session, url), session.post(url + path, data=b"{}") as answer:
        assert answer.status == 404
    assert keeper.taken == []


async def test_too_many_at_once_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "AT_ONCE", 1)
    keeper = Keeper()
    keeper.hold = asyncio.Event()
    async with opened(keeper) as (session, url):
        first = asyncio.create_task(session.post(url + "/in/x", data=b"{}"))
        async with asyncio.timeout(20):
            while not keeper.taken:
                await asyncio.sleep(0)
        async with session.post(url + "/in/x", data=b"{}") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        keeper.hold.set()
        (await first).release()
