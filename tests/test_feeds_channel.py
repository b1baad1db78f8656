"""What a feed says about itself: how often it changes, its hub, its own address."""

from __future__ import annotations

import json

import pytest

from smwatch.feeds.items import taken_back
from smwatch.feeds.reader import read_feed
from smwatch.testing.servers import entry

SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom"'
URL = "https://www.acme.example/feed.xml"


def about(head: str, items: str = "") -> dict[str, object]:
    body = f'<rss version="2.0" {SY} {ATOM}><channel><title>Acme</title>{head}{items or entry("a", guid="1")}</channel></rss>'
    return read_feed(body.encode(), {"url": URL})["channel"]


@pytest.mark.parametrize(
    ("head", "ttl", "period"),
    [
        ("<ttl>60</ttl>", 3600, None),
        ("<ttl> 15 </ttl>", 900, None),
        ("<ttl>0</ttl>", None, None),
        ("<ttl>soon</ttl>", None, None),
        ("<ttl>9999999</ttl>", None, None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", None, 1800),
        ("<sy:updatePeriod>\n\tdaily\t</sy:updatePeriod>", None, 86400),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None, 3600),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None, None),
        ("<ttl>10</ttl><sy:updatePeriod>weekly</sy:updatePeriod>", 600, 604800),
        ("", None, None),
    ],
)
def test_how_often_it_changes(head: str, ttl: int | None, period: int | None) -> None:
    found = about(head)
    assert (found["ttl"], found["period"]) == (ttl, period)


def test_what_entries_say_is_not_said_by_the_feed() -> None:
    found = about(
        "", '<item><title>a</title><guid>1</guid><ttl>5</ttl><atom:link rel="hub" href="https://evil.example/"/></item>'
    )
    assert (found["ttl"], found["hubs"]) == (None, [])


def test_its_hubs_and_its_own_address() -> None:
    links = (
        '<atom:link rel="self" href="https://www.acme.example/feed.xml?a=1&amp;b=2"/>'
        "<atom:link href='/hub' rel='HUB'/><atom:link rel=\"hub\" href=\"https://hub.example/\"/>"
        '<atom:link rel="hub" href="javascript:alert(1)"/>'
    )
    found = about(links)
    assert found["hubs"] == ["https://www.acme.example/hub", "https://hub.example/"]
    assert found["self"] == "https://www.acme.example/feed.xml?a=1&b=2"


def test_atom_needs_no_prefix() -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title><link rel="hub" href="https://hub.example/"/>'
        '<link rel="self" href="https://www.acme.example/atom"/><entry><id>1</id><title>a</title></entry></feed>'
    )
    found = read_feed(body.encode(), {"url": URL})["channel"]
    assert (found["hubs"], found["self"]) == (["https://hub.example/"], "https://www.acme.example/atom")


def test_json_feeds_name_theirs() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Acme",
        "feed_url": "https://www.acme.example/feed.json",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}, {"type": "x"}, 7],
        "items": [{"id": "1", "content_text": "a"}],
    }
    found = read_feed(json.dumps(feed).encode(), {"url": URL})["channel"]
    assert (found["hubs"], found["self"]) == (["https://hub.example/"], "https://www.acme.example/feed.json")
    odd = {**feed, "feed_url": None, "hubs": "https://hub.example/"}
    assert read_feed(json.dumps(odd).encode(), {"url": URL})["channel"]["hubs"] == []


AT = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'


def test_entries_that_are_taken_back() -> None:
    body = (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {AT}><title>Acme</title>'
        '<at:deleted-entry ref="yt:video:1" when="2026-11-24T09:00:00Z"><link href="https://x.example/1"/></at:deleted-entry>'
        "<at:deleted-entry when='x' ref='b&amp;c'/><at:deleted-entry ref='here'/><at:deleted-entry/>"
        "<entry><id>here</id><title>a</title></entry></feed>"
    )
    answer = read_feed(body.encode(), {"url": URL})
    assert answer["channel"]["deleted"] == ["yt:video:1", "b&c", "here"]
    assert taken_back(answer) == ("yt:video:1", "b&c")
    only = body.partition("<entry>")[0] + "</feed>"
    assert taken_back(read_feed(only.encode(), {"url": URL})) == ("yt:video:1", "b&c", "here")
    assert taken_back({"channel": {"deleted": "x"}, "items": []}) == taken_back({}) == ()


def test_a_head_of_a_megabyte_takes_a_moment() -> None:
    assert about("<link " * 200_000)["hubs"] == []


def test_a_tombstone_that_an_article_quotes_deletes_nothing() -> None:
    quoted = "<![CDATA[So sieht das aus: <at:deleted-entry ref='tag:1'/>]]>"
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom" {AT}><entry><id>a</id><title>T</title><content>{quoted}</content></entry></feed>'
    assert read_feed(feed.encode(), {"url": URL})["channel"]["deleted"] == []
