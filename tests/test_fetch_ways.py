"""Group A, the way to a server: names that lead inside, lines that go dead, hosts that swallow connections."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from smwatch.config.model import Http
from smwatch.errors import NotPermitted, Transient
from smwatch.fetch import resolver
from smwatch.fetch.client import Client
from smwatch.fetch.request import Limits
from smwatch.testing.servers import GOOD, FeedServer, Seen, Server, head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

QUICK = Limits(head=0.4, total=0.8, pause=0.0)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    found = Client(Http(), limits=QUICK)
    yield found
    await found.close()


def names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> None:
    """Let the resolver know these names (dots written as _) and no others."""

    def lookup(host: str, _port: int, _family: int) -> list[tuple[int, str]]:
        found = addresses[host.replace(".", "_")]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in found]

    monkeypatch.setattr(resolver, "_lookup", lookup)


@pytest.fixture
def swallowing() -> Iterator[socket.socket]:
    """A socket that listens and whose queue is full: whoever connects gets no answer at all."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"])
async def test_a_name_that_leads_inside_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names(monkeypatch, rebinding_example=[address])
    with pytest.raises(NotPermitted, match=r"rebinding\.example"):
        await client.get("http://rebinding.example:9/")


async def test_a_name_is_judged_anew_at_every_connection(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((["127.0.0.1"], ["169.254.169.254"]))
    monkeypatch.setattr(resolver, "_lookup", lambda *_: [(socket.AF_INET, one) for one in next(answers)])
    async with FeedServer() as server:
        server.put("/", GOOD, headers={"Connection": "close"})
        url = server.url("/", "rebinding.example")
        with pytest.raises(NotPermitted):
            await client.get(url)
        with pytest.raises(NotPermitted):
            await client.get(url, allow_private=True)
        assert server.requests == []


async def test_a_host_that_swallows_connections_is_given_up(client: Client, swallowing: socket.socket) -> None:
    with pytest.raises(Transient, match="does not answer in time"):
        await client.get(f"http://127.0.0.1:{swallowing.getsockname()[1]}/", allow_private=True)


async def test_where_the_first_address_is_dead_the_next_one_serves(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, acme_example=["::1", "127.0.0.1"])
    async with FeedServer() as server:
        server.put("/", GOOD)
        assert (await client.get(server.url("/", "acme.example"), allow_private=True)).status == 200


class ClosesBetween(Server):
    """Keeps the connection, as it says, until something is asked on it."""

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        if len(self.requests) == 2:
            writer.transport.abort()
            return False
        writer.write(head(200, {"Content-Length": "2"}) + b"ok")
        await writer.drain()
        return True


async def test_a_kept_connection_that_the_server_drops_is_replaced(client: Client) -> None:
    async with ClosesBetween() as server:
        for _ in range(2):
            assert (await client.get(server.url(), allow_private=True)).body == b"ok"
        assert len(server.requests) == 3


async def test_a_slow_name_server_holds_up_nothing_else(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, answered = threading.Event(), []

    def looks_for_long(*_: object) -> list[tuple[int, str]]:
        answered.append(stuck.wait(20))
        return []

    monkeypatch.setattr(resolver, "_lookup", looks_for_long)
    waiting = [asyncio.ensure_future(client.get(f"http://{n}.acme.example/", allow_private=True)) for n in range(12)]
    try:
        async with FeedServer() as server:
            server.put("/", GOOD)
            assert (await client.get(server.url(), allow_private=True)).status == 200
            assert await asyncio.to_thread(lambda: "other work") == "other work"
        assert answered == []  # not even in the turn of a name server that gave up
        assert all(isinstance(one, Transient) for one in await asyncio.gather(*waiting, return_exceptions=True))
    finally:
        stuck.set()
