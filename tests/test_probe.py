"""`source test`, to the letter of the contract."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.feed import FeedSource

from smwatch.message.words import Reader
from smwatch.model import Page, Watch
from smwatch.plugin import PushSource, Source
from smwatch.probe import Report, prober
from smwatch.probed import told
from smwatch.query.watches import WatchEngine
from smwatch.testing.servers import FeedServer, entry, rss

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FEED = rss(
    entry("Acme ruft zurück", link="https://www.acme.example/2", guid="0", published="29 März 2026"),
    entry("Ganz etwas anderes", link="https://www.acme.example/1"),
)


async def reports(*targets: str, **how: object) -> list[Report]:
    async with prober(FeedSource, **how) as probe:  # type: ignore[arg-type]
        return [report async for report in probe.all(targets)]


def as_told(report: Report, language: str) -> list[str]:
    return told(report, Reader(language=language, timezone="UTC"), datetime.now(UTC))


async def test_nothing_is_no_folder() -> None:
    (report,) = await reports(" ")
    assert as_told(report, "de") == ["✗  : es fehlt ein Name, eine Adresse oder eine Datei"]


async def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(FEED, encoding="utf-8")
    (report,) = await reports(str(path))
    assert report.to_json("de") == {
        "file": str(path),
        "ok": True,
        "error": None,
        "feed": {"title": "Acme Presse", "url": "https://www.acme.example/", "lang": "de"},
        "items": [
            {
                "id": "0",
                "url": "https://www.acme.example/2",
                "title": "Acme ruft zurück",
                "lead": "",
                "text": "",
                "author": {"name": None},
                "published": "2026-03-29T00:00:00+00:00",
                "updated": None,
                "lang": "de",
                "tags": [],
            },
            {
                "id": "https://www.acme.example/1",
                "url": "https://www.acme.example/1",
                "title": "Ganz etwas anderes",
                "lead": "",
                "text": "",
                "author": {"name": None},
                "published": None,
                "updated": None,
                "lang": "de",
                "tags": [],
            },
        ],
    }


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "die Antwort ist leer"),
        (b"null", "das ist JSON, aber kein JSON Feed"),
        (b"<!DOCTYPE html><html></html>", "das ist eine Webseite, kein Feed"),
        (b"x" * (6 * 1024 * 1024), "MiB"),
        (gzip.compress(bytes(64 * 1024 * 1024)), "MiB"),
        (gzip.compress(FEED.encode())[:-9], "gzip"),
    ],
    ids=["empty", "null", "html", "large", "bomb", "torn"],
)
async def test_files_that_are_no_feed(tmp_path: Path, content: bytes, error: str) -> None:
    path = tmp_path / "it"
    path.write_bytes(content)
    found = (await reports(str(path)))[0].to_json("de")
    assert (found["ok"], found["items"], found["feed"]) == (False, [], {"title": "", "url": "", "lang": None})
    assert error in found["error"]


async def test_a_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml.gz"
    path.write_bytes(gzip.compress(FEED.encode()))
    assert (await reports(str(path)))[0].ok


async def test_what_is_not_there(tmp_path: Path) -> None:
    found = await reports(
        str(tmp_path / "none"), str(tmp_path), "heise", "ftp://a.example/", "a\x00b", "http://u:p@a.example/"
    )
    assert [report.ok for report in found] == [False] * 6
    assert "heise" in found[2].to_json("de")["error"]


async def test_many_files_share_one_worker(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(FEED, encoding="utf-8")
    async with prober(FeedSource) as probe:
        assert [report.ok async for report in probe.all([str(path)] * 200)] == [True] * 200
        assert probe.pool.metrics.started == 1


async def test_addresses(tmp_path: Path) -> None:
    async with FeedServer() as server:
        url = server.put("/feed.xml", FEED)
        (refused,) = await reports(url)
        assert not refused.ok
        assert "allow_private" in refused.to_json("en")["error"]
        assert server.requests == []
        (report,) = await reports(url, allow_private=True)
    assert [item["title"] for item in report.items] == ["Acme ruft zurück", "Ganz etwas anderes"]
    assert report.feed["title"] == "Acme Presse"
    assert report.next_poll is not None


async def test_a_source_by_its_name_and_what_would_match() -> None:
    engine = WatchEngine([Watch(name="Acme Marke", query="acme")], {})
    async with FeedServer() as server:
        source = FeedSource.model_validate(
            {"type": "feed", "name": "acme", "url": server.put("/feed.xml", FEED), "allow_private": True}
        )
        (report,) = await reports("acme", sources=[source], engine=engine)
    assert [match.item.title for match in report.matches] == ["Acme ruft zurück"]
    lines = "\n".join(as_told(report, "de"))
    assert "2 Beiträge, 1 davon" in lines
    assert "→ Acme Marke" in lines
    assert "https://www.acme.example/2" in lines
    assert "ETag" in lines
    assert "1 davon träfe zu" in lines
    json.dumps(report.to_json("de"))


async def test_trouble_in_words() -> None:
    (report,) = await reports("http://acme.invalid/feed")
    assert as_told(report, "de") == ["✗ http://acme.invalid/feed: der Name acme.invalid lässt sich nicht auflösen"]


async def test_a_source_shows_robots_times_and_when_it_is_read_again() -> None:
    engine = WatchEngine([Watch(name="Acme", query="acme")], {})
    async with FeedServer() as server:
        url = server.put("/feed.xml", FEED)
        server.put("/robots.txt", "User-agent: *\nDisallow: /feed.xml\n", content_type="text/plain")
        source = FeedSource(type="feed", name="Presse", url=url, allow_private=True, interval="2h")
        (report,) = await reports("Presse", sources=[source], engine=engine)
    lines = [line.strip() for line in as_told(report, "en")]
    assert report.ok
    assert "robots.txt: does not admit this address" in lines
    assert any(line.startswith("fetched in ") for line in lines)
    assert any("(every 2h: as configured)" in line for line in lines)
    assert any(line.startswith("ETag: ") for line in lines)


async def test_json_asks_for_nothing_but_the_feed() -> None:
    async with FeedServer() as server:
        url = server.put("/feed.xml", FEED)
        await reports(url, allow_private=True)
        assert [seen.path for seen in server.requests] == ["/feed.xml"]


class Pushed(PushSource):
    def key(self) -> str:
        return "pushed"

    async def listen(self, ctx: object) -> AsyncIterator[Page]:
        yield Page()


class Breaks(Source):
    def key(self) -> str:
        return "breaks"

    async def fetch(self, ctx: object) -> AsyncIterator[Page]:
        yield Page()
        raise ZeroDivisionError


async def test_a_source_that_only_listens_says_so() -> None:
    (report,) = await reports("Strom", sources=[Pushed(type="pushed", name="Strom")])
    assert (report.ok, report.items, report.next_poll) == (True, [], None)
    assert "it is pushed while smwatch runs; nothing is asked here" in "\n".join(as_told(report, "en"))


async def test_a_plugin_that_breaks_is_a_sentence() -> None:
    (report,) = await reports("x", sources=[Breaks(type="breaks", name="x")])
    assert str(report.error) == "the plugin failed: ZeroDivisionError"


async def test_a_clients_source_matches_only_its_watches() -> None:
    watches = [Watch(name=name, query="acme", client=name) for name in ("Acme", "Globex")]
    async with FeedServer() as server:
        url = server.put("/feed.xml", FEED)
        source = FeedSource(type="feed", name="Presse", url=url, allow_private=True, client="Globex")
        (report,) = await reports("Presse", sources=[source], engine=WatchEngine(watches, {}))
    assert [hit.watch.name for match in report.matches for hit in match.hits] == ["Globex"]
