"""Which source an address stands for that people copy out of their browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smwatch.plugins.feed import FeedSource

from smwatch.feeds.known import known

CHANNEL = "UC" + "a" * 22
LIST = "PL" + "b" * 32
ALERT = "https://www.google.com/alerts/feeds/0123/4567"


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}", {"preset": "youtube", "channel": CHANNEL}),
        (f"youtube.com/channel/{CHANNEL}/videos", {"preset": "youtube", "channel": CHANNEL}),
        (f"https://m.youtube.com/channel/{CHANNEL}?si=x", {"preset": "youtube", "channel": CHANNEL}),
        (f"https://www.youtube.com/playlist?list={LIST}", {"preset": "youtube", "channel": LIST}),
        (f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}", {"preset": "youtube", "channel": CHANNEL}),
        ("https://vimeo.com/acmewerke", {"preset": "vimeo", "user": "acmewerke"}),
        ("https://vimeo.com/acmewerke/videos/rss", {"preset": "vimeo", "user": "acmewerke"}),
        ("https://vimeo.com/channels/acme", {"preset": "vimeo", "channel": "acme"}),
        ("https://vimeo.com/channels/acme/videos/rss", {"preset": "vimeo", "channel": "acme"}),
        ("https://www.pinterest.de/acme/", {"preset": "pinterest", "user": "acme"}),
        ("https://de.pinterest.com/acme/_created/", {"preset": "pinterest", "user": "acme"}),
        ("https://www.pinterest.com/acme/feed.rss", {"preset": "pinterest", "user": "acme"}),
        ("https://www.pinterest.de/acme/k%C3%BCche/", {"preset": "pinterest", "user": "acme", "board": "küche"}),
        ("https://www.pinterest.com/acme/garten.rss", {"preset": "pinterest", "user": "acme", "board": "garten"}),
        ("https://apps.apple.com/de/app/acme/id123456789", {"preset": "app-store", "app": "123456789"}),
        (
            "https://apps.apple.com/fr/app/acme/id123456789?l=en",
            {"preset": "app-store", "app": "123456789", "countries": ["fr"]},
        ),
        (
            "https://itunes.apple.com/at/rss/customerreviews/page=1/id=123456789/sortby=mostrecent/xml",
            {"preset": "app-store", "app": "123456789"},
        ),
        (ALERT, {"preset": "google-alerts", "url": ALERT}),
        (ALERT.replace("https://www.", ""), {"preset": "google-alerts", "url": ALERT}),
    ],
)
def test_addresses_of_platforms(written, keys):
    found = known(written)
    assert found is not None
    assert found.keys == {"type": "feed"} | keys
    source = FeedSource.model_validate({"name": "x"} | found.keys).expand("/")[0]
    assert source.key() == found.feed


@pytest.mark.parametrize(
    "written",
    [
        "https://www.youtube.com/@acme",  # its page names its feed
        "https://www.youtube.com/watch?v=abcdefghijk",
        "https://www.youtube.com/channel/acme",
        "https://youtube.com.evil.example/channel/" + CHANNEL,
        "https://vimeo.com/123456789",
        "https://vimeo.com/categories",
        "https://vimeo.com/channels",
        "https://vimeo.com/channels/acme/123456789",
        "https://www.pinterest.de/pin/123456/",
        "https://www.pinterest.de/",
        "https://apps.apple.com/de/developer/acme/id123456789",
        "https://www.google.com/alerts",
        "https://www.google.com/search?q=acme",
        "https://blog.example/feed.xml",
        "http://[::1",
        "",
        "heise",
    ],
)
def test_addresses_of_nothing_known(written):
    assert known(written) is None


@given(st.text() | st.from_regex(r"(https?://)?(www\.)?(youtube|vimeo|pinterest|google|apps\.apple)\.(com|de)/\S*"))
def test_what_is_known_makes_a_source(written):
    found = known(written)
    if found is not None:
        assert FeedSource.model_validate({"name": "x"} | found.keys).key()
