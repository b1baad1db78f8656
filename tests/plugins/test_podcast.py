"""Podcasts: what is said in them counts, once, and a transcript that does not come keeps no episode back."""

from __future__ import annotations

import json

import pytest
from smwatch.plugins import podcast as plugin
from smwatch.plugins.podcast import PodcastSource

from smwatch.errors import UserError
from smwatch.feeds.extras import seconds_of
from smwatch.feeds.refusal import NotAFeed
from smwatch.feeds.transcripts import read_transcript
from smwatch.model import Author
from smwatch.testing.servers import FeedServer
from smwatch.testing.source_kit import conforms, walker

NAMES = (
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
VTT = "WEBVTT\n\nNOTE gemacht von Hand\n\n1\n00:00:01.000 --> 00:00:04.000\n<v Erika>Die Pumpe von Acme\n\n"
VTT += (
    "2\n00:00:04.000 --> 00:00:06.000\n<v Erika>leckt &amp; tropft.\n\n3\n00:01:06.000 --> 00:01:08.000\n<v Max>Ach!\n"
)


@pytest.fixture
async def server():
    async with FeedServer() as made:
        yield made


def episode(number, more="", title=None):
    return (
        f"<item><title>{title or f'Folge {number}'}</title><guid>{number}</guid>"
        f"<link>https://podcast.acme.example/{number}</link><description>Notizen {number}.</description>"
        f'<enclosure url="https://cdn.acme.example/{number}.mp3" length="1" type="audio/mpeg"/>'
        f"<pubDate>Tue, 24 Nov 2026 0{number % 10}:00:00 +0100</pubDate>{more}</item>"
    )


def show(*episodes):
    head = "<title>Pumpenfunk</title><language>de</language><link>https://podcast.acme.example/</link>"
    return f'<?xml version="1.0"?><rss version="2.0" {NAMES}><channel>{head}{"".join(episodes)}</channel></rss>'


def transcript(server, path, kind="text/vtt", lang="de"):
    return f'<podcast:transcript url="{server.url(path)}" type="{kind}" language="{lang}"/>'


def podcast(server, **keys):
    given = {"type": "podcast", "name": "funk", "url": server.url("/feed.xml"), "allow_private": True}
    return PodcastSource.model_validate(given | keys)


async def test_conforms(server):
    people = '<podcast:person role="guest">Max Muster</podcast:person>'
    people += '<podcast:person href="https://erika.example/">Erika Beispiel</podcast:person>'
    server.put("/feed.xml", show(episode(1, people + "<itunes:duration>1:02:33</itunes:duration>"), episode(2)))
    first, *_ = await conforms(podcast(server), server)
    item = first.items[0]
    assert (item.id, item.kind, item.url) == ("1", "podcast", "https://podcast.acme.example/1")
    assert item.author == Author(name="Max Muster")
    assert item.lead == "Max Muster, Erika Beispiel"
    assert item.links == ("https://cdn.acme.example/1.mp3",)
    assert item.attributes == {
        "audio": "https://cdn.acme.example/1.mp3",
        "seconds": 3753,
        "persons": ["Max Muster (guest)", "Erika Beispiel (host)"],
    }


async def test_what_is_said_in_a_new_episode_stands_in_its_text(server):
    server.put("/feed.xml", show(episode(1, transcript(server, "/alt.vtt"))))
    server.put("/neu.vtt", VTT, content_type="text/vtt")
    async with walker(podcast(server)) as core:
        await core.walk()  # what was said before is not asked for
        assert [one.path for one in server.requests] == ["/feed.xml"]
        server.put(
            "/feed.xml", show(episode(2, transcript(server, "/neu.vtt")), episode(1, transcript(server, "/alt.vtt")))
        )
        (page,) = await core.walk()
        assert await core.walk() == []
    (item,) = page.items
    assert item.text == "Notizen 2.\n\nErika: Die Pumpe von Acme leckt & tropft.\nMax: Ach!"
    assert item.attributes["transcript"].endswith("/neu.vtt")


async def test_an_episode_is_told_again_only_when_it_changes(server):
    server.put("/feed.xml", show(episode(1)))
    server.put("/spaet.srt", "1\n00:00:01,000 --> 00:00:02,000\nAcme?\n", content_type="text/plain")
    async with walker(podcast(server)) as core:
        await core.walk()
        server.put("/feed.xml", show(episode(2), episode(1)))
        assert [item.id for page in await core.walk() for item in page.items] == ["2"]
        late = transcript(server, "/spaet.srt", "application/srt")
        server.put("/feed.xml", show(episode(2, late), episode(1)))
        ((item,),) = [page.items for page in await core.walk()]
    assert (item.id, item.text) == ("2", "Notizen 2.\n\nAcme?")


async def test_a_transcript_that_does_not_come_is_asked_for_again_and_one_that_is_gone_is_not(server):
    server.put("/feed.xml", show(episode(1)))
    async with walker(podcast(server)) as core:
        await core.walk()
        server.put(
            "/feed.xml", show(episode(3, transcript(server, "/weg")), episode(2, transcript(server, "/spaeter")))
        )
        server.put("/weg", "", status=410, validators=())
        server.put("/spaeter", "", status=503, validators=())
        (page,) = await core.walk()
        assert [item.text for item in page.items] == ["Notizen 3.", "Notizen 2."]
        server.put("/spaeter", VTT)
        server.requests.clear()
        (page,) = await core.walk()
        assert [item.id for item in page.items] == ["2"]
        assert "leckt & tropft" in page.items[0].text
        assert "/weg" not in [one.path for one in server.requests]
        assert await core.walk() == []


async def test_so_many_transcripts_at_once(server, monkeypatch):
    monkeypatch.setattr(plugin, "AT_ONCE", 2)
    server.put("/t", VTT)
    server.put("/feed.xml", show(episode(0)))
    async with walker(podcast(server)) as core:
        await core.walk()
        server.put("/feed.xml", show(*(episode(n, transcript(server, "/t")) for n in (5, 4, 3, 2, 1))))
        walks = [[item.id for page in await core.walk() for item in page.items] for _ in range(4)]
    assert walks == [["5", "4"], ["3", "2"], ["1"], []]


@pytest.mark.parametrize(
    ("keys", "path"), [({}, "/t.txt"), ({"language": "en"}, "/en.vtt"), ({"transcripts": False}, None)]
)
async def test_which_transcript(server, keys, path):
    for name in ("/t.txt", "/en.vtt", "/de.html"):
        server.put(name, "Hallo")
    offered = transcript(server, "/de.html", "text/html") + transcript(server, "/en.vtt", lang="en-US")
    offered += transcript(server, "/t.txt", "text/plain") + transcript(server, "/x", "application/x-unknown")
    server.put("/feed.xml", show(episode(0)))
    async with walker(podcast(server, **keys)) as core:
        await core.walk()
        server.put("/feed.xml", show(episode(1, offered)))
        server.requests.clear()
        await core.walk()
    assert [one.path for one in server.requests][1:] == ([path] if path else [])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (VTT, "Erika: Die Pumpe von Acme leckt & tropft.\nMax: Ach!"),
        ("1\n00:00:01,000 --> 00:00:02,000\nAcme\n\n2\n00:00:02,000 --> 00:00:03,000\nAcme\nleckt\n", "Acme leckt"),
        (
            json.dumps({"version": "1", "segments": [
                {"speaker": "Erika", "body": "Guten"}, {"speaker": "Erika", "body": "Tag."}, {"body": 7}, 8, {"body": "Ende"}
            ]}),
            "Erika: Guten Tag. Ende",
        ),
        ("<!DOCTYPE html><html><body><p><cite>Erika:</cite> Guten Tag.</p><script>x</script></body></html>", "Erika: Guten Tag."),
        ("\ufeffErika: Guten Tag.\n\nMax: Ja.\n", "Erika: Guten Tag.\nMax: Ja."),
        ("", ""),
    ],
    ids=range(6),
)  # fmt: skip
def test_transcripts_of_every_kind(body, text):
    assert read_transcript(body.encode(), {}) == {"text": text}


def test_json_that_is_none():
    with pytest.raises(NotAFeed):
        read_transcript(b'{"segments": [', {"type": "application/json"})


def test_a_transcript_without_end_is_cut():
    assert len(read_transcript(b"Acme leckt. " * 100_000, {})["text"]) <= 150_000


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1:02:33", 3753), ("62:33", 3753), ("3753", 3753), ("", None), ("lang", None), ("9" * 99, None), ("0:30.5", 30)],
)
def test_lengths(said, seconds):
    assert seconds_of(said) == seconds


def test_google_news_is_no_podcast():
    with pytest.raises(UserError):
        PodcastSource.model_validate({"type": "podcast", "url": "https://news.google.com/rss"})
