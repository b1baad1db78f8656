from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.feed import FeedSource

from smwatch.errors import Broken, NotPermitted, UserError
from smwatch.plugin import Source
from smwatch.testing.servers import FeedServer, entry, rss
from smwatch.testing.source_kit import conforms, walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FEED = rss(
    entry("Acme ruft zurück", link="https://www.acme.example/2", guid="2", published="Fr, 20 Nov 2026 10:00:00 +0100"),
    entry("Müller-Lüdenscheidt Werke bauen um", link="https://www.acme.example/1", guid="1"),
)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as found:
        found.put("/feed.xml", FEED)
        yield found


def feed(server: FeedServer, **keys: object) -> FeedSource:
    values = {"type": "feed", "name": "acme", "url": server.url("/feed.xml"), "allow_private": True, **keys}
    return FeedSource.model_validate(values)


async def test_conforms(server: FeedServer) -> None:
    (page,) = await conforms(feed(server), server)
    assert [(item.id, item.title, item.lang) for item in page.items] == [
        ("2", "Acme ruft zurück", "de"),
        ("1", "Müller-Lüdenscheidt Werke bauen um", "de"),
    ]
    assert str(page.items[0].published) == "2026-11-20 09:00:00+00:00"


async def test_the_second_walk_asks_politely(server: FeedServer) -> None:
    async with walker(feed(server)) as core:
        await core.walk()
        assert await core.walk() == []
    first, second = (seen.headers for seen in server.requests)
    assert "If-None-Match" not in first
    assert second["If-None-Match"] == '"' + second["If-None-Match"].strip('"') + '"'
    assert second["If-Modified-Since"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert "smwatch/" in second["User-Agent"]


@pytest.mark.parametrize("validators", [("modified",), ("etag",), ()])
async def test_either_validator_alone_and_the_body_itself(server: FeedServer, validators: tuple[str, ...]) -> None:
    server.put("/feed.xml", FEED, validators=validators)
    async with walker(feed(server)) as core:
        assert len(await core.walk()) == 1
        assert await core.walk() == []
    sent = set(server.requests[1].headers) & {"If-None-Match", "If-Modified-Since"}
    assert sent == {{"etag": "If-None-Match", "modified": "If-Modified-Since"}[name] for name in validators}


async def test_validators_are_not_kept_where_the_content_was_refused(server: FeedServer) -> None:
    server.put("/feed.xml", "<!DOCTYPE html><html></html>")
    async with walker(feed(server)) as core:
        for _ in range(2):
            with pytest.raises(Broken):
                await core.walk()
    assert "If-None-Match" not in server.requests[1].headers


async def test_a_feed_is_read_whole_once_a_week(server: FeedServer) -> None:
    async with walker(feed(server)) as core:
        await core.walk()
        core.now = core.now.replace(month=core.now.month + 1)
        assert len(await core.walk()) == 1
    assert "If-None-Match" not in server.requests[1].headers


async def test_the_reader_is_pinned(server: FeedServer) -> None:
    async with walker(feed(server)) as core:
        core.parser = "feedparser"
        await core.walk()
        assert core.parser == "feedparser"


async def test_a_304_that_nobody_asked_for_is_no_success(server: FeedServer) -> None:
    server.put("/feed.xml", "", status=304, validators=())
    async with walker(feed(server)) as core:
        with pytest.raises(Broken, match="was not asked"):
            await core.walk()


async def test_private_addresses_need_leave(server: FeedServer) -> None:
    async with walker(feed(server, allow_private=False)) as core:
        with pytest.raises(NotPermitted):
            await core.walk()
    assert server.requests == []


OPML = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="Presse"><outline text="Acme" xmlUrl="https://www.acme.example/feed.xml"/>
<outline text="Globex" title="Globex Blog" xmlUrl="http://globex.example/rss"/></outline>
<outline text="Acme" xmlUrl="https://blog.acme.example/feed"/>
<outline text="doppelt" xmlUrl="https://www.acme.example/feed.xml"/>
<outline text="alt" xmlUrl="feed://initech.example/feed"/>
<outline text="böse" xmlUrl="file:///etc/passwd"/><outline text="leer"/></body></opml>"""


def test_a_list_stands_for_its_feeds(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
    source = FeedSource.model_validate({"type": "feed", "opml": "feeds.opml", "client": "Acme", "interval": "30m"})
    found = source.expand(str(tmp_path))
    assert [(one.name, one.key()) for one in found] == [
        ("", "https://www.acme.example/feed.xml"),
        ("Globex Blog", "http://globex.example/rss"),
        ("", "https://blog.acme.example/feed"),
        ("alt", "http://initech.example/feed"),
    ]
    assert found[0].default_name() == "acme.example/feed.xml"
    assert {(one.client, str(one.interval)) for one in found} == {("Acme", "0:30:00")}


@pytest.mark.parametrize(
    "content", ["", "<html/>", "Guten Tag", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"]
)
def test_a_list_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "feeds.opml").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"feeds\.opml is no list"):
        FeedSource.model_validate({"type": "feed", "opml": "feeds.opml"}).expand(str(tmp_path))


def test_a_list_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        FeedSource.model_validate({"type": "feed", "opml": "feeds.opml"}).expand(str(tmp_path))


@pytest.mark.parametrize(
    "keys", [{}, {"url": "https://a.example/", "opml": "x"}, {"url": "acme.example"}, {"url": "https://u:p@a.example/"}]
)
def test_keys_that_make_no_sense(keys: dict[str, str]) -> None:
    with pytest.raises(UserError):
        FeedSource.model_validate({"type": "feed", **keys})


def test_one_feed_stands_for_itself() -> None:
    source = FeedSource.model_validate({"type": "feed", "url": "https://www.acme.example/presse/?a=1"})
    assert source.expand("/") == [source]
    assert isinstance(source, Source)
    assert source.default_name() == "acme.example/presse/?a=1"
