"""Feeds of platforms: where they stand, and what becomes of what is in them."""

from __future__ import annotations

import os
import tarfile
import time
from pathlib import Path

import pytest
from smwatch.plugins import feed as plugin
from smwatch.plugins.feed import FeedSource

from smwatch.config.build import build
from smwatch.config.document import Raw
from smwatch.errors import Broken, NotPermitted, UserError
from smwatch.feeds import presets
from smwatch.feeds.extras import read_extras
from smwatch.feeds.reader import read_feed
from smwatch.loader import load
from smwatch.model import Author, Engagement
from smwatch.testing.servers import FeedServer, entry, rss
from smwatch.testing.source_kit import conforms, walker


@pytest.fixture
async def server(monkeypatch):
    """Every preset's address leads to this machine."""
    async with FeedServer() as made:
        for name, path in (("youtube", "/videos"), ("vimeo", "/videos"), ("pinterest", "/pins"), ("alerts", "/alert")):
            monkeypatch.setattr(presets, name, lambda *_, path=path: made.url(path))
        monkeypatch.setattr(presets, "app_store", lambda _app, country, page=1: made.url(f"/{country}/{page}"))
        yield made


def feed(**keys):
    (source,) = FeedSource.model_validate({"type": "feed", "name": "x", "allow_private": True} | keys).expand("/")
    return source


@pytest.mark.parametrize(
    ("keys", "address"),
    [
        ({"preset": "youtube", "channel": "UC" + "a" * 22}, "https://www.youtube.com/feeds/videos.xml?channel_id=UC" + "a" * 22),
        (
            {"preset": "youtube", "channel": "https://www.youtube.com/channel/UC" + "b" * 22 + "/about"},
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC" + "b" * 22,
        ),
        ({"preset": "youtube", "channel": "PL" + "c" * 32}, "https://www.youtube.com/feeds/videos.xml?playlist_id=PL" + "c" * 32),
        ({"preset": "vimeo", "user": "acmewerke"}, "https://vimeo.com/acmewerke/videos/rss"),
        ({"preset": "vimeo", "user": "https://vimeo.com/acmewerke/"}, "https://vimeo.com/acmewerke/videos/rss"),
        ({"preset": "vimeo", "channel": "acme"}, "https://vimeo.com/channels/acme/videos/rss"),
        ({"preset": "vimeo", "channel": "https://vimeo.com/channels/acme"}, "https://vimeo.com/channels/acme/videos/rss"),
        ({"preset": "pinterest", "user": "@acme"}, "https://www.pinterest.com/acme/feed.rss"),
        ({"preset": "pinterest", "user": "acme", "board": "küche"}, "https://www.pinterest.com/acme/k%C3%BCche.rss"),
        (
            {"preset": "app-store", "app": "https://apps.apple.com/de/app/acme/id123456789", "countries": ["at"]},
            "https://itunes.apple.com/at/rss/customerreviews/page=1/id=123456789/sortby=mostrecent/xml",
        ),
        (
            {"preset": "google-alerts", "url": "https://www.google.com/alerts/feeds/0123/4567"},
            "https://www.google.com/alerts/feeds/0123/4567",
        ),
    ],
)  # fmt: skip
def test_addresses(keys, address):
    assert feed(**keys).key() == address


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"preset": "youtube", "channel": "@acme"}, "named by its id"),
        ({"preset": "youtube"}, "named by its id"),
        ({"preset": "vimeo"}, "no name of a user"),
        ({"preset": "vimeo", "user": "https://vimeo.com/channels/acme"}, "no name of a user"),
        ({"preset": "vimeo", "user": "acme", "channel": "acme"}, "either user or channel"),
        ({"preset": "pinterest", "user": "a b"}, "no name of a user"),
        ({"preset": "app-store", "app": "acme"}, "the number in its address"),
        ({"preset": "app-store", "app": "123456789", "countries": ["Deutschland"]}, "no country"),
        ({"preset": "google-alerts"}, "looks like"),
        ({"preset": "google-alerts", "url": "https://www.google.com/alerts"}, "looks like"),
        ({"preset": "vimeo", "user": "acme", "url": "https://vimeo.com/x"}, "leave out url"),
        ({"url": "https://a.example/", "channel": "x"}, "belongs to preset = youtube"),
        ({"preset": "youtube", "channel": "UC" + "a" * 22, "app": "1"}, "belongs to preset = app-store"),
        ({"url": "https://news.google.com/rss/search?q=acme&hl=de"}, "Google News forbids"),
        ({"url": "http://NEWS.google.de/news?output=rss"}, "Google News forbids"),
    ],
)
def test_keys_that_make_no_sense(keys, words):
    with pytest.raises(UserError, match=words):
        feed(**keys)


async def test_google_news_is_refused_in_a_list_too(tmp_path):
    (tmp_path / "f.opml").write_text(
        '<opml version="2.0"><body><outline text="N" xmlUrl="https://news.google.com/rss"/></body></opml>'
    )
    (source,) = FeedSource.model_validate({"type": "feed", "opml": "f.opml"}).expand(str(tmp_path))
    async with walker(source) as core:
        with pytest.raises(NotPermitted, match="Google News forbids"):
            await core.walk()


def test_an_app_is_a_source_for_each_country():
    found = FeedSource.model_validate({"type": "feed", "preset": "app-store", "app": "123456789"}).expand("/")
    assert [one.default_name() for one in found] == [f"App Store 123456789 ({one})" for one in ("de", "at", "ch")]
    assert len({one.key() for one in found}) == 3


@pytest.mark.parametrize(
    ("keys", "gives", "engagement"),
    [
        ({"url": "https://a.example/"}, ("tag", "type"), False),
        ({"preset": "vimeo", "user": "acme"}, ("tag", "type"), True),
        ({"preset": "app-store", "app": "123456789", "countries": ["de"]}, ("type", "rating", "country"), True),
    ],
)
def test_each_has_the_card_of_its_platform(keys, gives, engagement):
    card = feed(**keys).card
    assert (card.gives, card.engagement) == (gives, engagement)


def test_in_a_config_they_are_feeds():
    written = (
        '[channels.t]\ntype = "console"\n[[watch]]\nname = "A"\nquery = "acme"\nalert = ["t"]\n'
        '[[source]]\ntype = "feed"\npreset = "youtube"\nchannel = "UCaaaaaaaaaaaaaaaaaaaaaa"\n'
        '[[source]]\ntype = "feed"\nname = "App"\npreset = "app-store"\napp = "123456789"\n'
        '[[source]]\ntype = "google-alerts"\nurl = "https://www.google.com/alerts/feeds/1/2"\n'
    )
    built = build([Raw(path=Path("a.toml"), data=written.encode())], load())
    assert [one.name for one in built.config.sources] == [
        "YouTube UCaaaaaaaaaaaaaaaaaaaaaa", "App (de)", "App (at)", "App (ch)",
    ]  # fmt: skip
    (finding,) = built.findings
    assert finding.problem.suggestion == "feed"


VIDEOS = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns="http://www.w3.org/2005/Atom"><title>Acme Werke</title>
<entry><id>yt:video:aaaaaaaaaa1</id><yt:videoId>aaaaaaaaaa1</yt:videoId><title>Wie die Pumpe läuft</title>
<link rel="alternate" href="https://www.youtube.com/watch?v=aaaaaaaaaa1"/>
<author><name>Acme Werke</name><uri>https://www.youtube.com/channel/UCx</uri></author>
<published>2026-11-24T09:00:00+00:00</published><updated>2026-11-24T09:30:00+00:00</updated>
<media:group><media:title>Wie die Pumpe läuft</media:title><media:description>Im Werk Köln.

Mit Erika Beispiel.</media:description><media:community><media:starRating count="12" average="5.00"/>
<media:statistics views="3456"/></media:community></media:group></entry>
<entry><id>yt:video:aaaaaaaaaa2</id><yt:videoId>aaaaaaaaaa2</yt:videoId><title>Ohne Zahlen</title>
<link rel="alternate" href="https://www.youtube.com/watch?v=aaaaaaaaaa2"/><author><name>Acme Werke</name></author>
<published>2026-11-23T09:00:00+00:00</published></entry></feed>"""


async def test_youtube(server):
    server.put("/videos", VIDEOS)
    (page,) = await conforms(feed(preset="youtube", channel="x"), server)
    first, second = page.items
    assert (first.id, first.kind, first.engagement) == (
        "yt:video:aaaaaaaaaa1",
        "video",
        Engagement(views=3456, likes=12),
    )
    assert first.text == "Im Werk Köln.\n\nMit Erika Beispiel."
    assert first.author == Author(name="Acme Werke", url="https://www.youtube.com/channel/UCx")
    assert second.engagement is None  # unknown, not zero


async def test_vimeo(server):
    server.put(
        "/videos", rss(entry("Werksfilm", link="https://vimeo.com/1234567", guid="tag:vimeo,1", text="<p>Köln</p>"))
    )
    (page,) = await conforms(feed(preset="vimeo", user="acme"), server)
    assert [(one.title, one.kind, one.url) for one in page.items] == [
        ("Werksfilm", "video", "https://vimeo.com/1234567")
    ]


PINS = rss(
    entry("Pumpe in Blau", link="https://www.pinterest.de/pin/1/", guid="1", text='<a href="x"><img src="y"></a>Pumpe'),
    entry("", link="https://www.pinterest.de/pin/2/", guid="2", text='<img src="y" alt="Küche mit Pumpe">'),
    entry("", link="https://www.pinterest.de/pin/3/", guid="3", text='<a href="x"><img src="y"></a>Nur Text'),
    entry("", link="https://www.pinterest.de/pin/4/", guid="4", text='<a href="x"><img src="y"></a>'),
    lang="en-us",
)


async def test_pinterest(server):
    server.put("/pins", PINS)
    (page,) = await conforms(feed(preset="pinterest", user="acme"), server)
    assert [(one.title, one.lang) for one in page.items] == [
        ("Pumpe in Blau", None), ("Küche mit Pumpe", None), ("Nur Text", None), ("Pin ohne Titel", None),
    ]  # fmt: skip
    assert {one.author for one in page.items} == {Author(name="acme", handle="acme")}


async def test_a_board_that_is_gone(server):
    async with walker(feed(preset="pinterest", user="acme", board="weg")) as core:
        with pytest.raises(Broken, match="renamed, deleted or made secret"):
            await core.walk()


ALERT = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
<id>tag:google.com,2005:reader/user/1/state/com.google/alerts/2</id><title>Google Alert – acme</title>
<entry><id>tag:google.com,2013:googlealerts/feed:11</id><title type="html">&lt;b&gt;Acme&lt;/b&gt; ruft Pumpen zurück - Blatt</title>
<link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://www.blatt.example/acme%3Fseite%3D2%26utm_source%3Dx&amp;ct=ga"/>
<published>2026-11-24T09:00:00Z</published><updated>2026-11-24T09:00:00Z</updated>
<content type="html">Der Hersteller &lt;b&gt;Acme&lt;/b&gt; ruft …</content><author><name></name></author></entry></feed>"""


async def test_google_alerts(server):
    server.put("/alert", ALERT)
    (page,) = await conforms(feed(preset="google-alerts", url="https://www.google.com/alerts/feeds/1/2"), server)
    (item,) = page.items
    assert item.id == item.url == "https://www.blatt.example/acme?seite=2"
    assert (item.title, item.text, item.author) == (
        "Acme ruft Pumpen zurück - Blatt",
        "Der Hersteller Acme ruft …",
        None,
    )


def reviews(*numbers, app=True):
    own = "<entry><id>https://apps.apple.com/de/app/acme/id1</id><title>Acme App</title></entry>" if app else ""
    rows = "".join(
        f"<entry><updated>2026-11-{10 + number % 15}T08:00:00-07:00</updated><id>{number}</id><title>Titel {number}</title>"
        f'<content type="text">Die Pumpe {number} leckt.</content><im:voteSum>3</im:voteSum><im:voteCount>5</im:voteCount>'
        f"<im:rating>{number % 5 + 1}</im:rating><im:version>7.1</im:version>"
        f"<author><name>nutzer{number}</name><uri>https://itunes.apple.com/de/reviews/id{number}</uri></author>"
        '<link rel="related" href="https://itunes.apple.com/de/review?id=1"/></entry>'
        for number in numbers
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns:im="http://itunes.apple.com/rss" '
        f'xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><id>x</id><title>iTunes Store</title>{own}{rows}</feed>'
    )


async def test_app_store(server):
    server.put("/de/1", reviews(100, 99))
    server.put("/de/2", reviews(98, app=False))
    server.put("/de/3", reviews(app=False))
    source = feed(preset="app-store", app="123456789", countries=["de"])
    (page,) = await conforms(source, server)
    assert [item.id for item in page.items] == ["100", "99", "98"]
    first = page.items[0]
    assert (first.title, first.text, first.kind) == ("Titel 100", "Die Pumpe 100 leckt.", "review")
    assert first.attributes == {"rating": 1, "version": "7.1", "country": "de"}
    assert first.engagement == Engagement(likes=3)
    assert first.author is not None
    assert first.author.name == "nutzer100"
    async with walker(source) as core:
        await core.walk()
        assert await core.walk() == []
        server.put("/de/1", reviews(102, 101, 100))
        server.requests.clear()
        (page,) = await core.walk()
    assert [item.id for item in page.items] == ["102", "101", "100"]
    assert [one.path for one in server.requests] == ["/de/1"]  # the second page was known


async def test_at_most_ten_pages(server):
    for number in range(1, 15):
        server.put(f"/de/{number}", reviews(1000 - number))
    async with walker(feed(preset="app-store", app="123456789", countries=["de"])) as core:
        await core.walk()
    assert len(server.requests) == presets.PAGES


@pytest.mark.parametrize("preset", ["google-alerts", "youtube", "vimeo", "pinterest"])
def test_a_mirror_in_the_intranet_may_stand_in_for_the_platform(preset: str) -> None:
    url = "http://spiegel.acme.intern/feed.xml"
    source = FeedSource.model_validate({"type": "feed", "preset": preset, "url": url, "allow_private": True})
    assert (source.key(), source.default_name()) == (url, "spiegel.acme.intern/feed.xml")


def test_the_presets_of_the_keys_are_those_that_there_are():
    assert {one for owners in plugin.OWN.values() for one in owners} | {"google-alerts"} == set(presets.SHAPES)


CORPUS = os.environ.get("SMWATCH_CORPUS")


def real_feeds():
    for path in sorted((Path(CORPUS) / "feeds").glob("*.tar.xz")):
        with tarfile.open(path) as packed:
            for member in packed:
                stream = packed.extractfile(member) if member.isfile() and member.size < 2_000_000 else None
                if stream is not None:
                    yield member.name, stream.read()
    for folder in ("rss", "youtube", "pinterest"):
        for path in sorted((Path(CORPUS) / "platforms" / "recorded" / folder).glob("*.[xra][mst][ls]*")):
            yield path.name, path.read_bytes()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS, reason="SMWATCH_CORPUS names no folder of real data")
def test_real_feeds_lose_nothing_by_what_is_read_beside_them():
    read, slow, other = 0, [], []
    for name, body in real_feeds():
        try:
            plain = read_feed(body, {})["items"]
        except ValueError:
            continue
        started = time.perf_counter()
        more = read_extras(body, {"episodes": True})["items"]
        if time.perf_counter() - started > 2:
            slow.append(name)
        if [(one["id"], one["title"], one["url"]) for one in plain] != [
            (one["id"], one["title"], one["url"]) for one in more
        ]:
            other.append(name)
        for preset in presets.SHAPES:
            shaped = read_extras(body, {"preset": preset})["items"]
            assert preset == "app-store" or len(shaped) == len(plain), name
        read += 1
    assert (slow, other) == ([], [])
    assert read > 1500
