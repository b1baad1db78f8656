"""Networks from the post to the alert and back: heard as it is written, told, edited, taken back."""

from __future__ import annotations

import pytest

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
