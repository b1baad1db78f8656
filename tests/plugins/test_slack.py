from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from smwatch.plugins.slack import SlackChannel

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.message.blockkit import block_kit, fallback, plain_fallback
from smwatch.message.model import Action, Ask, Bullets, Form, Message, Paragraph, Run
from smwatch.plugin import Click, Receipt, parse_retry_after
from smwatch.secret import Secret
from smwatch.slack import api
from smwatch.testing.channel_kit import ChannelConformance, KitContext, context, delivery
from smwatch.testing.fake_slack_blocks import read_message
from smwatch.testing.fake_slack_faults import Fault, cut_line, lost_reply, rate_limit, refusal, server_error, silence

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Bench:
    channel: SlackChannel
    session: aiohttp.ClientSession
    slack: object

    @property
    def secrets(self):
        return [self.slack.token, self.slack.webhook_url, "secretpart"]

    def seen(self):
        return [post.text for post in self.slack.posts()]

    def alarms(self):
        markup = [post.body["text"] for post in self.slack.posts() if "<" in post.body["text"]]
        return [*self.slack.pings, *self.slack.refused, *markup]

    def lose_reply(self):
        self.slack.fail("chat.postMessage", lost_reply())
        self.slack.fail("webhook", lost_reply())

    def break_down(self):
        self.slack.fail(
            "chat.postMessage", Fault(status=502, body=f"<b>{self.slack.token}</b>", content_type="text/html")
        )
        self.slack.fail("webhook", Fault(status=502, body=self.slack.webhook_url, content_type="text/html"))


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def bot(fake_slack, session, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", fake_slack.token)
    fake_slack.paced = False
    return Bench(make(fake_slack), session, fake_slack)


def make(fake, **keys):
    given = {"name": "pr", "type": "slack", "channel": "#pr-alerts", "api_url": fake.api_url}
    return SlackChannel(token=Secret("env", "SLACK_TOKEN"), **{**given, **keys})


class TestWithABotToken(ChannelConformance):
    @pytest.fixture
    async def bench(self, bot):
        return bot


class TestWithAWebhook(ChannelConformance):
    @pytest.fixture
    async def bench(self, bot, monkeypatch):
        monkeypatch.setenv("SLACK_HOOK", bot.slack.webhook_url)
        hook = SlackChannel(name="pr", type="slack", webhook=Secret("env", "SLACK_HOOK"))
        return Bench(hook, bot.session, bot.slack)


async def error_of(bot, *faults, call="send"):
    bot.slack.fail("chat.postMessage", *faults)
    with pytest.raises(ChannelError) as caught:
        await bot.channel.send(context(bot), delivery())
    return caught.value


@pytest.mark.parametrize(
    ("word", "outcome", "scope", "permanent"),
    [
        ("channel_not_found", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("not_in_channel", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("is_archived", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("restricted_action", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("token_revoked", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("invalid_auth", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("account_inactive", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("missing_scope", Outcome.NOT_SENT, Scope.CHANNEL, True),
        ("ratelimited", Outcome.NOT_SENT, Scope.CHANNEL, False),
        ("internal_error", Outcome.UNSURE, Scope.MESSAGE, False),
        ("service_unavailable", Outcome.UNSURE, Scope.MESSAGE, False),
        ("something_new", Outcome.NOT_SENT, Scope.MESSAGE, False),
    ],
)
async def test_each_word_of_slack_says_what_helps(bot, word, outcome, scope, permanent):
    error = await error_of(bot, refusal(word))
    assert (error.outcome, error.scope, error.permanent) == (outcome, scope, permanent)


@pytest.mark.parametrize(
    ("fault", "outcome", "scope"),
    [
        (server_error(500), Outcome.UNSURE, Scope.MESSAGE),
        (server_error(503), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body="<html>portal</html>", content_type="text/html"), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body="hello", content_type="text/plain"), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body="[1, 2]"), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body="null"), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body='{"ok": tru'), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(body='{"ok": true}'), Outcome.UNSURE, Scope.MESSAGE),
        (Fault(status=403, body="<html>proxy</html>", content_type="text/html"), Outcome.NOT_SENT, Scope.CHANNEL),
        (cut_line(), Outcome.UNSURE, Scope.MESSAGE),
    ],
    ids=range(10),
)
async def test_answers_that_are_not_slacks_own(bot, fault, outcome, scope):
    error = await error_of(bot, fault)
    assert (error.outcome, error.scope) == (outcome, scope)


async def test_silence_is_unsure(bot, monkeypatch):
    monkeypatch.setattr(api, "TIMEOUT", 0.05)
    assert (await error_of(bot, silence())).outcome is Outcome.UNSURE


async def test_nobody_there_is_surely_not_sent(bot):
    await bot.slack.stop()
    error = await error_of(bot)
    assert (error.outcome, error.scope) == (Outcome.NOT_SENT, Scope.CHANNEL)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (rate_limit("30"), 30),
        (rate_limit("1.5"), 1.5),
        (rate_limit("7", page=True), 7),
        (rate_limit("3", status=200), 3),
        (rate_limit(None), None),
        (rate_limit(None, page=True), None),
        (rate_limit(None, status=200), None),
        (rate_limit("soon"), None),
    ],
)
async def test_429_in_all_shapes(bot, fault, seconds):
    error = await error_of(bot, fault)
    assert (error.outcome, error.scope, error.permanent) == (Outcome.NOT_SENT, Scope.CHANNEL, False)
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30), ("1.5", 1.5), ("Tue, 24 Nov 2026 09:00:20 GMT", 20), ("Tue, 24 Nov 2026 08:00:00 GMT", 0), ("-3", 0)],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert parse_retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, "", "bald", "nan", "inf", "Tue, 99 Nov"])
def test_retry_after_may_say_nothing(value):
    assert parse_retry_after(value, NOW) is None


async def test_the_post_carries_key_and_revision_and_unfurls_nothing(bot):
    receipt = await bot.channel.send(context(bot), delivery(key="k1", revision=3))
    (post,) = bot.slack.posts()
    assert post.body["metadata"] == {"event_type": "smwatch_card", "event_payload": {"key": "k1", "revision": 3}}
    assert (post.body["unfurl_links"], post.body["unfurl_media"]) == (False, False)
    assert not {"parse", "link_names"} & set(post.body)
    assert receipt == Receipt(ref={"channel": "C0FAKE0001", "ts": post.ts, "revision": "3"})


async def test_after_the_first_answer_the_channel_is_named_by_its_id(bot):
    for n in range(2):
        await bot.channel.send(context(bot), delivery(key=str(n)))
    assert [body["channel"] for _, body in bot.slack.calls] == ["#pr-alerts", "C0FAKE0001"]
    assert bot.channel.limit_key() == make(bot.slack, channel="C0FAKE0001").limit_key()


async def test_an_edit_of_a_message_that_is_gone_says_so(bot):
    receipt = await bot.channel.send(context(bot), delivery())
    bot.slack.posts()[0].deleted = True
    with pytest.raises(ChannelError) as caught:
        await bot.channel.edit(context(bot), delivery(revision=2), receipt)
    assert caught.value.edit_lost


async def test_a_note_whose_thread_is_gone_is_posted_in_the_channel(bot):
    await bot.channel.send(context(bot), delivery(reply_to=Receipt(ref={"channel": "C0FAKE0001", "ts": "1.1"})))
    (post,) = bot.slack.posts()
    assert post.thread_ts is None


@pytest.mark.parametrize("word", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text"])
async def test_refused_blocks_become_plain_text(bot, word):
    bot.slack.fail("chat.postMessage", refusal(word))
    await bot.channel.send(context(bot), delivery("Rückruf <!here>"))
    (post,) = bot.slack.posts()
    assert post.body["blocks"] == []
    assert post.body["mrkdwn"] is False
    assert "Rückruf &lt;!here&gt; &lt;https://globex.example" in post.body["text"]
    assert bot.slack.pings == []


async def test_what_is_refused_even_as_plain_text_is_held_as_permanent(bot):
    error = await error_of(bot, refusal("msg_too_long"), refusal("msg_too_long"))
    assert (error.outcome, error.scope, error.permanent) == (Outcome.NOT_SENT, Scope.MESSAGE, True)


async def test_find_reads_all_pages_since_a_minute_before_the_first_attempt(bot):
    bot.slack.page_size = 2
    sent = await bot.channel.send(context(bot), delivery(key="mine"))
    for n in range(5):
        await bot.channel.send(context(bot), delivery(key=str(n)))
    ctx = context(bot)
    assert await bot.channel.find(ctx, delivery(key="mine", first_attempt=ctx.now)) == sent
    assert bot.slack.count("conversations.history") == 3
    first = bot.slack.posts()[0]
    first.ts = f"{float(first.ts) - 120:.6f}"
    assert await bot.channel.find(ctx, delivery(key="mine", first_attempt=ctx.now)) is None


async def test_find_goes_by_slacks_clock(bot):
    sent = await bot.channel.send(context(bot), delivery(key="mine"))
    ahead = context(bot).now + timedelta(minutes=10)  # our clock is ten minutes fast
    fast = KitContext(session=bot.session, now=ahead, log=context(bot).log)
    fresh = make(bot.slack)
    assert await fresh.find(fast, delivery(key="mine", first_attempt=ahead)) == sent


async def test_find_looks_back_although_the_clock_was_put_back_since_the_first_attempt(bot):
    sent = await bot.channel.send(context(bot), delivery(key="mine"))
    ctx = context(bot)
    later = ctx.now + timedelta(hours=9)  # as it was written down before
    assert await bot.channel.find(ctx, delivery(key="mine", first_attempt=later)) == sent


async def test_two_entries_for_one_real_channel_share_its_pace(bot):
    one, other = make(bot.slack, name="eins"), make(bot.slack, name="zwei")
    assert one.limit_key() == other.limit_key()
    assert make(bot.slack, channel="#anderer").limit_key() != one.limit_key()


async def test_find_works_right_after_a_restart_by_the_list_of_channels(bot):
    for n in range(150):
        bot.slack.add_channel(f"kanal-{n}", f"C0FAKE1{n:03}")
    bot.slack.add_channel("spaet", "C0LATE0001")
    channel = make(bot.slack, channel="#spaet")
    bot.slack._store("C0LATE0001", {"metadata": {"event_type": "smwatch_card", "event_payload": {"key": "mine"}}})
    ctx = context(bot)
    found = await channel.find(ctx, delivery(key="mine", first_attempt=ctx.now))
    assert found.ref["channel"] == "C0LATE0001"


@pytest.mark.parametrize("missing", ["channels:history", "channels:read"])
async def test_without_the_scopes_find_says_that_it_cannot_ask(bot, missing):
    bot.slack.scopes -= {missing}
    ctx = context(bot)
    with pytest.raises(ChannelError) as caught:
        await bot.channel.find(ctx, delivery(first_attempt=ctx.now))
    assert (caught.value.scope, caught.value.permanent) == (Scope.MESSAGE, True)


async def test_check_names_a_missing_scope(bot):
    assert await bot.channel.check(context(bot)) == ()
    bot.slack.scopes = {"chat:write"}
    (said,) = await bot.channel.check(context(bot))
    assert "channels:history" in str(said)
    bot.slack.scopes = {"channels:history"}
    with pytest.raises(ChannelError, match="chat:write"):
        await bot.channel.check(context(bot))


async def test_check_says_that_the_bot_is_not_in_the_channel(bot):
    next(iter(bot.slack.channels.values()))["is_member"] = False
    (said,) = await bot.channel.check(context(bot))
    assert "not a member" in str(said)


async def test_check_says_that_there_is_no_such_channel(bot):
    (said,) = await make(bot.slack, channel="#nowhere").check(context(bot))
    assert "does not find this channel" in str(said)


@pytest.fixture
def app(bot, monkeypatch):
    """The same channel with the app's token."""
    monkeypatch.setenv("SLACK_APP_TOKEN", bot.slack.app_token)
    return make(bot.slack, app_token=Secret("env", "SLACK_APP_TOKEN"))


async def test_buttons_stand_only_where_clicks_are_heard(bot, app):
    await bot.channel.send(context(bot), delivery())
    await app.send(context(bot), delivery(key="2"))
    without, with_ = bot.slack.posts()
    assert [block["type"] for block in without.body["blocks"]].count("actions") == 0
    assert "Original öffnen" not in without.text  # the headline leads there
    assert "[Original öffnen] [Übernehmen]" in with_.text


def test_what_is_missing_for_buttons_is_said(bot, app, monkeypatch):
    assert (app.lacks(), "buttons" in app.abilities(), bool(app.hears())) == ((), True, True)
    assert [str(one) for one in bot.channel.lacks()] == [
        "there are no buttons in this channel: it has no app_token (docs/slack-for-it.md says how)"
    ]
    monkeypatch.delenv("SLACK_APP_TOKEN")
    assert [str(one) for one in app.lacks()] == ["there are no buttons in this channel: its app_token is not set"]
    assert ("buttons" in app.abilities(), app.hears()) == (False, "")


def test_channels_of_one_app_share_a_line(bot, app):
    other = make(bot.slack, name="krise", channel="#krise", app_token=Secret("env", "SLACK_APP_TOKEN"))
    assert app.hears() == other.hears()


async def test_check_tries_the_apps_token(bot, app, monkeypatch):
    assert await app.check(context(bot)) == ()
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp" + "-wrong")
    with pytest.raises(ChannelError) as caught:
        await app.check(context(bot))
    assert "invalid_auth" in str(caught.value.sentence)


WHISPER = Message(title="Das <!channel> war’s", blocks=(Paragraph(runs=(Run(text="Das <!channel> war’s"),)),))


@pytest.mark.parametrize("reply", ["", "https://evil.example/reply", "http://169.254.169.254/latest"])
async def test_a_whisper_goes_to_slack_alone_whatever_address_comes_with_a_click(bot, app, reply):
    click = Click(id="e", kind="button", place="C0FAKE0001", user="U0MIRA", reply=reply)
    await app.whisper(context(bot), click, WHISPER)
    assert bot.slack.count("chat.postEphemeral") == 1
    assert [(one.user, "<!channel>" in one.body["text"]) for one in bot.slack.team.whispers] == [("U0MIRA", False)]


async def test_a_whisper_takes_the_address_of_a_command_where_it_is_slacks(bot, app):
    reply = f"{bot.slack.team.reply_url}/U0MIRA/C0FAKE0001"
    await app.whisper(context(bot), Click(id="e", kind="command", user="U0MIRA", reply=reply), WHISPER)
    assert bot.slack.count("chat.postEphemeral") == 0
    assert bot.slack.team.whispers[0].body["response_type"] == "ephemeral"


async def test_a_form_opens_once_and_an_old_trigger_is_an_error(bot, app):
    ask = Ask(id="note", label="Notiz", kind="text")
    form = Form(id="note", title="Notiz", submit="Speichern", cancel="Abbrechen", value="C01", asks=(ask,))
    click = Click(id="e", kind="button", user="U0MIRA", trigger=bot.slack.team.trigger("U0MIRA"))
    await app.ask(context(bot), click, form)
    assert bot.slack.team.views[0]["private_metadata"] == "C01"
    with pytest.raises(ChannelError):
        await app.ask(context(bot), click, form)


async def test_a_proxy_in_the_environment_is_not_used(bot, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await bot.channel.send(context(bot), delivery())
    assert len(bot.slack.posts()) == 1


@pytest.mark.parametrize("keys", [{}, {"token": Secret("env", "X")}, {"channel": "#x"}])
def test_it_needs_a_webhook_or_a_token_with_a_channel(keys):
    with pytest.raises(ValidationError):
        SlackChannel(name="pr", type="slack", **keys)


def test_abilities_follow_the_way_in():
    assert SlackChannel(type="slack", webhook=Secret("env", "X")).abilities() == {"recall"}
    token = SlackChannel(type="slack", channel="#x", token=Secret("env", "X"))
    assert token.abilities() == {"edit", "thread", "find"}


def message(words, link="https://globex.example/"):
    runs = (Run(text=words), Run(text=words, link=link, bold=True))
    action = Action(id="open", label=words, url=link)
    return Message(title=words, blocks=(Paragraph(runs=runs), Bullets(items=(runs, runs))), actions=(action,))


@given(st.text(), st.text())
def test_whatever_stands_in_foreign_text_pings_nobody_and_slack_takes_it(words, link):
    for one in (message(words), message(words, f"https://globex.example/{link}"), message(words, link)):
        body = {"text": fallback(one) or "Meldung", "blocks": block_kit(one, buttons=True)}
        reading = read_message(json.loads(json.dumps(body)))
        assert (reading.refused, reading.pings) == ("", [])
        assert not set(fallback(one) + plain_fallback(one)) & {"<", ">"}
        assert "\u202e" not in json.dumps(body, ensure_ascii=False)


def test_a_very_long_message_stays_within_slacks_limits():
    rows = tuple((Run(text=f"Nr. {n} " + "ä" * 300, link="https://globex.example/" + "x" * 100),) for n in range(200))
    long = Message(title="Lage", blocks=(Paragraph(runs=(Run(text="y" * 20_000),)), Bullets(items=rows)))
    assert read_message({"text": "x", "blocks": block_kit(long)}).refused == ""
    pages = SlackChannel(type="slack", webhook=Secret("env", "X")).pages(Message(title="x", blocks=long.blocks[1:]))
    told = "".join(json.dumps(block_kit(page)) for page in pages)
    assert [n for n in range(200) if f"Nr. {n} " not in told] == []
    assert {read_message({"text": "x", "blocks": block_kit(page)}).refused for page in pages} == {""}


def test_importing_the_plugin_imports_no_vendor():
    import subprocess

    code = "import sys, smwatch.plugins.slack, smwatch.plugins.webhook; sys.exit(bool({'slack_sdk', 'aiohttp'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
