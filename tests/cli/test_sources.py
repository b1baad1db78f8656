"""`source list|add|remove|pause|resume`, `import opml`, `export opml`: what they say and what they leave in the file."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import tomli

from smwatch import due
from smwatch.errors import Gone, HostRests
from smwatch.feeds import clues, presets
from smwatch.feeds import known as feeds_known
from smwatch.message.words import Reader
from smwatch.store import sources as source_store
from smwatch.store.db import Store
from smwatch.store.sources import Named
from smwatch.testing.servers import FeedServer, entry, rss

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cli_world import World

CONFIG = """\
# our monitoring   (do not touch!)
[smwatch]
language = "{language}"
store = "sqlite://{folder}/state/smwatch.db"   # on the big disk

[web]
listen = ""

[channels.terminal]
type = "console"

# who talks about us
[[watch]]
name = "Acme"
query = 'Acme'
alert = ["terminal"]

# --- sources ---
[[source]]
name = "Werkblog"   # ours
type = "feed"
url = "http://127.0.0.1:9/feed.xml"
interval = "2s"
allow_private = true

# the second one
[[source]]
name = "Tagesbote"
type = "feed"
url = "https://www.tagesbote.example/feed"

# when we read
[digest.morgens]
at = "08:00"
channels = ["terminal"]
"""
OPML = """\
<?xml version="1.0"?>
<opml version="2.0"><head><title>Abos</title></head><body>
<outline text="Medien">
  <outline text="Regional"><outline type="rss" text="Anzeiger" xmlUrl="https://anzeiger.example/rss"/></outline>
  <outline type="rss" text="Bote" xmlUrl="https://www.tagesbote.example/feed"/>
</outline>
<outline type="rss" title="Blog &quot;Müsli&quot;" xmlUrl="https://blog.example/feed"/>
<outline type="rss" text="Blog noch einmal" xmlUrl="https://blog.example/feed"/>
<outline type="rss" text="Nichts" xmlUrl="gopher://old.example/"/>
</body></opml>
"""


def configured(world: World) -> str:
    content = CONFIG.format(folder=world.folder, language=world.language)
    world.config.write_text(content, encoding="utf-8")
    return content


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as serving:
        yield serving


def names(world: World) -> list[str]:
    return [one.get("name") for one in tomli.loads(world.config.read_text(encoding="utf-8"))["source"]]


# --- list -----------------------------------------------------------------------------------------------------------


def test_list_before_anything_was_read(world: World) -> None:
    configured(world)
    found = world.run("source", "list", "--json").json
    assert [(one["name"], one["state"], one["next_poll"]) for one in found] == [
        ("Werkblog", "new", None),
        ("Tagesbote", "new", None),
    ]
    assert (found[0]["interval"], found[0]["interval_reason"]) == (2.0, "as configured")
    assert found[1]["address"] == "https://www.tagesbote.example/feed"
    assert world.run("source", "list").out.splitlines()[0] == "· Werkblog  not read yet"


def test_list_says_where_any_certificate_is_accepted(world: World) -> None:
    content = configured(world).replace('interval = "2s"\n', 'interval = "2s"\ntls = "insecure"\n')
    world.config.write_text(content, encoding="utf-8")
    assert [one["tls"] for one in world.run("source", "list", "--json").json] == ["insecure", "strict"]
    told = world.run("source", "list").out
    assert told.count("whoever stands in between can change what this source says") == 1
    assert "whoever stands in between can change what this source says" in world.run("check").out


def test_list_speaks_german(german: World) -> None:
    configured(german)
    assert german.run("source", "list").out.splitlines()[:2] == [
        "· Werkblog  noch nicht gelesen",
        "    alle 2s, wie eingestellt",
    ]


async def test_list_says_what_a_source_waits_for(german: World) -> None:
    configured(german)
    store = await Store.open(f"sqlite://{german.folder}/state/smwatch.db")
    now, until = datetime.now(UTC), datetime(2026, 12, 24, 17, tzinfo=UTC)
    keys = ["http://127.0.0.1:9/feed.xml", "https://www.tagesbote.example/feed"]
    async with store.write() as connection:
        rows = await source_store.sync_sources(
            connection, [Named(client="", kind="feed", key=key, name=key) for key in keys]
        )
        waiting, gone = rows.values()
        waiting = due.held_up(replace(waiting, due_at=until), HostRests("127.0.0.1", until))
        gone = replace(due.failed(gone, Gone("fort"), now), due_at=until)
        await source_store.save_states(connection, [waiting, gone], now)
    await store.close()
    assert (await asyncio.to_thread(german.run, "source", "list")).out.splitlines() == [
        "· Werkblog  noch nicht gelesen: wartet auf 127.0.0.1 bis Do., 24. Dez., 18:00",
        "    wieder Do., 24. Dez., 18:00 · alle 2s, wie eingestellt",
        f"✗ Tagesbote  gibt es nicht mehr: fort (seit {Reader().moment(now, now)})",
        "    wieder Do., 24. Dez., 18:00",
    ]


def test_list_and_rest_beside_a_running_daemon(world: World) -> None:
    configured(world)
    with world.daemon():
        paused = world.run("source", "pause", "Tagesbote")
        assert (paused.code, paused.out) == (
            0,
            "Tagesbote rests until you say “smwatch source resume Tagesbote”\n",
        )
        found = {one["name"]: one for one in world.run("source", "list", "--json").json}
        assert (found["Tagesbote"]["state"], found["Tagesbote"]["next_poll"]) == ("paused", None)
        states = {one["name"]: one["state"] for one in world.run("status", "--json").json["sources"]}
        assert states["Tagesbote"] == "paused"
        assert world.run("source", "resume", "Tagesbote").out == "Tagesbote goes on\n"
        resumed = {one["name"]: one for one in world.run("source", "list", "--json").json}
        assert resumed["Tagesbote"]["state"] != "paused"
        assert world.run("source", "pause", "Tagesbot").err == (
            "no source is called Tagesbot; did you mean Tagesbote?\n"
        )
    world.run("source", "pause", "Werkblog", "--for", "2d")
    after = {one["name"]: one for one in world.run("source", "list", "--json").json}
    until = datetime.fromisoformat(after["Werkblog"]["paused_until"])
    assert timedelta(days=1, hours=23) < until - datetime.now(UTC) <= timedelta(days=2)


def test_rest_without_a_daemon(world: World) -> None:
    configured(world)
    assert world.run("source", "pause", "Werkblog", "--until", "2099-12-24").code == 0
    [one, _] = world.run("source", "list", "--json").json
    assert (one["state"], one["reason"]) == ("paused", "until 2099-12-23 23:00 UTC")
    assert (
        "  rests: until Thu 24 Dec 2099, 00:00 (since" in world.run("source", "list").out
    )  # as the rest of the line is
    assert world.run("source", "resume", "Werkblog").code == 0
    assert world.run("source", "list", "--json").json[0]["state"] == "new"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--for", "soon"), "a duration like 10m"),
        (("--until", "later"), "a moment like 2026-12-24"),
        (("--until", "2001-01-01"), "is over already"),
        (("--for", "2d", "--until", "2099-01-01"), "exclude each other"),
    ],
)
def test_a_pause_without_sense(world: World, words: tuple[str, ...], told: str) -> None:
    configured(world)
    said = world.run("source", "pause", "Werkblog", *words)
    assert said.code == 2
    assert told in said.err


# --- add and remove -------------------------------------------------------------------------------------------------


async def added(world: World, *words: str) -> object:
    import asyncio

    return await asyncio.to_thread(world.process, *words)  # the server answers meanwhile


async def test_add_finds_the_feed_of_a_page(world: World, server: FeedServer) -> None:
    before = configured(world)
    server.put("/feeds/all.xml", rss(entry("Acme ruft zurück", guid="1"), title="Stadtblatt"))
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/feeds/all.xml"></head></html>'
    server.put("/", page, content_type="text/html")
    said = await added(world, "source", "add", server.url("/"), "--allow-private", "--group", "Medien")
    assert said.code == 0
    assert "Acme ruft zurück" in said.out
    assert "→ Acme: " in said.out
    after = world.config.read_text(encoding="utf-8")
    block = (
        f'[[source]]\nname = "Stadtblatt"\ntype = "feed"\nurl = "{server.url("/feeds/all.xml")}"\n'
        'group = "Medien"\nallow_private = true\n'
    )
    assert block in said.out
    assert after == before.replace("\n# when we read", f"\n{block}\n# when we read")
    assert world.run("check").code == 0


async def test_add_knows_platforms_by_their_addresses(world: World, server: FeedServer, monkeypatch) -> None:
    configured(world)
    channel = "UC" + "a" * 22
    url = server.put("/videos.xml", rss(entry("Acme im Film", guid="1"), title="Acme TV")) + f"?channel_id={channel}"
    monkeypatch.setattr(presets, "youtube", lambda named: url.replace(channel, named or ""))
    words = ("source", "add", f"youtube.com/channel/{channel}", "--allow-private")
    said = await asyncio.to_thread(world.run, *words)
    block = (
        f'[[source]]\nname = "Acme TV"\ntype = "feed"\npreset = "youtube"\nchannel = "{channel}"\n'
        "allow_private = true\n"
    )
    assert (said.code, said.err) == (0, f"→ {url}  “Acme TV”, 1 entry\nadded to {world.config}:\n")
    assert said.out.startswith("✓ Acme TV: “Acme TV”, 1 item, 1 of them would match")
    assert said.out.endswith(block)
    again = await asyncio.to_thread(world.run, *words)
    assert (again.code, again.err) == (1, f"{url} is read already, by the source Acme TV\n")


async def test_add_takes_the_feed_that_the_page_of_a_channel_names(
    world: World, server: FeedServer, monkeypatch
) -> None:
    configured(world)
    channel = "UC" + "b" * 22
    url = server.put("/feeds/videos.xml", rss(entry("Film", guid="1"), title="Acme TV")) + f"?channel_id={channel}"
    page = f'<html><head><link rel="alternate" type="application/rss+xml" href="{url}"></head></html>'
    server.put("/@acme", page, content_type="text/html")
    monkeypatch.setattr(presets, "youtube", lambda _: url)
    monkeypatch.setattr(feeds_known, "_PLATFORMS", {r"127\.0\.0\.1": feeds_known._PLATFORMS[r"youtube\.com"]})
    said = await asyncio.to_thread(world.run, "source", "add", server.url("/@acme"), "--allow-private", "--dry-run")
    assert said.out.endswith(f'preset = "youtube"\nchannel = "{channel}"\nallow_private = true\n')


async def test_add_follows_a_video_to_its_channel(world: World, server: FeedServer, monkeypatch) -> None:
    configured(world)
    channel = "UC" + "c" * 22
    url = server.put("/feeds/videos.xml", rss(entry("Film", guid="1"), title="Acme TV")) + f"?channel_id={channel}"
    page = f'<html><head></head><body><meta itemprop="channelId" content="{channel}"></body></html>'
    watch = server.put("/watch", page, content_type="text/html")
    monkeypatch.setattr(clues, "WATCH", watch + "?v={id}")
    monkeypatch.setattr(presets, "youtube", lambda _: url)
    monkeypatch.setitem(feeds_known._PLATFORMS, r"127\.0\.0\.1", feeds_known._PLATFORMS[r"youtube\.com"])
    told = await asyncio.to_thread(
        world.run, "source", "add", "youtu.be/abcdefghij-?si=x", "--allow-private", "--dry-run"
    )
    assert told.out.endswith(f'preset = "youtube"\nchannel = "{channel}"\nallow_private = true\n')
    assert server.requests[0].path == "/watch?v=abcdefghij-"


async def test_add_asks_apple_for_the_feed_of_a_podcast(world: World, server: FeedServer, monkeypatch) -> None:
    configured(world)
    itunes = "http://www.itunes.com/dtds/podcast-1.0.dtd"
    episode = entry("Folge 1", guid="1").replace(
        "</item>",
        f'<enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="1"/>'
        f'<i:duration xmlns:i="{itunes}">12:00</i:duration></item>',
    )
    feed = server.put("/cast.xml", rss(episode, title="Werkstattgespräch"))
    found = json.dumps({"resultCount": 1, "results": [{"kind": "podcast", "feedUrl": feed}]})
    lookup = server.put("/lookup", found, content_type="text/javascript")
    monkeypatch.setattr(clues, "LOOKUP", lookup + "?id={id}")
    address = "https://podcasts.apple.com/de/podcast/werkstatt/id123456789?i=1000"
    told = await asyncio.to_thread(world.run, "source", "add", address, "--allow-private", "--dry-run")
    assert told.out.endswith(f'type = "podcast"\nurl = "{feed}"\nallow_private = true\n')
    assert server.requests[0].path == "/lookup?id=123456789"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "die Adresse des Kanals mit seiner Kennung"),
        ("https://podcasts.apple.com/de/podcast/id123456789", "die Adresse der eigenen Website des Podcasts"),
        ("https://vimeo.com/123456789", "vimeo.com/channels/acme"),
    ],
)  # fmt: skip
async def test_add_says_what_to_paste_instead(
    german: World, server: FeedServer, monkeypatch, address: str, words: str
) -> None:
    before = configured(german)
    silent = server.put("/nothing", "<html><body>Bevor Sie fortfahren</body></html>", content_type="text/html")
    for name in ("WATCH", "LOOKUP", "OEMBED"):
        monkeypatch.setattr(clues, name, silent)
    told = await asyncio.to_thread(german.run, "source", "add", address, "--allow-private")
    assert (told.code, words in told.err, len(told.err.splitlines())) == (1, True, 1)
    assert german.config.read_text(encoding="utf-8") == before


async def test_add_takes_a_feed_of_recordings_as_a_podcast(world: World, server: FeedServer) -> None:
    configured(world)
    itunes = "http://www.itunes.com/dtds/podcast-1.0.dtd"
    episode = entry("Folge 1", guid="1").replace(
        "</item>",
        f'<enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="1"/>'
        f'<i:duration xmlns:i="{itunes}">12:00</i:duration></item>',
    )
    url = server.put("/cast.xml", rss(episode, title="Werkstattgespräch"))
    said = await added(world, "source", "add", url, "--allow-private")
    assert said.out.endswith(
        f'[[source]]\nname = "Werkstattgespräch"\ntype = "podcast"\nurl = "{url}"\nallow_private = true\n'
    )
    again = await added(world, "source", "add", url, "--allow-private")
    assert (again.code, "is read already" in again.err) == (1, True)


async def test_add_refuses_google_news_before_it_is_asked(german: World) -> None:
    before = configured(german)
    said = await added(german, "source", "add", "news.google.com/rss/search?q=acme")
    assert (said.code, "Google News" in said.err) == (1, True)
    assert german.config.read_text(encoding="utf-8") == before


async def test_add_refuses_what_is_read_already(world: World, server: FeedServer) -> None:
    before = configured(world)
    url = server.put("/feed.xml", rss(entry("x", guid="1"), title="Werkblog"))
    first = await added(world, "source", "add", url, "--allow-private", "--json")
    assert (first.code, first.json["source"]["url"]) == (0, url)
    assert "name" not in first.json["source"]  # the name of the title is taken
    again = await added(world, "source", "add", url, "--allow-private")
    assert again.code == 1
    assert "is read already, by the source 127.0.0.1" in again.err
    taken = await added(world, "source", "add", f"{url}?2", "--allow-private", "--name", "Tagesbote")
    assert taken.code == 1
    assert world.config.read_text(encoding="utf-8").startswith(before[:200])


async def test_add_does_not_touch_private_addresses_unasked(world: World, server: FeedServer) -> None:
    before = configured(world)
    url = server.put("/feed.xml", rss(entry("x", guid="1")))
    said = await added(world, "source", "add", url)
    assert said.code == 1
    assert "private address" in said.err
    assert (server.requests, world.config.read_text(encoding="utf-8")) == ([], before)


async def test_add_where_there_is_no_feed(world: World, server: FeedServer) -> None:
    before = configured(world)
    server.put("/", "<html><body>nothing</body></html>", content_type="text/html")
    said = await added(world, "source", "add", server.url("/"), "--allow-private")
    assert (said.code, "no feed was found there" in said.err) == (1, True)
    assert world.config.read_text(encoding="utf-8") == before


async def test_dry_run_writes_nothing(world: World, server: FeedServer) -> None:
    before = configured(world)
    url = server.put("/feed.xml", rss(entry("x", guid="1"), title="Stadtblatt"))
    said = await added(world, "source", "add", url, "--allow-private", "--dry-run")
    assert (said.code, 'name = "Stadtblatt"' in said.out) == (0, True)
    assert world.config.read_text(encoding="utf-8") == before


async def test_a_file_that_may_not_be_written_gets_the_lines_to_paste(world: World, server: FeedServer) -> None:
    if not os.getuid():
        pytest.skip("root may write everything")
    before = configured(world)
    world.config.chmod(0o444)
    url = server.put("/feed.xml", rss(entry("x", guid="1"), title="Stadtblatt"))
    said = await added(world, "source", "add", url, "--allow-private")
    assert said.code == 1
    assert 'please add these lines to it:\n\n[[source]]\nname = "Stadtblatt"' in said.err
    assert world.config.read_text(encoding="utf-8") == before


def test_remove_leaves_everything_else(world: World) -> None:
    before = configured(world)
    said = world.run("source", "remove", "Werkblog")
    assert (said.code, said.out) == (0, f"Werkblog: taken out of {world.config}\n")
    gone = before[before.index("[[source]]") : before.index("# the second one")]
    assert world.config.read_text(encoding="utf-8") == before.replace(gone, "")
    assert world.run("source", "remove", "werkblog").err == ("no source is called werkblog; there are: Tagesbote\n")
    assert world.run("source", "remove", "Tagesbote").code == 0
    assert "source" not in tomli.loads(world.config.read_text(encoding="utf-8"))


def test_remove_of_a_source_from_a_list_says_where_it_stands(world: World) -> None:
    content = configured(world)
    (world.folder / "abos.opml").write_text(OPML, encoding="utf-8")
    world.config.write_text(f'{content}\n[[source]]\ntype = "feed"\nopml = "abos.opml"\n', encoding="utf-8")
    said = world.run("source", "remove", "Anzeiger")
    assert (said.code, "comes from a list of feeds" in said.err) == (1, True)


def test_add_and_remove_know_files_beside(world: World) -> None:
    configured(world)
    (world.folder / "conf.d").mkdir()
    extra = world.folder / "conf.d" / "mehr.toml"
    extra.write_text('[[source]]\nname = "Mehr"\ntype = "feed"\nurl = "https://mehr.example/feed"\n', encoding="utf-8")
    assert world.run("source", "remove", "Mehr").code == 0
    assert extra.read_text(encoding="utf-8") == "# smwatch source remove Mehr\n"
    assert (world.run("check").code, names(world)) == (0, ["Werkblog", "Tagesbote"])


def test_source_test_suggests_the_nearest_name(world: World) -> None:
    configured(world)
    said = world.run("source", "test", "Tagesbotte")
    assert (said.code, "did you mean Tagesbote?" in said.out) == (3, True)


@pytest.mark.parametrize(
    "written", ["www.blatt.example/feed", "htp://www.blatt.example/feed", "https:/www.blatt.example/feed"]
)
def test_source_test_knows_addresses_that_are_mistyped(german: World, written: str) -> None:
    said = german.run("source", "test", written)
    assert (said.code, said.out.endswith("; ist https://www.blatt.example/feed gemeint?\n")) == (3, True)
    assert "gemeint?" not in german.run("source", "test", "liste.xml").out


async def test_source_test_of_a_page_says_how_its_feed_is_found(german: World, server: FeedServer) -> None:
    url = server.put("/", "<html><body>Acme</body></html>", content_type="text/html")
    said = await added(german, "source", "test", url, "--allow-private")
    assert said.out == (
        f"✗ {url}: das ist eine Webseite, kein Feed\n  „smwatch source add {url}“ sucht den Feed dieser Website\n"
    )


def test_add_needs_an_address(german: World) -> None:
    configured(german)
    assert german.run("source", "add", " ").err == "es fehlt eine Adresse, wie https://www.acme.example\n"
    said = german.run("source", "add", "htp://blatt.example/feed").err
    assert said == "htp://blatt.example/feed muss mit http:// oder https:// beginnen\n"


# --- lists of feeds -------------------------------------------------------------------------------------------------


def test_import_and_export_make_a_round_trip(world: World) -> None:
    before = configured(world)
    (world.folder / "abos.opml").write_text(OPML, encoding="utf-8")
    said = world.run("import", "opml", "abos.opml", "--no-check", "--json").json
    assert [(one.get("name"), one.get("group")) for one in said["added"]] == [
        ("Anzeiger", "Medien › Regional"),
        ('Blog "Müsli"', None),
    ]
    assert [one["url"] for one in said["skipped"]] == ["https://www.tagesbote.example/feed"]
    assert [one["url"] for one in said["refused"]] == ["gopher://old.example/"]
    after = world.config.read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert names(world) == ["Werkblog", "Tagesbote", "Anzeiger", 'Blog "Müsli"']
    assert world.run("check").code == 0

    exported = world.run("export", "opml")
    (world.folder / "out.opml").write_text(exported.out, encoding="utf-8")
    assert '<outline text="Medien" title="Medien">' in exported.out
    again = world.run("import", "opml", "out.opml", "--no-check", "--json").json
    assert (again["added"], len(again["skipped"])) == ([], 4)
    world.config.write_text(before.partition("# --- sources")[0], encoding="utf-8")
    fresh = world.run("import", "opml", "out.opml", "--no-check", "--json").json
    assert [(one.get("name"), one.get("group")) for one in fresh["added"]] == [
        ("Werkblog", None),
        ("Tagesbote", None),
        ("Anzeiger", "Medien › Regional"),
        ('Blog "Müsli"', None),
    ]


def test_import_knows_platforms_and_leaves_out_what_is_forbidden(german: World) -> None:
    configured(german)
    channel = "UC" + "a" * 22
    videos, news = (
        f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}",
        "https://news.google.com/rss/search?q=x",
    )
    rows = "".join(f'<outline text="{name}" xmlUrl="{url}"/>' for name, url in (("Ämter-TV", videos), ("Neues", news)))
    (german.folder / "l.opml").write_text(f"<opml><body>{rows}</body></opml>", encoding="utf-8")
    said = german.run("import", "opml", "l.opml", "--no-check")
    assert (said.code, f"+ Ämter-TV  {videos}" in said.out, f"✗ Neues  {news}: Google News" in said.out) == (
        0,
        True,
        True,
    )
    source = tomli.loads(german.config.read_text(encoding="utf-8"))["source"][-1]
    assert source == {"name": "Ämter-TV", "type": "feed", "preset": "youtube", "channel": channel}
    assert f'xmlUrl="{videos}"' in german.run("export", "opml").out
    assert f"= Ämter-TV  {videos}: " in german.run("import", "opml", "l.opml", "--no-check").out


def test_import_says_what_it_would_do(world: World) -> None:
    before = configured(world)
    (world.folder / "abos.opml").write_text(OPML, encoding="utf-8")
    said = world.run("import", "opml", "abos.opml", "--no-check", "--dry-run")
    assert (said.code, "2 sources would be added." in said.err) == (0, True)
    assert "+ Anzeiger  https://anzeiger.example/rss  [Medien › Regional]" in said.out
    assert world.config.read_text(encoding="utf-8") == before


async def test_import_reads_the_feeds_and_names_those_that_fail(world: World, server: FeedServer) -> None:
    configured(world)
    good = server.put("/good.xml", rss(entry("x", guid="1")))
    bad = server.put("/bad.xml", "<html>sorry</html>", content_type="text/html")
    rows = "".join(f'<outline text="{name}" xmlUrl="{url}"/>' for name, url in (("Gut", good), ("Schlecht", bad)))
    (world.folder / "l.opml").write_text(f"<opml><body>{rows}</body></opml>", encoding="utf-8")
    said = await added(world, "import", "opml", "l.opml", "--allow-private")
    assert said.code == 0
    assert f"✗ {bad}: " in said.out
    assert "1 cannot be read now." in said.err
    assert names(world)[-2:] == ["Gut", "Schlecht"]


def test_import_of_something_else(world: World) -> None:
    configured(world)
    (world.folder / "x.opml").write_text("<html/>", encoding="utf-8")
    assert world.run("import", "opml", "x.opml").err == "x.opml is no list of feeds (OPML)\n"
    assert world.run("import", "opml", "nope.opml").err.startswith("nope.opml cannot be read: ")
