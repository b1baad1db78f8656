"""robots.txt: asked once a day, kept to, and its absence understood as RFC 9309 says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.feed import FeedSource

from smwatch.config.model import Http
from smwatch.errors import NotPermitted, RateLimited, Transient
from smwatch.fetch.client import Client
from smwatch.fetch.hosts import Hosts
from smwatch.fetch.pool import ParsePool
from smwatch.fetch.request import Limits
from smwatch.fetch.robots import read_rules
from smwatch.fetch.walk import Walk
from smwatch.testing.servers import FeedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.plugin import SourceContext

QUICK = Limits(head=2.0, total=4.0, pause=0.0)
BASE = "https://www.acme.example/robots.txt"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[Client]:
    found = Client(Http(), limits=QUICK, clock=clock)
    yield found
    await found.close()


async def allowed(client: Client, url: str) -> bool:
    return (await client.robots.rules(url, allow_private=True)).allow(url)


async def test_its_word_is_kept(client: Client) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "User-agent: *\nDisallow: /intern\nAllow: /intern/presse\n")
        asked = ("/", "/news?id=1", "/intern/plan", "/intern/presse/1", "/robots.txt")
        found = [await allowed(client, server.url(path)) for path in asked]
        assert found == [True, True, False, True, True]
        assert [seen.path for seen in server.requests] == ["/robots.txt"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("User-agent: smwatch\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: SMWatch/1.0\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: otherbot\nDisallow: /", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /*/archiv$", True),
        ("User-agent: *\nDisallow: /*.pdf$", True),
        ("User-agent: *\nDisallow: /n*s/", False),
        ("﻿User-agent: *\nDisallow: /news", False),
        ("<!DOCTYPE html><html><body>Disallow: /</body></html>", True),
        ("", True),
        ("\x00\xff\xfe", True),
        ("User-agent: *\nDisallow: /" + "*a" * 10_000 + "*b", True),
    ],
)
async def test_spellings(rules: str, expected: bool) -> None:
    found = await read_rules(rules.encode(), BASE)
    assert found.allow("https://www.acme.example/news/" + "a" * 2000) is expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
async def test_it_may_begin_with_a_mark_of_its_encoding(encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    found = await read_rules(mark + "User-agent: *\nDisallow: /login".encode(encoding), BASE)
    assert not found.allow("https://www.acme.example/login")


async def test_a_source_asks_through_its_context(client: Client, clock: Clock) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "User-agent: *\nDisallow: /x\nCrawl-delay: 0.01\nSitemap: /news.xml")
        source = FeedSource(type="feed", url=server.url("/feed.xml"), allow_private=True)
        pool = ParsePool()
        ctx: SourceContext = Walk(source=source, client=client, pool=pool, now=clock())
        assert [await ctx.allowed(server.url(path)) for path in ("/x", "/y")] == [False, True]
        assert await ctx.sitemaps(server.url("/y")) == (server.url("/news.xml"),)
        assert await ctx.crawl_delay(server.url("/y")) == timedelta(milliseconds=10)
        await pool.close()


async def test_a_megabyte_of_it_is_read_as_far_as_asked_for() -> None:
    body = b"User-agent: *\n" + b"".join(b"Disallow: /a%d*b\n" % n for n in range(60_000)) + b"Disallow: /\n"
    found = await read_rules(body, BASE)
    assert (found.allow("https://www.acme.example/"), found.size) == (True, 512 * 1024)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418])
async def test_where_there_is_none_all_is_allowed(client: Client, status: int) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "", status=status, validators=())
        assert await allowed(client, server.url("/any"))
        assert await allowed(client, server.url("/other"))
        assert len(server.requests) == 1


async def test_redirects_are_followed_and_a_circle_is_as_good_as_none(client: Client) -> None:
    async with FeedServer() as server:
        server.put("/real.txt", "User-agent: *\nDisallow: /x")
        server.redirect("/robots.txt", "/real.txt", 301)
        assert not await allowed(client, server.url("/x"))
    async with FeedServer() as server:
        server.redirect("/robots.txt", "/robots.txt")
        assert await allowed(client, server.url("/x"))


async def test_while_its_server_has_trouble_pages_wait_and_nobody_hammers_it(client: Client, clock: Clock) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "", status=503, validators=())
        for _ in range(3):
            with pytest.raises(Transient, match=r"robots\.txt"):
                await allowed(client, server.url("/x"))
        assert len(server.requests) == 1
        server.put("/robots.txt", "User-agent: *\nAllow: /")
        clock.now += timedelta(minutes=11)
        assert await allowed(client, server.url("/x"))


async def test_a_host_that_asks_for_silence_gets_it(client: Client) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "", status=429, headers={"Retry-After": "60"}, validators=())
        with pytest.raises(RateLimited):
            await allowed(client, server.url("/x"))


async def test_it_is_read_again_after_a_day_and_holds_longer_where_it_cannot_be(client: Client, clock: Clock) -> None:
    async with FeedServer() as server:
        server.put("/robots.txt", "User-agent: *\nDisallow: /x")
        found = [await allowed(client, server.url("/x"))]
        clock.now += timedelta(hours=23)
        found.append(await allowed(client, server.url("/x")))
        assert len(server.requests) == 1
        clock.now += timedelta(hours=2)
        server.put("/robots.txt", "", status=500, validators=())
        found.append(await allowed(client, server.url("/x")))
        assert found == [False, False, False]
        clock.now += timedelta(days=30)
        with pytest.raises(Transient):
            await allowed(client, server.url("/x"))


async def test_the_guard_s_word_stands(client: Client) -> None:
    async with FeedServer() as server:
        with pytest.raises(NotPermitted, match="allow_private"):
            await client.robots.rules(server.url("/x"))


@pytest.mark.parametrize(
    ("rules", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 5", 5.0),
        ("User-agent: *\nCrawl-delay: 2.5\nUser-agent: smwatch\nCrawl-delay: 7", 7.0),
        ("User-agent: *\nRequest-rate: 1/10", 10.0),
        ("User-agent: *\nCrawl-delay: 86400", 60.0),
        ("User-agent: *\nCrawl-delay: -3", 0.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nDisallow: /x", 0.0),
    ],
)
async def test_pauses_that_are_asked_for(rules: str, delay: float) -> None:
    assert (await read_rules(rules.encode(), BASE)).delay == delay


async def test_the_pause_is_kept_by_all_who_ask_that_host(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr("smwatch.fetch.hosts.asyncio.sleep", nap)
    hosts = Hosts(0.0)
    hosts.slow_down("www.acme.example:443", 5.0)
    for _ in range(3):
        async with hosts.turn("www.acme.example:443", paced=False):
            pass
    async with hosts.turn("other.example:443", paced=True):
        pass
    assert [round(nap) for nap in naps] == [5, 10, 15]


async def test_sitemaps_are_named_for_everybody_and_only_once(client: Client) -> None:
    async with FeedServer() as server:
        rules = (
            "Sitemap: /news.xml\nUser-agent: *\nDisallow: /\nSitemap: https://cdn.example/a.xml\nSitemap: /news.xml\n"
        )
        server.put("/robots.txt", rules + "Sitemap: javascript:alert(1)\n")
        found = (await client.robots.rules(server.url("/"), allow_private=True)).sitemaps
        assert found == (server.url("/news.xml"), "https://cdn.example/a.xml")
