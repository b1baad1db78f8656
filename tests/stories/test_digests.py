"""The digest: at its minute, once, the same for all its channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from story_world import Clock

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(year, month, day, hour, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def digests(world, words="Überblick morgens"):
    return world.slack.reads(words)


async def test_at_its_minute_to_slack_and_mail_with_the_same_content(world):
    mails = await world.mailbox()
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest(channels=["pr", "presse"])
    await world.watches()
    press.publishes("Acme ruft zurück")
    press.publishes("Acme eröffnet ein Werk")
    await world.calm()
    world.until(berlin(2026, 11, 25, 8) - timedelta(seconds=2))
    await world.calm()
    assert digests(world) == []
    world.passes(seconds=2)
    told = await world.hears("Überblick morgens")
    await world.eventually(lambda: mails.mails, "the mail")
    await world.calm()
    for body in (told.text, mails.texts()[0]):
        assert "Acme ruft zurück" in body
        assert "Acme eröffnet ein Werk" in body
    assert len(digests(world)) == len(mails.mails) == 1


async def test_nothing_happened_is_said_and_no_mention_stands_in_two_digests(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], alert=None)
    world.digest()
    await world.watches_quietly()
    press.publishes("Acme ruft zurück")
    await world.calm()
    world.until(berlin(2026, 11, 25, 8))
    await world.hears("Acme ruft zurück")
    world.until(berlin(2026, 11, 26, 8))
    await world.eventually(lambda: len(digests(world)) == 2, "the second digest")
    assert "keine Erwähnungen" in digests(world)[1].text
    assert "Acme ruft zurück" not in digests(world)[1].text


@pytest.mark.parametrize(
    ("start", "at", "due"),
    [
        (
            (2026, 3, 28, 12),
            "02:30",
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        ),  # the hour is left out: 03:00 summer time
        ((2026, 10, 24, 12), "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the hour comes twice: the first
        ((2026, 10, 24, 12), "08:00", datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
    ],
)
async def test_once_when_the_clocks_change(world, start, at, due):
    world.clock.sets(berlin(*start))
    world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest(at=at)
    await world.watches()
    world.until(due - timedelta(minutes=1))
    await world.calm()
    assert digests(world) == []
    world.until(due + timedelta(seconds=1))
    await world.hears("Überblick morgens")
    for _ in range(6):  # through the repeated hour
        world.passes(minutes=30)
        await world.calm()
    assert len(digests(world)) == 1


async def test_a_bank_holiday_is_no_workday(world):
    world.clock.sets(berlin(2026, 12, 24, 12))
    world.config["smwatch"]["holidays"] = "DE-BY"
    world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest(days="werktags")
    await world.watches()
    for day in (25, 26, 27):
        world.until(berlin(2026, 12, day, 8, 1))
        await world.calm()
    assert digests(world) == []
    world.until(berlin(2026, 12, 28, 8, 1))
    await world.hears("Überblick morgens")


async def test_missed_while_it_was_down_it_comes_late_and_once(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], alert=None)
    world.digest()
    await world.watches_quietly()
    press.publishes("Acme ruft zurück")
    await world.calm()
    await world.stops()
    world.until(berlin(2026, 11, 25, 10))
    await world.starts()
    told = await world.hears("Überblick morgens")
    assert "Acme ruft zurück" in told.text
    assert "nachgereicht" in told.text
    await world.stops()
    await world.starts()
    await world.calm()
    assert len(digests(world)) == 1


async def test_missed_by_more_than_six_hours_the_next_one_holds_it(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], alert=None)
    world.digest()
    await world.watches_quietly()
    press.publishes("Acme ruft zurück")
    await world.calm()
    await world.stops()
    world.until(berlin(2026, 11, 25, 14, 1))
    await world.starts()
    await world.calm()
    assert digests(world) == []
    world.until(berlin(2026, 11, 26, 8))
    told = await world.hears("Überblick morgens")
    assert "Acme ruft zurück" in told.text


async def test_a_fresh_store_sends_nothing_for_this_morning(world):
    world.clock.sets(berlin(2026, 11, 24, 9))
    world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    await world.watches()
    await world.calm()
    assert digests(world) == []


async def test_the_zone_of_the_client_counts(world):
    world.config["client"] = {"Acme": {"timezone": "America/New_York"}}
    world.room("acme")
    world.config["channels"]["acme"]["client"] = "Acme"
    world.feed()
    world.watch("Acme", "acme", client="Acme", alert=["acme"], digest=["morgens"])
    world.digest(channels=["acme"], client="Acme")
    await world.starts()
    await world.hears("smwatch beobachtet", "acme")
    world.until(datetime(2026, 11, 24, 12, 59, tzinfo=UTC))
    await world.calm()
    assert digests(world) == []
    world.until(datetime(2026, 11, 24, 13, 0, 1, tzinfo=UTC))
    await world.hears("Überblick morgens", "acme")


async def test_a_digest_sent_by_hand_goes_out_at_once(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], alert=None)
    world.digest()
    await world.watches_quietly()
    press.publishes("Acme ruft zurück")
    await world.calm()
    assert (await world.asks("digest_send", name="morgens"))["channels"] == ["pr"]
    told = await world.hears("Überblick morgens")
    assert "Acme ruft zurück" in told.text


def test_the_clock_of_these_tests_moves_only_forward():
    clock = Clock()
    before = clock()
    clock.jump(timedelta(hours=1))
    assert clock() - before >= timedelta(hours=1)
