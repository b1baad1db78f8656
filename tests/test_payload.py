"""What a platform answers is read without trusting it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smwatch.errors import Broken
from smwatch.payload import Payload, read_payload
from smwatch.posts.bluesky import bluesky_post, bluesky_view
from smwatch.posts.mastodon import mastodon_post

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)


def test_words_numbers_and_moments() -> None:
    said = Payload(
        {
            "id": 7,
            "name": "Ä\x00\u202eb\n\nc ",
            "hidden": -1,
            "yes": True,
            "at": "2026-03-29T07:50:00.5+02:00",
            "epoch": 1774770600,
            "link": "javascript:alert(1)",
        }
    )
    assert (said.text("id"), said.words("name"), said.text("yes"), said.text("no", "where")) == ("7", "Äb\n\nc", "", "")
    assert (said.number("id"), said.number("hidden"), said.number("yes"), said.number("name")) == (7, None, None, None)
    assert said.moment("at") == datetime(2026, 3, 29, 5, 50, 0, 500000, tzinfo=UTC)
    assert said.moment("epoch") == datetime(2026, 3, 29, 7, 50, tzinfo=UTC)
    assert (said.moment("id"), said.moment("name"), said.link("link")) == (None, None, "")
    assert list(said.each("name")) == []


def test_long_words_are_cut() -> None:
    assert len(Payload("a" * 1_000_000).words()) == 50_000


@pytest.mark.parametrize(
    "body", [b"", b"null", b"17", b'"ja"', b"<html>Bitte anmelden</html>", b"\xff\xfe", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_data_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(Broken) as told:
        read_payload(body, "api.example")
    assert told.value.sentence.render("de").startswith("api.example antwortet nicht mit Daten, sondern mit „")
    assert len(told.value.sentence.render("de")) < 200


STATUS: dict[str, Any] = {
    "id": "1",
    "uri": "https://a.example/1",
    "url": "https://a.example/@e/1",
    "spoiler_text": "x",
    "created_at": "2026-03-29T07:50:00Z",
    "edited_at": None,
    "account": {"acct": "e", "display_name": "E", "followers_count": 1, "url": "https://a.example/@e", "bot": False},
    "in_reply_to_id": "2",
    "language": "de",
    "favourites_count": 1,
    "tags": [{"name": "acme"}],
    "mentions": [{"acct": "m@b.example"}],
    "media_attachments": [{"type": "image", "description": "d"}],
    "poll": {"options": [{"title": "ja"}]},
    "card": {"url": "https://c.example/"},
}
RECORD: dict[str, Any] = {
    "text": "Acme",
    "createdAt": "2026-03-29T07:50:00Z",
    "langs": ["de"],
    "facets": [{"features": [{"tag": "acme"}, {"uri": "https://c.example/"}, {"did": "did:plc:m"}]}],
    "reply": {"parent": {"uri": "at://p"}, "root": {"uri": "at://r"}},
    "embed": {"external": {"uri": "https://c.example/", "title": "t"}, "media": {"images": [{"alt": "a"}]}},
    "tags": ["acme"],
}


@st.composite
def spoiled(draw, whole: dict[str, Any]) -> dict[str, Any]:
    """A payload in which something, somewhere, is something else."""
    made = json.loads(json.dumps(whole))
    place: Any = made
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        below = place[key]
        if not (isinstance(below, dict | list) and below and draw(st.booleans())):
            place[key] = draw(ANYTHING)
            return made
        place = below


@settings(max_examples=300, deadline=None)
@given(spoiled(STATUS), ANYTHING)
def test_whatever_a_status_holds_is_an_item(status: dict[str, Any], read: object) -> None:
    item = mastodon_post(Payload(status), Payload(read), "a.example", "s")
    assert isinstance(item.text, str)
    assert item.url == "" or item.url.startswith("http")


@settings(max_examples=300, deadline=None)
@given(spoiled(RECORD))
def test_whatever_a_record_holds_is_an_item(record: dict[str, Any]) -> None:
    item = bluesky_post("did:plc:x", "3k", Payload(record), "s", None)
    assert item.id == "at://did:plc:x/app.bsky.feed.post/3k"
    assert all(link.startswith("http") for link in item.links)
    assert bluesky_view(Payload({"uri": "at://did:plc:x/app.bsky.feed.post/3k", "record": record}), "s").id == item.id


def test_embeds_in_embeds_without_end() -> None:
    embed: dict[str, Any] = {}
    for _ in range(5000):
        embed = {"media": embed, "alt": "a"}
    assert bluesky_post("did:plc:x", "3k", Payload({"text": "Acme", "embed": embed}), "s", None).text.startswith("Acme")
