from __future__ import annotations

from datetime import timedelta

import pytest
from deliver_world import START, Clock, world_at
from smwatch.plugins.console import ConsoleChannel
from smwatch.plugins.slack import SlackChannel
from sqlalchemy import select

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.i18n import from_json
from smwatch.model import Priority
from smwatch.plugin import Channel, Receipt
from smwatch.secret import Secret
from smwatch.store import outbox
from smwatch.store.schema import card
from smwatch.testing.fake_slack import FakeSlack
from smwatch.testing.fake_slack_faults import (
    cut_line,
    html_page,
    lost_reply,
    rate_limit,
    refusal,
    server_error,
)


@pytest.fixture
async def world(tmp_path, monkeypatch):
    clock = Clock()
    async with FakeSlack(clock=clock.epoch) as slack, world_at(tmp_path / "s.db", slack, clock) as world:
        monkeypatch.setenv("SLACK_TOKEN", slack.token)
        monkeypatch.setenv("SLACK_HOOK", slack.webhook_url)
        yield world


def slack_channel(world, **more):
    keys = {"name": "pr", "channel": "#pr-alerts", "api_url": world.slack.api_url, "type": "slack", **more}
    return SlackChannel(token=Secret("env", "SLACK_TOKEN"), **keys)


async def test_a_story_is_posted_once_and_then_quiet(world):
    await world.story("Acme ruft Wecker zurück")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 10)
    (post,) = world.slack.posts()
    assert post.text.splitlines()[:2] == ["# Meldung · Acme", "Acme ruft Wecker zurück <https://acme.example/1>"]
    assert post.body["unfurl_links"] is False
    assert post.body["unfurl_media"] is False
    assert await world.waiting() == []
    assert world.slack.count("chat.postMessage") == 1


async def test_messages_go_out_urgent_first_then_as_first_seen_one_a_second(world):
    await world.story("zweite", at=START - timedelta(seconds=1))
    await world.story("erste", at=START - timedelta(seconds=2))
    await world.story("eilig", priority=Priority.URGENT)
    sender = world.sender(slack_channel(world))
    await world.run(sender, 5)
    assert [post.body["text"] for post in world.slack.posts()] == ["eilig", "erste", "zweite"]
    assert world.slack.too_fast == 0


async def test_news_edit_the_message_in_place_and_are_coalesced(world):
    card = await world.story("Acme")
    sender = world.sender(slack_channel(world, group_interval="1m"))
    await world.run(sender, 2)
    await world.want(card)
    await world.run(sender, 2)
    for _ in range(5):
        await world.want(card)
        await world.run(sender, 5)
    (post,) = world.slack.posts()
    assert (post.edits, post.text.splitlines()[-1]) == (1, "Stand 2")
    await world.run(sender, 60)
    (post,) = world.slack.posts()
    assert (post.edits, post.text.splitlines()[-1]) == (2, "Stand 7")
    assert post.body["metadata"]["event_payload"]["revision"] == 7


async def test_group_wait_holds_the_first_post(world):
    await world.story("Acme")
    sender = world.sender(slack_channel(world, group_wait="10s"))
    await world.run(sender, 8)
    assert world.slack.posts() == []
    await world.run(sender, 4)
    assert len(world.slack.posts()) == 1


async def test_a_lost_reply_is_cleared_up_within_15_seconds_without_a_second_post(world):
    world.slack.history_lag = 1.5
    world.slack.fail("chat.postMessage", lost_reply())
    card = await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 15)
    assert len(world.slack.posts()) == 1
    assert await world.waiting() == []
    assert (await world.row(card)).receipt["ref"]["ts"] == world.slack.posts()[0].ts


async def test_a_history_that_lags_is_asked_twice(world):
    world.slack.history_lag = 4.0
    world.slack.fail("chat.postMessage", lost_reply())
    await world.story("Acme")
    await world.run(world.sender(slack_channel(world)), 15)
    assert len(world.slack.posts()) == 1
    assert world.slack.count("conversations.history") == 2


@pytest.mark.parametrize(
    "fault", [server_error(500), server_error(503), html_page(), cut_line(), refusal("internal_error")]
)
async def test_two_errors_in_a_row_delay_a_post_by_at_most_45_seconds(world, fault):
    world.slack.fail("chat.postMessage", fault, fault)
    await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 45)
    (post,) = world.slack.posts()
    assert float(post.ts) - START.timestamp() <= 45
    assert "doppelt" not in post.text


async def test_a_500_that_was_stored_all_the_same_is_not_repeated(world):
    world.slack.fail("chat.postMessage", server_error(store=True))
    await world.story("Acme")
    await world.run(world.sender(slack_channel(world)), 45)
    assert len(world.slack.posts()) == 1


@pytest.mark.parametrize(
    ("fault", "at_least", "at_most"),
    [
        (rate_limit("30"), 30, 33),
        (rate_limit("1.5"), 1.5, 4),
        (rate_limit("Tue, 24 Nov 2026 09:00:20 GMT"), 20, 23),
        (rate_limit(None), 1, 4),
        (rate_limit(None, page=True), 1, 4),
        (rate_limit(None, status=200), 1, 4),
        (rate_limit("nonsense"), 1, 4),
    ],
)
async def test_429_in_all_shapes_pauses_the_channel_and_loses_nothing(world, fault, at_least, at_most):
    world.slack.fail("chat.postMessage", fault)
    await world.story("eins", at=START - timedelta(seconds=2))
    await world.story("zwei")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 1)
    (first, second) = await world.waiting()
    assert str(first.reason) == "Slack asks to slow down"
    assert second.next_try == first.next_try
    await world.run(sender, 40)
    one, two = world.slack.posts()
    assert [one.body["text"], two.body["text"]] == ["eins", "zwei"]
    assert at_least <= float(one.ts) + 1 - START.timestamp()
    assert float(one.ts) - START.timestamp() <= at_most


@pytest.mark.parametrize(
    "word", ["token_revoked", "channel_not_found", "is_archived", "restricted_action", "missing_scope"]
)
async def test_what_people_must_mend_holds_the_channel_with_its_reason_and_goes_on_afterwards(world, word):
    world.slack.fail("chat.postMessage", *[refusal(word)] * 3)
    await world.story("eins")
    await world.story("zwei")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 60)
    assert world.slack.posts() == []
    assert world.slack.count("chat.postMessage") <= 3
    assert {word in str(one.reason) and one.permanent for one in await world.waiting()} == {True}
    ((name, reason),) = world.told
    assert name == "pr"
    assert word in reason
    await world.run(sender, 300)
    assert len(world.slack.posts()) == 2
    assert world.told[-1] == ("pr", None)
    assert await world.waiting() == []


async def test_a_missing_secret_is_a_state_of_its_channel(world, monkeypatch):
    monkeypatch.delenv("SLACK_TOKEN")
    await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 20)
    (one,) = await world.waiting()
    assert str(one.reason) == "the secret env = SLACK_TOKEN is not set"
    monkeypatch.setenv("SLACK_TOKEN", world.slack.token)
    sender.retry()
    await world.run(sender, 2)
    assert len(world.slack.posts()) == 1


async def test_a_poison_message_steps_aside_after_15_minutes(world):
    class Poisoned(ConsoleChannel):
        async def send(self, ctx, delivery):
            if "Gift" in delivery.message.title:
                raise ChannelError("not this one", outcome=Outcome.NOT_SENT, scope=Scope.MESSAGE)
            self.out.append((ctx.now, delivery.message.title))
            return Receipt()

    Poisoned.out = []
    await world.story("Gift")
    await world.story("gut")
    sender = world.sender(Poisoned(name="pr", type="x"))
    await world.run(sender, 14 * 60, tick=10)
    assert Poisoned.out == []
    await world.run(sender, 3 * 60, tick=10)
    ((moment, title),) = Poisoned.out
    assert title == "gut"
    assert timedelta(minutes=15) <= moment - START <= timedelta(minutes=16.5)
    (left,) = await world.waiting()
    assert (left.title, str(left.reason)) == ("Gift", "not this one")


async def test_blocks_that_slack_refuses_go_out_as_plain_text(world):
    world.slack.fail("chat.postMessage", refusal("invalid_blocks"))
    await world.story("Acme <!channel> & Söhne")
    await world.run(world.sender(slack_channel(world)), 3)
    (post,) = world.slack.posts()
    assert post.body["blocks"] == []
    assert "Acme &lt;!channel&gt; &amp; Söhne" in post.body["text"]
    assert world.slack.pings == []


async def test_a_deleted_message_is_replaced_under_the_next_generation(world):
    card = await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 2)
    first = world.slack.posts()[0]
    first.deleted = True
    await world.want(card)
    await world.run(sender, 5)
    (second,) = world.slack.posts()
    assert second.key != first.key
    assert (await world.row(card)).generation == 1
    assert second.text.splitlines()[-1] == "Stand 2"


async def test_without_history_a_repeat_says_that_it_may_be_a_duplicate(world):
    world.slack.scopes -= {"channels:history"}
    world.slack.fail("chat.postMessage", lost_reply())
    card = await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 20)
    first, second = world.slack.posts()
    assert "möglicherweise doppelt" not in first.text
    assert "möglicherweise doppelt" in second.text
    await world.want(card)
    await world.run(sender, 5)
    assert "Stand 2" in second.text
    assert "möglicherweise doppelt" in second.text


async def test_a_webhook_repeats_what_is_unsure_and_says_so(world):
    world.slack.fail("webhook", lost_reply())
    await world.story("Acme")
    hook = SlackChannel(name="pr", type="slack", webhook=Secret("env", "SLACK_HOOK"))
    await world.run(world.sender(hook), 10)
    first, second = world.slack.posts()
    assert "möglicherweise doppelt" not in first.text
    assert "möglicherweise doppelt" in second.text


async def test_a_channel_without_edits_gets_a_second_message_only_when_the_priority_rises(world, capsys):
    card = await world.story("Acme")
    sender = world.sender(ConsoleChannel(name="pr", type="console", group_interval="0s"))
    await world.run(sender, 3)
    await world.want(card)
    await world.run(sender, 3)
    assert capsys.readouterr().out.count("https://acme.example/1") == 1
    await world.want(card, priority="urgent")
    await world.run(sender, 3)
    assert capsys.readouterr().out.count("https://acme.example/1") == 1
    assert await world.waiting() == []


@pytest.mark.parametrize("arrived", [True, False])
async def test_after_a_crash_the_channel_is_asked_before_anything_is_posted_again(world, arrived):
    card = await world.story("Acme")
    async with world.store.write() as connection:
        (job,) = await outbox.outstanding(connection, "pr", world.clock.now)
        assert await outbox.claim(connection, job, world.clock.now)
    if arrived:
        body = {
            "text": "x",
            "metadata": {"event_type": "smwatch_card", "event_payload": {"key": job.key, "revision": 1}},
        }
        world.slack._store("C0FAKE0001", body)
    await world.run(world.sender(slack_channel(world)), 15)
    assert len(world.slack.posts()) == 1
    assert world.slack.count("chat.postMessage") == (0 if arrived else 1)
    assert (await world.row(card)).state == "sent"


async def test_a_daemon_that_dies_every_few_seconds_clears_up_a_message_once_and_goes_on(world):
    cards = [await world.story(title) for title in ("eins", "zwei")]
    async with world.store.write() as connection:
        job = (await outbox.outstanding(connection, "pr", world.clock.now))[0]
        assert await outbox.claim(connection, job, world.clock.now)
    for _ in range(4):
        await world.run(world.sender(slack_channel(world)), 2.5)
    assert [post.body["text"] for post in world.slack.posts()] == ["eins", "zwei"]
    assert [(await world.row(card)).unsure_at for card in cards] == [None, None]


async def test_after_a_power_cut_all_of_a_queue_is_cleared_up_together(world):
    for n in range(6):
        await world.story(f"Geschichte {n}")
    async with world.store.write() as connection:
        assert await outbox.distrust(connection, world.clock.now) == 6
    await world.run(world.sender(slack_channel(world)), 15)
    assert len(world.slack.posts()) == 6


@pytest.mark.parametrize("fault", [rate_limit("30"), refusal("internal_error")])
async def test_a_clock_that_is_put_back_a_day_neither_stalls_nor_repeats(world, fault):
    world.slack.fail("chat.postMessage", fault)
    await world.story("eins")
    await world.story("zwei")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 1)
    world.clock.now -= timedelta(days=1)
    sender._desk.pace._free.clear()  # it counts by a clock that nobody puts back
    await world.run(sender, 60)
    assert sorted(post.body["text"] for post in world.slack.posts()) == ["eins", "zwei"]


async def test_a_found_message_of_an_older_revision_is_edited(world):
    card = await world.story("Acme")
    world.slack.fail("chat.postMessage", lost_reply())
    sender = world.sender(slack_channel(world))
    await world.run(sender, 1)
    await world.want(card)
    await world.run(sender, 15)
    (post,) = world.slack.posts()
    assert (post.edits, post.text.splitlines()[-1]) == (1, "Stand 2")


async def test_a_store_that_fails_for_a_moment_forgets_nothing(world):
    await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await sender.step()
    await world.story("Globex")
    world.store.broken = 3
    await world.run(sender, 8)
    assert len(world.slack.posts()) == 2
    assert await world.waiting() == []


async def test_the_fallback_gets_what_its_channel_does_not_take(world, capsys):
    world.slack.revoked = True
    await world.story("Acme")
    sender = world.sender(slack_channel(world, fallback="terminal"), ConsoleChannel(name="terminal", type="console"))
    await world.run(sender, 60)
    assert "https://acme.example/1" in capsys.readouterr().out
    assert await world.waiting() == []


async def test_a_message_that_stands_is_edited_once_its_channel_works_again_whatever_the_fallback_got(world, capsys):
    plain, raised = await world.story("Acme"), await world.story("Globex")
    pr = slack_channel(world, fallback="terminal", group_interval="0s")
    sender = world.sender(pr, ConsoleChannel(name="terminal", type="console"))
    await world.run(sender, 5)
    world.slack.revoked = True
    await world.want(plain)
    await world.want(raised, priority="urgent")
    await world.run(sender, 120)
    told = capsys.readouterr().out
    assert [told.count(title) for title in ("Acme <", "Globex <")] == [0, 1]
    world.slack.revoked = False
    await world.run(sender, 3700, tick=10)
    assert [post.text.splitlines()[-1] for post in world.slack.posts()] == ["Stand 2", "Stand 2"]
    assert await world.waiting() == []


async def test_what_the_fallback_gets_says_instead_of_which_channel_and_why(world, capsys):
    world.slack.revoked = True
    await world.story("Acme")
    sender = world.sender(slack_channel(world, fallback="terminal"), ConsoleChannel(name="terminal", type="console"))
    await world.run(sender, 60)
    async with world.store.read() as connection:
        rows = await connection.execute(select(card.c.channel, card.c.state, card.c.reason))
        found = {row.channel: (row.state, row.reason and str(from_json(row.reason))) for row in rows}
    assert found["pr"][0] == "moved"
    assert found["terminal"][1].startswith("instead of the channel pr: ")
    assert "token_revoked" in found["terminal"][1]


async def test_a_token_that_was_refused_once_is_no_reason_to_hand_anything_over(world, capsys):
    world.slack.fail("chat.postMessage", refusal("token_revoked"))
    await world.story("Acme")
    sender = world.sender(slack_channel(world, fallback="terminal"), ConsoleChannel(name="terminal", type="console"))
    await world.run(sender, 60)
    assert len(world.slack.posts()) == 1
    assert "https://acme.example/1" not in capsys.readouterr().out


async def test_what_somebody_clicked_goes_before_what_is_new_and_urgent(world):
    card = await world.story("geklickt")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 2)
    await world.story("eilig", priority=Priority.URGENT)
    await world.want(card, asked=2)
    await sender.step()
    (post,) = world.slack.posts()
    assert post.edits == 1


async def test_posts_wait_with_the_cards_and_notes_for_their_message(world):
    card = await world.story("Acme")
    await world.post("notiz", kind="note", card_id=card)
    await world.post("ops")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 5)
    texts = [(post.body["text"], post.thread_ts is not None) for post in world.slack.posts()]
    assert sorted(texts) == [("Acme", False), ("notiz", True), ("ops", False)]
    assert not await world.post("ops")


async def test_a_lost_note_is_looked_up_in_its_thread(world):
    card = await world.story("Acme")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 3)
    world.slack.fail("chat.postMessage", lost_reply())
    await world.post("notiz", kind="note", card_id=card)
    await world.run(sender, 15)
    assert len(world.slack.posts()) == 2
    assert world.slack.count("conversations.replies") == 1


async def test_a_message_too_long_for_one_post_goes_on_in_further_posts(world):
    world.texts["long"] = "\n".join(f"Zeile {n} " + "x" * 400 for n in range(60))
    await world.post("long")
    await world.run(world.sender(slack_channel(world)), 10)
    whole = world.slack.transcript()
    assert [n for n in range(60) if f"Zeile {n} " not in whole] == []
    assert len(world.slack.posts()) == 3
    assert world.slack.refused == []


async def test_forty_at_once_are_a_storm_and_every_one_is_named(world):
    for n in range(40):
        await world.story(f"Geschichte {n:02}", url=f"https://acme.example/{n}")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 30)
    assert len(world.slack.posts()) <= 15
    whole = world.slack.transcript()
    assert [n for n in range(40) if f"Geschichte {n:02} <https://acme.example/{n}>" not in whole] == []
    assert await world.waiting() == []


async def test_a_storm_goes_on_in_the_same_summary_and_ends(world):
    for n in range(20):
        await world.story(f"Geschichte {n:02}")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 10)
    posts = len(world.slack.posts())
    await world.story("Nachzügler")
    await world.run(sender, 45)
    assert len(world.slack.posts()) == posts
    assert "Nachzügler" in world.slack.posts()[-1].text
    await world.run(sender, 60)
    await world.story("wieder ruhig")
    await world.run(sender, 3)
    assert world.slack.posts()[-1].body["text"] == "wieder ruhig"


async def test_urgent_ones_stay_single_in_a_storm(world):
    for n in range(20):
        await world.story(f"Geschichte {n:02}")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 10)
    await world.story("eilig", priority=Priority.URGENT)
    await world.run(sender, 3)
    assert world.slack.posts()[-1].body["text"] == "eilig"


async def test_beyond_max_per_hour_all_but_urgent_are_told_in_summaries(world):
    sender = world.sender(slack_channel(world, max_per_hour=3))
    for n in range(8):
        await world.story(f"Geschichte {n}")
        await world.run(sender, 3)
    await world.run(sender, 40)
    titles = [post.body["text"] for post in world.slack.posts()]
    assert titles == ["Geschichte 0", "Geschichte 1", "Geschichte 2", "Lage"]
    assert all(f"Geschichte {n}" in world.slack.transcript() for n in range(8))


async def test_what_waits_in_an_unsent_summary_is_named_one_by_one(world):
    for n in range(20):
        await world.story(f"Geschichte {n:02}")
    sender = world.sender(slack_channel(world))
    await world.run(sender, 4)
    world.slack.revoked = True
    await world.run(sender, 10)
    shown = {post.body["text"] for post in world.slack.posts()}
    left = {one.title for one in await world.waiting()}
    assert len(shown) + len(left) == 20
    assert shown | left == {f"Geschichte {n:02}" for n in range(20)}


async def test_one_channel_in_trouble_leaves_the_others_alone(world, capsys):
    world.slack.revoked = True
    await world.story("Acme")
    await world.story("Globex", channel="terminal")
    sender = world.sender(slack_channel(world), ConsoleChannel(name="terminal", type="console"))
    await world.run(sender, 3)
    assert "Globex" in capsys.readouterr().out


async def test_a_plugin_that_hangs_is_given_up_as_unsure(world):
    class Hangs(Channel):
        patience = timedelta(milliseconds=20)

        async def send(self, ctx, delivery):
            import asyncio

            while True:
                try:
                    await asyncio.sleep(0.2)
                    return Receipt()
                except asyncio.CancelledError:
                    continue

    await world.story("Acme")
    await world.sender(Hangs(name="pr", type="x")).step()
    (one,) = await world.waiting()
    assert str(one.reason) == "no answer within 0 seconds"
