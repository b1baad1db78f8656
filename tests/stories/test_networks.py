"""Networks from the post to the alert and back: heard as it is written, told, edited, taken back."""

from __future__ import annotations

import json

import pytest
from yarl import URL

from smwatch.testing.fake_bluesky import FakeBluesky
from smwatch.testing.fake_mastodon import FakeMastodon


@pytest.fixture
async def bluesky(world):
    async with FakeBluesky(clock=world.clock) as network:
        world.source("Bluesky", "", type="bluesky", jetstream=f"{network.url}/subscribe", appview=network.url)
        del world.config["source"][-1]["url"]
        yield network
        await world.stops()


@pytest.fixture
async def mastodon(world, monkeypatch):
    async with FakeMastodon(clock=world.clock) as server:
        monkeypatch.setenv("STORY_MASTODON_TOKEN", server.token)
        token = {"env": "STORY_MASTODON_TOKEN"}
        world.source("Fedi", "", type="mastodon", server=server.url, hashtags=["acme"], token=token)
        del world.config["source"][-1]["url"]
        yield server
        await world.stops()


async def listens(world, network, kind="ears"):
    await world.watches()
    await world.eventually(lambda: getattr(network, kind), "an open stream")


async def test_bluesky_from_the_post_to_the_alert_and_back(world, bluesky):
    world.watch("Acme", "acme")
    erika = bluesky.account("erika.bsky.example", "Erika Mustermann", followers=1234)
    await listens(world, bluesky)
    bluesky.posts(erika, "Was anderes")
    post = bluesky.posts(erika, "Acme hat mich abgezockt")
    alert = await world.hears("abgezockt")
    assert "Erika Mustermann (@erika.bsky.example)" in alert.text
    assert "1.234 Follower" in alert.text
    bluesky.deletes(post)
    await world.hears("Der Beitrag wurde bei der Quelle gelöscht")
    assert world.slack.reads("abgezockt") == []
    assert world.slack.reads("Erika") == []


async def test_bluesky_an_account_that_is_gone(world, bluesky):
    world.watch("Acme", "acme")
    erika = bluesky.account("erika.bsky.example")
    await listens(world, bluesky)
    for number in (1, 2):
        bluesky.posts(erika, f"Acme hat mich {number} mal abgezockt")
        await world.hears(f"{number} mal abgezockt")
    bluesky.ends(erika)
    await world.eventually(lambda: len(world.slack.reads("bei der Quelle gelöscht")) == 2, "both to be edited")


async def test_bluesky_goes_on_after_a_restart_and_tells_nothing_twice(world, bluesky):
    world.watch("Acme", "acme")
    erika = bluesky.account("erika.bsky.example")
    await listens(world, bluesky)
    bluesky.posts(erika, "Acme eins")
    await world.hears("Acme eins")
    await world.stops()
    bluesky.cuts()
    bluesky.posts(erika, "Acme zwei, während niemand hörte")
    await world.starts()
    await world.hears("Acme zwei")
    bluesky.posts(erika, "Acme drei")
    await world.hears("Acme drei")
    assert len(world.alerts("Acme eins")) == 1


async def test_bluesky_a_gap_is_told_to_the_operator(world, bluesky):
    world.watch("Acme", "acme")
    erika = bluesky.account("erika.bsky.example")
    await listens(world, bluesky)
    bluesky.posts(erika, "Acme eins")
    await world.hears("Acme eins")
    await world.stops()
    bluesky.cuts()
    bluesky.forgets()
    world.passes(hours=40)
    bluesky.posts(erika, "nach der Lücke")
    await world.starts()
    await world.hears("der Strom konnte nicht weitergehen, wo er war")


async def test_mastodon_from_the_post_to_the_alert_and_back(world, mastodon):
    world.watch("Acme", "acme")
    await listens(world, mastodon, "streams")
    post = mastodon.posts("Die haben mich abgezockt!", tags=["Acme"], who="erika@werkstatt.example")
    alert = await world.hears("abgezockt")
    assert "Erika (@erika@werkstatt.example)" in alert.text
    mastodon.edits(post, "Die #Acme haben mich doch nicht abgezockt")
    await world.calm()
    assert len(world.alerts()) == 1  # an edit never alerts again
    mastodon.deletes(post)
    await world.hears("Der Beitrag wurde bei der Quelle gelöscht")
    assert world.slack.reads("abgezockt") == []


async def test_mastodon_what_the_stream_missed_is_polled(world, mastodon):
    world.watch("Acme", "acme")
    await listens(world, mastodon, "streams")
    mastodon.cuts()
    mastodon.posts("Niemand hörte zu", tags=["acme"])
    world.nudge()
    await world.hears("Niemand hörte zu")


async def test_hacker_news_is_asked_for_what_the_watches_say(world):
    def shows(*hits):
        body = json.dumps({"hits": hits, "nbPages": 1})
        world.server.put("/api/v1/search_by_date", body, content_type="application/json", validators=())
        world.nudge()

    shows()
    world.source("HN", world.server.url(""), type="hackernews")
    world.watch("Acme", 'acme OR "deutsche bahn"')
    world.watch("Anderes", "globex", active=False)
    await world.watches()
    paths = [URL(seen.path).query["query"] for seen in world.server.requests]
    assert set(paths) == {"acme", '"deutsche bahn"'}
    at = int(world.clock().timestamp())
    comment = {"objectID": "7", "author": "max", "comment_text": "<p>Acme broke on me", "created_at_i": at}
    shows(comment | {"_tags": ["comment"]}, comment | {"objectID": "8", "comment_text": "acmes", "_tags": ["comment"]})
    alert = await world.hears("Acme broke on me")
    assert "news.ycombinator.com/item?id=7" in str(alert.body)


async def test_a_reload_changes_what_is_asked_for(world):
    body = json.dumps({"hits": [], "nbPages": 1})
    world.server.put("/api/v1/search_by_date", body, content_type="application/json", validators=())
    world.source("HN", world.server.url(""), type="hackernews")
    world.watch("Acme", "acme")
    await world.watches()
    world.config["watch"][0]["query"] = "globex"
    await world.reloads()
    await world.eventually(lambda: "query=globex" in world.server.requests[-1].path, "the new words")
