from __future__ import annotations

import json

import aiohttp
import pytest

from smwatch.testing.fake_slack_blocks import read_message, shown
from smwatch.testing.fake_slack_faults import html_page, lost_reply, rate_limit, refusal, server_error


def rich(*elements):
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def words(text):
    return rich({"type": "text", "text": text})


@pytest.fixture
async def call(fake_slack):
    async with aiohttp.ClientSession() as session:

        async def call(method, http="POST", *, token=fake_slack.token, **body):
            how = {"params": body} if http == "GET" else {"json": body}
            how["headers"] = {"Authorization": f"Bearer {token}"}
            async with session.request(http, fake_slack.api_url + method, **how) as answer:
                return await answer.json() if answer.content_type == "application/json" else answer.status

        yield call


async def post(call, text="Hallo", **more):
    return await call("chat.postMessage", channel="#pr-alerts", text=text, **more)


async def test_a_post_is_kept_and_told_by_its_id(fake_slack, call):
    answer = await post(call)
    assert (answer["ok"], answer["channel"]) == (True, "C0FAKE0001")
    assert fake_slack.transcript() == "#pr-alerts\nHallo"


async def test_one_message_a_second_and_channel(fake_slack, call):
    now = [1000.0]
    fake_slack.clock = lambda: now[0]
    assert (await post(call))["ok"]
    assert (await post(call))["error"] == "ratelimited"
    now[0] += 1
    assert (await post(call))["ok"]
    assert fake_slack.too_fast == 1


async def test_metadata_is_stripped_unless_it_is_asked_for(call):
    metadata = {"event_type": "x", "event_payload": {"key": "k"}}
    await post(call, metadata=metadata)
    plain = await call("conversations.history", "GET", channel="C0FAKE0001")
    whole = await call("conversations.history", "GET", channel="C0FAKE0001", include_all_metadata="true")
    assert plain["messages"][0]["metadata"] == {"event_type": "x"}
    assert whole["messages"][0]["metadata"] == metadata


async def test_history_comes_in_pages_newest_first_without_replies(fake_slack, call):
    fake_slack.paced = False
    root = await post(call, "0")
    for n in range(1, 5):
        await post(call, str(n))
    await post(call, "Antwort", thread_ts=root["ts"])
    fake_slack.page_size = 2
    told, cursor = [], ""
    while True:
        page = await call("conversations.history", "GET", channel="C0FAKE0001", cursor=cursor)
        told += [one["text"] for one in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert told == ["4", "3", "2", "1", "0"]
    replies = await call("conversations.replies", "GET", channel="C0FAKE0001", ts=root["ts"])
    assert [one["text"] for one in replies["messages"]] == ["0", "Antwort"]


async def test_history_may_lag(fake_slack, call):
    fake_slack.history_lag = 60
    await post(call)
    assert (await call("conversations.history", "GET", channel="C0FAKE0001"))["messages"] == []


async def test_edits_and_deletions(fake_slack, call):
    place = await post(call)
    where = {"channel": place["channel"], "ts": place["ts"]}
    assert (await call("chat.update", **where, text="Neu"))["ok"]
    assert fake_slack.transcript() == "#pr-alerts · edited\nNeu"
    assert (await call("chat.delete", **where))["ok"]
    assert (await call("chat.update", **where, text="Zu spät"))["error"] == "message_not_found"
    assert fake_slack.posts() == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda slack: setattr(slack, "revoked", True), "token_revoked"),
        (lambda slack: setattr(slack, "token", "another"), "invalid_auth"),
        (lambda slack: slack.channels["C0FAKE0001"].update(is_member=False), "not_in_channel"),
        (lambda slack: slack.channels["C0FAKE0001"].update(is_archived=True), "is_archived"),
        (lambda slack: slack.channels.clear(), "channel_not_found"),
        (lambda slack: slack.scopes.clear(), "missing_scope"),
        (lambda slack: slack.fail("chat.postMessage", refusal("fatal_error")), "fatal_error"),
        (lambda slack: slack.fail("chat.postMessage", rate_limit("2.5")), "ratelimited"),
    ],
)
async def test_refusals(fake_slack, call, change, error):
    change(fake_slack)
    assert (await post(call))["error"] == error
    assert fake_slack.posts() == []


async def test_faults_end_one_call_each(fake_slack, call):
    fake_slack.paced = False
    fake_slack.fail("chat.postMessage", server_error(503), html_page(), server_error(store=True))
    assert [await post(call) for _ in range(3)] == [503, 200, 500]
    assert len(fake_slack.posts()) == 1
    assert (await post(call))["ok"]


async def test_a_lost_reply_was_posted_all_the_same(fake_slack, call):
    fake_slack.fail("chat.postMessage", lost_reply())
    with pytest.raises(aiohttp.ClientError):
        await post(call)
    assert fake_slack.transcript() == "#pr-alerts\nHallo"


async def test_forms_are_read_as_well(fake_slack):
    async with aiohttp.ClientSession() as session:
        form = {"channel": "#pr-alerts", "blocks": json.dumps([words("Form")]), "text": "x"}
        headers = {"Authorization": f"Bearer {fake_slack.token}"}
        async with session.post(fake_slack.api_url + "chat.postMessage", data=form, headers=headers) as answer:
            assert (await answer.json())["ok"]
    assert fake_slack.transcript() == "#pr-alerts\nForm"


async def test_an_incoming_webhook(fake_slack):
    async with aiohttp.ClientSession() as session:
        async with session.post(fake_slack.webhook_url, json={"text": "Hallo"}) as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
        async with session.post(fake_slack.webhook_url + "x", json={"text": "Hallo"}) as answer:
            assert (answer.status, await answer.text()) == (404, "no_service")
    assert fake_slack.transcript() == "#pr-alerts\nHallo"


@pytest.fixture
async def line(fake_slack, call):
    """A line of Socket Mode, greeted."""
    answer = await call("apps.connections.open", token=fake_slack.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        assert (await socket.receive_json())["connection_info"] == {"app_id": "A0FAKE"}
        yield socket


async def test_a_click_is_an_envelope_and_its_acknowledgement_is_timed(fake_slack, call, line):
    button = {
        "type": "button",
        "action_id": "take",
        "value": "C01",
        "text": {"type": "plain_text", "text": "Übernehmen"},
    }
    await call("chat.postMessage", channel="#pr-alerts", text="x", blocks=[{"type": "actions", "elements": [button]}])
    sent = await fake_slack.team.clicks(fake_slack.posts()[0], "Übernehmen")
    said = await line.receive_json()
    assert (said["type"], said["payload"]["actions"][0]["value"]) == ("interactive", "C01")
    assert said["payload"]["container"]["message_ts"] == fake_slack.posts()[0].ts
    assert sent.acked is None
    await line.send_json({"envelope_id": said["envelope_id"]})
    await line.send_json({"envelope_id": said["envelope_id"]})
    await line.close()
    assert (sent.acked < 3, sent.answers) == (True, 2)


async def test_a_form_opens_once_for_each_click_and_its_answers_come_back(fake_slack, call, line):
    field = {"type": "plain_text_input", "action_id": "note"}
    block = {"type": "input", "block_id": "note", "label": {"type": "plain_text", "text": "Notiz"}, "element": field}
    title = {"type": "plain_text", "text": "Notiz"}
    view = {"type": "modal", "callback_id": "note", "private_metadata": "C01", "title": title, "blocks": [block]}
    trigger = fake_slack.team.trigger("U0MIRA")
    assert (await call("views.open", trigger_id=trigger, view=view))["ok"]
    assert (await call("views.open", trigger_id=trigger, view=view))["error"] == "invalid_trigger_id"
    await fake_slack.team.submits({"note": "Ruft zurück"})
    said = (await line.receive_json())["payload"]
    assert said["view"]["state"]["values"]["note"]["note"]["value"] == "Ruft zurück"
    assert said["view"]["private_metadata"] == "C01"


async def test_the_bots_token_opens_no_line_and_the_apps_token_posts_nothing(fake_slack, call):
    assert (await call("apps.connections.open"))["error"] == "not_allowed_token_type"
    assert (await call("chat.postMessage", token=fake_slack.app_token, channel="#pr-alerts", text="x"))["error"] == (
        "not_allowed_token_type"
    )


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [words("x" * 3_001)]}, "invalid_blocks"),
        ({"blocks": [words("x" * 2_900)] * 5}, "msg_blocks_too_long"),
        ({"blocks": [words("")]}, "invalid_blocks"),
        ({"blocks": [rich({"type": "link", "url": "javascript:x", "text": "x"})]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "surprise"}]}, "invalid_blocks"),
        ({"blocks": "x"}, "invalid_blocks_format"),
        ({"blocks": ["x"]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": []}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [words("x")]}, ""),
    ],
    ids=range(15),
)
def test_limits(body, refused):
    assert read_message(body).refused == refused


@pytest.mark.parametrize(
    ("body", "pings"),
    [
        ({"text": "<!channel> und <@U012AB3CD>"}, 2),
        ({"text": "&lt;!channel&gt;"}, 0),
        ({"text": "<!channel>", "mrkdwn": False}, 0),
        ({"text": "@channel"}, 0),
        ({"text": "@channel", "link_names": True}, 1),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}}]}, 1),
        ({"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "<!here>"}}]}, 0),
        ({"blocks": [words("<!everyone>")]}, 0),
        ({"blocks": [rich({"type": "broadcast", "range": "here"})]}, 1),
        ({"blocks": [rich({"type": "user", "user_id": "U1"})]}, 1),
    ],
    ids=range(10),
)
def test_whom_a_message_would_ping(body, pings):
    assert len(read_message(body).pings) == pings


def test_what_people_see():
    bold = {"type": "text", "text": "Acme", "style": {"bold": True}}
    link = {"type": "link", "url": "https://globex.example/", "text": "Bericht"}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Übernehmen"}}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Meldung &amp; mehr"}},
        rich(bold, {"type": "text", "text": " – "}, link),
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": "Zitat"}]}],
        },
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [words("eins")["elements"][0]]}]},
        {"type": "divider"},
        {"type": "actions", "elements": [button]},
    ]
    assert shown({"blocks": blocks}).splitlines() == [
        "# Meldung & mehr",
        "*Acme* – Bericht <https://globex.example/>",
        "> Zitat",
        "• eins",
        "—" * 24,
        "[Übernehmen]",
    ]
    assert shown({"text": "&lt;b&gt; <https://a.example|A>"}) == "<b> A <https://a.example>"
