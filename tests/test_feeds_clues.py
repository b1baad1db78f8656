"""Addresses whose platform says which feed belongs to them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.feeds.clues import author_of, channel_of, clue, feed_of, instead

CHANNEL = "UC" + "a" * 22
VIDEO = "https://www.youtube.com/watch?v=abcdefghij-"
PODCAST = "https://itunes.apple.com/lookup?id=123456789&entity=podcast"
FILM = "https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F123456789"


@pytest.mark.parametrize(
    ("written", "ask"),
    [
        ("https://www.youtube.com/watch?v=abcdefghij-&t=42s", VIDEO),
        ("https://www.youtube.com/watch?list=PLx&v=abcdefghij-", VIDEO),
        ("m.youtube.com/watch?v=abcdefghij-", VIDEO),
        ("https://music.youtube.com/watch?v=abcdefghij-", VIDEO),
        ("https://youtu.be/abcdefghij-?si=x", VIDEO),
        ("https://www.youtube.com/shorts/abcdefghij-", VIDEO),
        ("https://www.youtube.com/live/abcdefghij-?feature=share", VIDEO),
        ("https://www.youtube-nocookie.com/embed/abcdefghij-", VIDEO),
        ("https://podcasts.apple.com/de/podcast/werkstatt/id123456789", PODCAST),
        ("https://podcasts.apple.com/podcast/id123456789?i=1000", PODCAST),
        ("https://itunes.apple.com/at/podcast/k%C3%BCche/id123456789?mt=2", PODCAST),
        ("vimeo.com/123456789", FILM),
        ("https://vimeo.com/channels/acme/123456789", FILM),
    ],
)
def test_what_is_asked(written, ask):
    found = clue(written)
    assert found is not None
    assert found.ask == ask


@pytest.mark.parametrize(
    "written",
    [
        "https://www.youtube.com/@acme",
        f"https://www.youtube.com/channel/{CHANNEL}",
        "https://www.youtube.com/watch?v=",
        "https://youtu.be/",
        "https://youtu.be.evil.example/abcdefghij-",
        "https://podcasts.apple.com/de/browse",
        "https://apps.apple.com/de/app/acme/id123456789",
        "https://vimeo.com/acme",
        "https://open.spotify.com/show/0123456789",
        "https://blog.example/watch?v=abcdefghij-",
        "http://[::1",
        "",
    ],
)
def test_what_is_not_asked(written):
    assert clue(written) is None


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("https://www.youtube.com/@acme", "channel/UC"),
        ("https://youtu.be/abcdefghij-", "channel/UC"),
        ("https://podcasts.apple.com/de/browse", "Apple"),
        ("https://vimeo.com/123456789", "vimeo.com/channels/acme"),
        ("https://open.spotify.com/show/0123456789", "Spotify has no feeds"),
    ],
)
def test_what_to_paste_instead(written, word):
    said = instead(written)
    assert said is not None
    assert word in said.render("en")


def test_other_sites_have_no_other_address():
    assert instead("https://blog.example/") is None


@pytest.mark.parametrize(
    ("page", "address"),
    [
        (f'<meta itemprop="channelId" content="{CHANNEL}">', f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"),
        (f'<meta itemprop="channelId" content="x"><meta content="{CHANNEL}" itemprop="channelId">', f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"),
        ('<meta itemprop="channelId" content="https://evil.example/">', ""),
        ("<title>Bevor Sie zu YouTube weitergehen</title>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_channel_of_a_video(page, address):
    assert channel_of(page.encode(), {}) == {"address": address}


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        ({"results": [{"feedUrl": "https://a.example/feed"}]}, "https://a.example/feed"),
        ({"results": [{"kind": "song"}, {"feedUrl": "https://a.example/feed"}]}, "https://a.example/feed"),
        ({"results": []}, ""),
        ({"results": [{"feedUrl": 7}, None]}, ""),
        ({"results": None}, ""),
        ([], ""),
    ],
)
def test_the_feed_of_a_podcast(answer, address):
    assert feed_of(json.dumps(answer).encode(), {}) == {"address": address}


def test_whose_film_it_is():
    assert author_of(b'{"author_url": "https://vimeo.com/acme"}', {}) == {"address": "https://vimeo.com/acme"}
    assert author_of(b'{"author_url": null}', {}) == {"address": ""}


@given(st.binary(max_size=400))
def test_whatever_is_answered_is_read(body):
    for reader in (channel_of, feed_of, author_of):
        assert isinstance(reader(body, {})["address"], str)


@given(st.text() | st.from_regex(r"(https?://)?(youtu\.be|youtube\.com|vimeo\.com|podcasts\.apple\.com)/\S*"))
def test_whatever_is_written_is_looked_at(written):
    found = clue(written)
    assert found is None or found.ask.startswith("https://")
