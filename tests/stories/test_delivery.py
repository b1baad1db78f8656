"""What people get although Slack and mail servers fail: nothing is lost, nothing comes twice, everything says why."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest

from smwatch.reports import send_test
from smwatch.slack import api
from smwatch.testing.fake_slack_faults import html_page, lost_reply, rate_limit, refusal, server_error, silence

POST = "chat.postMessage"


async def acme(world, **channel):
    press = world.feed()
    world.watch("Acme", "acme")
    world.config["channels"]["pr"] |= channel
    await world.watches()
    return press


@pytest.mark.parametrize(
    ("faults", "within"),
    [
        ([server_error(), server_error()], 45),
        ([server_error(503), html_page()], 45),
        ([rate_limit("5")], 10),
        ([rate_limit(None, page=True)], 10),
        ([refusal("internal_error")], 15),
        ([lost_reply()], 15),
        ([server_error(store=True)], 15),
        ([refusal("invalid_blocks")], 5),
    ],
    ids=["500 twice", "503 and a page", "429", "429 as a page", "internal_error", "lost reply", "500 stored", "blocks"],
)
async def test_a_slack_in_trouble_delays_and_never_loses_or_repeats(world, faults, within):
    press = await acme(world)
    world.slack.fail(POST, *faults)
    press.publishes("Acme ruft zurück")
    await world.hears_within(within, "Acme ruft zurück")
    await world.settles()
    assert len(world.slack.reads("Acme ruft zurück")) == 1


async def test_a_silent_slack_is_asked_before_anything_is_posted_again(world, monkeypatch):
    monkeypatch.setattr(api, "TIMEOUT", 0.3)
    press = await acme(world)
    world.slack.fail(POST, silence(store=True))
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    await world.settles()
    assert len(world.alerts()) == 1
    assert world.slack.count("conversations.history") >= 1


async def test_a_revoked_token_holds_the_channel_and_another_one_says_so(world):
    mails = await world.mailbox()
    press = await acme(world)
    world.slack.revoked = True
    press.publishes("Acme ruft zurück")
    press.publishes("Acme eröffnet ein Werk")
    await world.eventually(lambda: mails.mails, "a mail about the token")
    assert "pr" in mails.texts()[0]
    waiting = [one for one in await world.queue() if one.kind == "card"]
    assert sorted(one.title for one in waiting) == ["Acme eröffnet ein Werk", "Acme ruft zurück"]
    assert {one.permanent for one in waiting} == {True}
    assert all("Token" in one.reason.render("de") for one in waiting)
    world.slack.revoked = False
    world.app.hang_up()
    await world.hears("Acme ruft zurück")
    await world.hears("Acme eröffnet ein Werk")
    await world.settles()
    assert len(world.alerts()) == 2


async def test_a_channel_that_is_gone_hands_over_to_its_fallback(world):
    mails = await world.mailbox()
    press = await acme(world, fallback="presse")
    world.slack.channels["C0FAKE0001"]["is_archived"] = True
    press.publishes("Acme ruft zurück")
    await world.until_true(lambda: any("Acme ruft zurück" in body for body in mails.texts()), "the mail instead")
    await world.settles()
    assert world.alerts() == []
    assert await world.queue() == []


async def test_one_channel_in_trouble_holds_up_no_other(world):
    press = world.feed()
    mails = await world.mailbox()
    world.room("krise")
    world.watch("Acme", "acme", alert=["pr", "krise", "presse"])
    await world.watches()
    world.slack.channels["C0FAKE0001"]["is_member"] = False
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück", "krise")
    await world.eventually(lambda: any("Acme ruft zurück" in body for body in mails.texts()), "the mail")

    async def left():
        return [one.channel for one in await world.queue() if one.kind == "card"] == ["pr"]

    await world.eventually(left, "the one alert that waits")


async def test_a_message_that_somebody_deleted_is_posted_anew(world):
    press = world.feed("Tagesbote")
    blog = world.feed("Abendblatt")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück", "Weil Steinchen in der Packung sein können, sagt der Hersteller am Dienstag.")
    first = await world.hears("Acme ruft zurück")
    first.deleted = True
    blog.publishes("Acme ruft zurück", "Weil Steinchen in der Packung sein können, sagt der Hersteller am Dienstag.")
    second = await world.hears("Acme ruft zurück")
    assert "in 2 Quellen" in second.text
    assert second.key != first.key


async def test_a_mail_refused_after_data_waits_until_it_is_taken(world):
    mails = await world.mailbox()
    press = world.feed()
    world.watch("Acme", "acme", alert=["presse"])
    world.config["smwatch"]["ops"] = ["pr"]
    await world.watches()
    await world.eventually(lambda: mails.mails, "the look-back")
    before = len(mails.mails)
    mails.answers = ["451 4.7.1 greylisted", "451 4.7.1 greylisted"]
    press.publishes("Acme ruft zurück")
    await world.eventually(lambda: mails.tried > before, "the first refusal")
    (left,) = await world.queue()
    assert (left.title, left.channel) == ("Acme ruft zurück", "presse")
    await world.until_true(lambda: len(mails.mails) > before, "the mail")
    await world.settles()
    assert [("Acme ruft zurück" in body) for body in mails.texts()[before:]] == [True]


async def test_a_webhook_is_signed_and_says_all(world, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "nicht-geheim")
    hooks = await world.hook(secret={"env": "HOOK_SECRET"})
    press = world.feed()
    world.watch("Acme", "acme", alert=["pr", "hook"])
    await world.watches()
    post = press.publishes("Acme ruft zurück")
    await world.eventually(lambda: any(b"Acme ruft" in body for _, body in hooks.received), "the call")
    headers, body = next(one for one in hooks.received if b"Acme ruft" in one[1])
    when = headers["X-Smwatch-Timestamp"]
    expected = hmac.new(b"nicht-geheim", f"v1:{when}:".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Smwatch-Signature"] == f"v1={expected}"
    assert post.link in json.dumps(json.loads(body))


async def test_forty_at_once_are_few_messages_and_every_item_is_named(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    await world.watches()
    for n in range(40):
        press.publishes(f"Acme Fall {n}.")
    await world.until_true(lambda: len(world.slack.posts()) >= 6, "the first messages")
    for _ in range(30):
        await world.moment()
        world.passes(seconds=1)
    assert len(world.slack.posts()) <= 16  # one of them is the look-back
    everything = "\n".join(one.text for one in world.slack.posts())
    assert [n for n in range(40) if f"Acme Fall {n}." not in everything] == []
    preview = await world.preview()
    assert [n for n in range(40) if f"Acme Fall {n}." not in preview] == []


async def test_the_queue_survives_a_restart_in_order(world):
    press = await acme(world)
    world.slack.revoked = True
    for n in range(5):
        press.publishes(f"Acme Fall {n}.")
        await world.calm(queue=n + 1)
    await world.stops()
    world.slack.revoked = False
    await world.starts()
    await world.hears("Acme Fall 4.")
    await world.settles()
    told = [one.text for one in world.alerts()]
    assert [n for n, text in enumerate(told) if f"Acme Fall {n}." in text] == [0, 1, 2, 3, 4]


async def test_stopping_twice_and_starting_again_repeats_nothing(world):
    press = await acme(world)
    for n in range(3):
        press.publishes(f"Acme Fall {n}.")
        await world.stops()
        await world.starts()
        await world.hears(f"Acme Fall {n}.")
    await world.settles()
    assert len(world.alerts()) == 3
    assert len(world.slack.posts()) == 4


async def test_a_test_message_goes_to_the_channel_that_was_named(world):
    await acme(world)
    world.room("krise")
    await world.reloads()
    assert (await world.asks("alert_test", channel="krise"))["channels"] == ["krise"]
    await world.eventually(lambda: world.slack.posts("krise"), "the test message")


async def test_expected_trouble_is_one_line_each(world):
    press = await acme(world)
    world.slack.fail(POST, *[server_error()] * 3)
    press.publishes("Acme ruft zurück")
    await world.hears_within(120, "Acme ruft zurück")
    assert world.faults() == []
    assert {one["event"] for one in world.logs.entries if one["log_level"] == "warning"} <= {"delivery_failed"}


async def test_the_moment_of_an_alert_is_short(world):
    press = await acme(world)
    before = time.monotonic()
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    assert time.monotonic() - before < 10


async def test_quiet_hours_hold_all_but_the_urgent_and_tell_the_rest_in_the_morning(world):
    world.config["channels"]["pr"]["quiet_hours"] = {"from": "20:00", "to": "07:00", "except_priority": "sofort"}
    press = world.feed()
    world.watch("Acme", "acme", **{"raise": [{"query": "rückruf", "priority": "sofort"}]})
    await world.watches()
    world.until(datetime(2026, 11, 24, 20, 0, tzinfo=UTC))  # nine in the evening in Berlin
    for n in range(3):
        press.publishes(f"Acme Fall {n}.")
    press.publishes("Acme startet den Rückruf")
    await world.calm(queue=3)
    assert [one.text.count("Acme startet den Rückruf") for one in world.alerts()] == [1]
    assert {one.reason.render("de") for one in await world.queue()} == {"Ruhezeit bis 07:00"}
    world.until(datetime(2026, 11, 25, 6, 0, 1, tzinfo=UTC))
    told = await world.hears("Während der Ruhezeit kam")
    assert [n for n in range(3) if f"Acme Fall {n}." not in told.text] == []
    await world.calm()
    assert len(world.alerts()) == 1


async def test_a_test_message_that_fails_does_not_arrive_later(world):
    await acme(world)
    world.slack.fail(POST, *[server_error()] * 2)
    sent = await send_test(world.app.config, "pr")
    assert [bool(reason) for reason in sent.values()] == [True]
    assert await world.queue() == []
    await world.settles()
    assert world.slack.reads("Testnachricht") == []


async def test_a_test_message_that_nobody_waits_for_any_more_is_not_sent(world):
    await acme(world)
    world.slack.fail(POST, *[server_error()] * 2)
    await world.asks("alert_test", channel="pr")
    await world.eventually(lambda: world.slack.count(POST) > 1, "the first try")
    world.passes(minutes=3)
    await world.settles()
    assert world.slack.reads("Testnachricht") == []
