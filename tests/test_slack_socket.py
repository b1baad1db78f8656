"""Socket Mode against the fake Slack: kept, acknowledged, back after every kind of cut, no line left behind."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
import structlog

from smwatch.errors import ChannelError
from smwatch.i18n import text
from smwatch.slack.payload import click_of
from smwatch.slack.socket import Limits, SocketMode

QUICK = Limits(beat=0.3, hello=0.5, keep=0.2, leave=0.5, first=0.02, longest=0.1, hopeless=0.1)


class Desk:
    """What the core does with a line."""

    def __init__(self, slack, session):
        self.slack, self.session = slack, session
        self.kept, self.said, self.slow, self.refused = [], [], None, []

    async def open_line(self):
        if self.refused:
            raise self.refused.pop(0)
        return self.slack.api_url.replace("http", "ws", 1).replace("/api/", "/link")

    async def take(self, envelope, info):
        if self.slow is not None:
            await self.slow.wait()
        self.kept.append(envelope)

    async def tell(self, problem):
        self.said.append(problem and problem.render("de"))

    @asynccontextmanager
    async def listens(self, limits=QUICK):
        mode = SocketMode(
            session=self.session,
            open_line=self.open_line,
            take=self.take,
            said=self.tell,
            log=structlog.get_logger("test"),
            limits=limits,
        )
        task = asyncio.create_task(mode.run())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def desk(fake_slack):
    async with aiohttp.ClientSession() as session:
        yield Desk(fake_slack, session)


async def until(true, what):
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)
    assert true(), what


async def connected(desk, lines):
    await until(lambda: desk.slack.team.opened >= lines and desk.slack.team.lines, f"line {lines}")


async def test_an_envelope_is_kept_and_then_acknowledged(desk):
    async with desk.listens():
        await connected(desk, 1)
        sent = await desk.slack.team.sends({"type": "block_actions"})
        await until(lambda: sent.acked is not None, "the acknowledgement")
    assert [one["envelope_id"] for one in desk.kept] == [sent.id]
    assert (sent.answers, sent.acked < 3) == (1, True)


async def test_a_busy_store_makes_nobody_wait(desk):
    desk.slow = asyncio.Event()
    async with desk.listens():
        await connected(desk, 1)
        sent = [await desk.slack.team.sends({"n": n}) for n in range(5)]
        await until(lambda: all(one.acked is not None for one in sent), "all acknowledgements")
        assert desk.kept == []
        desk.slow.set()
        await until(lambda: len(desk.kept) == 5, "everything kept after all")
    assert max(one.acked for one in sent) < 3


async def test_what_was_acknowledged_is_kept_though_its_line_ends(desk):
    desk.slow = asyncio.Event()
    async with desk.listens():
        await connected(desk, 1)
        sent = await desk.slack.team.sends({"type": "block_actions"})
        await until(lambda: sent.acked is not None, "the acknowledgement")
        desk.slack.team.cuts()
        await connected(desk, 2)
        desk.slow.set()
        await until(lambda: desk.kept, "what was acknowledged")
    assert [one["envelope_id"] for one in desk.kept] == [sent.id]


@pytest.mark.parametrize("how", ["cut", "closed", "silent", "rubbish"])
async def test_it_is_back_after_a_cut_of_any_kind(desk, how):
    team = desk.slack.team
    async with desk.listens():
        await connected(desk, 1)
        match how:
            case "cut":
                team.cuts()
            case "closed":
                await team.lines[0].close()
            case "silent":
                team.falls_silent()
                team.hears_again()
            case "rubbish":
                await team.lines[0].send_str("<html>")
        await until(lambda: team.opened >= 2, "a second line")
        sent = await team.sends({"type": "block_actions"})
        await until(lambda: sent.acked is not None, "the acknowledgement")
    assert team.lines == []


async def test_the_usual_limits_bring_it_back_within_forty_seconds():
    usual = Limits()
    noticed = usual.beat * 1.5
    assert noticed + usual.longest + usual.hello + 6 < 40


async def test_a_line_without_a_greeting_is_given_up(desk):
    desk.slack.team.greets = False
    async with desk.listens():
        await until(lambda: desk.slack.team.opened >= 2, "another try")
        desk.slack.team.greets = True
        await until(lambda: desk.slack.team.lines and desk.slack.team.opened >= 3, "a line that greets")


async def test_a_click_is_as_good_as_a_greeting(desk):
    desk.slack.team.greets = False
    async with desk.listens():
        await connected(desk, 1)
        sent = await desk.slack.team.sends({"type": "block_actions"})
        await until(lambda: sent.acked is not None, "the acknowledgement")
        again = await desk.slack.team.sends({"type": "block_actions"})
        await until(lambda: again.acked is not None, "another one on the same line")
    assert len(desk.kept) == 2


async def test_a_line_that_slack_wants_replaced_overlaps_with_its_successor(desk):
    team = desk.slack.team
    async with desk.listens():
        await connected(desk, 1)
        old = team.lines[0]
        await team.disconnects("warning")
        await connected(desk, 2)
        assert not old.closed  # what it still brings is heard
        await old.send_json({"envelope_id": "late", "type": "interactive", "payload": {}})
        await until(lambda: desk.kept, "what came over the old line")
        await until(lambda: old.closed and len(team.lines) == 1, "the end of the old line")
        for _ in range(5):
            count = team.opened
            await team.disconnects()
            await connected(desk, count + 1)
        await until(lambda: len(team.lines) == 1, "one line in the end")
    assert team.lines == []


async def test_who_has_to_act_is_told_once_and_once_when_it_works_again(desk):
    desk.refused = [ChannelError(text("Slack does not accept the token"), permanent=True) for _ in range(3)]
    async with desk.listens():
        await connected(desk, 1)
        await until(lambda: len(desk.said) == 2, "both sentences")
    assert desk.said == ["Slack nimmt das Token nicht an", None]


async def test_passing_trouble_is_told_only_when_it_stays(desk):
    desk.refused = [ChannelError(text("Slack cannot be reached")) for _ in range(2)]
    async with desk.listens():
        await connected(desk, 1)
    assert desk.said == []


async def test_socket_mode_switched_off_is_said(desk):
    async with desk.listens():
        await connected(desk, 1)
        await desk.slack.team.disconnects("link_disabled")
        await connected(desk, 2)
        await until(lambda: len(desk.said) == 2, "both sentences")
    assert desk.said == ["Socket Mode ist für die Slack-App abgeschaltet", None]


async def test_stopping_leaves_no_line_and_is_quick(desk):
    begun = time.monotonic()
    async with desk.listens():
        await connected(desk, 1)
        await desk.slack.team.disconnects("warning")
        await connected(desk, 2)
    await until(lambda: desk.slack.team.lines == [], "no lines")
    assert time.monotonic() - begun < 5


BUTTON = {
    "type": "block_actions",
    "user": {"id": "U1", "name": "mira", "team_id": "T1"},
    "team": {"id": "T1"},
    "channel": {"id": "C1"},
    "container": {"message_ts": "1.2", "channel_id": "C1"},
    "message": {"ts": "1.2", "metadata": {"event_payload": {"key": "k"}}},
    "actions": [{"action_id": "take", "value": "C01"}],
}


def envelope(payload, kind="interactive"):
    return {"envelope_id": "e", "type": kind, "payload": payload}


def test_a_button_says_who_where_and_what():
    click = click_of(envelope(BUTTON), team="T1")
    assert (click.kind, click.action, click.value, click.place, click.message, click.key) == (
        "button", "take", "C01", "C1", "1.2", "k",
    )  # fmt: skip
    assert (click.user, click.name, click.stranger) == ("U1", "mira", False)


def test_an_option_brings_its_own_id():
    option = {"action_id": "more", "selected_option": {"value": "silence|C01|site:4h"}}
    click = click_of(envelope({**BUTTON, "actions": [option]}))
    assert (click.action, click.value, click.more) == ("silence", "C01", "site:4h")


@pytest.mark.parametrize(
    ("payload", "app"),
    [
        ({**BUTTON, "user": {"id": "U9", "team_id": "T9"}}, ""),
        ({**BUTTON, "user": {"id": "U1", "team_id": "T1", "is_bot": True}}, ""),
        ({**BUTTON, "api_app_id": "A9"}, "A1"),
    ],
)
def test_guests_programs_and_other_apps_are_strangers(payload, app):
    assert click_of(envelope(payload), team="T1", app=app).stranger


def test_a_command_is_parted_into_verb_and_words():
    click = click_of(envelope({"text": "Search Acme Rückruf", "user_id": "U1", "channel_id": "C1"}, "slash_commands"))
    assert (click.kind, click.action, click.words, click.place) == ("command", "search", "Acme Rückruf", "C1")


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"envelope_id": "e"},
        {"envelope_id": 7, "payload": BUTTON, "type": "interactive"},
        envelope("text"),
        envelope({"type": "block_actions"}),
        envelope({"type": "block_actions", "actions": []}),
        envelope({"type": "view_submission", "view": {}}),
        envelope({"type": "something_new"}),
        envelope({"type": "event_callback"}, "events_api"),
        envelope({**BUTTON, "actions": [{"action_id": "more", "selected_option": {}}]}),
    ],
)
def test_what_is_no_click_is_none(broken):
    assert click_of(broken) is None
