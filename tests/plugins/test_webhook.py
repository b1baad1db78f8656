from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from pydantic import ValidationError
from smwatch.plugins import webhook
from smwatch.plugins.webhook import WebhookChannel

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.secret import Secret
from smwatch.testing.channel_kit import ChannelConformance, context, delivery


@dataclass
class Listener:
    """Somebody's own program that takes our POSTs; `answers` are what it says next (None: it hangs up)."""

    got: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    hang: bool = False

    async def take(self, request):
        self.got.append((dict(request.headers), await request.read()))
        if self.hang:
            await asyncio.sleep(5)
        status = self.answers.pop(0) if self.answers else 204
        if status is None:
            request.transport.close()
            return web.Response()
        return web.Response(status=status, headers=self.headers)


@dataclass
class Bench:
    channel: WebhookChannel
    session: aiohttp.ClientSession
    listener: Listener
    secrets: tuple = ("sehr-geheim-123", "schluessel-im-pfad")

    def seen(self):
        return [json.loads(body)["title"] + "\n" + json.loads(body)["text"] for _, body in self.listener.got]

    def alarms(self):
        return []

    def lose_reply(self):
        self.listener.answers.append(None)

    def break_down(self):
        self.listener.answers += [None]


@pytest.fixture
async def bench(monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "sehr-geheim-123")
    listener = Listener()
    app = web.Application()
    app.router.add_post("/schluessel-im-pfad", listener.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/schluessel-im-pfad"
    async with aiohttp.ClientSession() as session:
        channel = WebhookChannel(name="hook", type="webhook", url=url, secret=Secret("env", "HOOK_SECRET"))
        yield Bench(channel, session, listener)
    await runner.cleanup()


class TestWebhook(ChannelConformance):
    @pytest.fixture(name="bench")
    async def its_bench(self, bench):
        return bench

    async def test_hostile_text_is_only_text(self, bench):
        await bench.channel.send(context(bench), delivery("\x1b[31m <!channel> \ud83d"))
        ((_, body),) = bench.listener.got
        assert json.loads(body)["title"].startswith("\x1b[31m <!channel>")  # JSON carries it; showing it is theirs

    async def test_hostile_links_lead_nowhere_else(self, bench):
        pytest.skip("a webhook hands on the message's own links")

    async def test_no_secret_leaks_when_everything_fails(self, bench, caplog, capsys):
        bench.break_down()
        with pytest.raises(ChannelError) as caught:
            await bench.channel.send(context(bench), delivery())
        told = [caught.value.sentence.render("de"), str(caught.value), caplog.text, *capsys.readouterr()]
        assert not [secret for secret in bench.secrets if any(secret in one for one in told)]


async def test_the_json_is_what_the_page_says(bench):
    ctx = context(bench)
    await bench.channel.send(ctx, delivery(key="k", revision=2))
    ((headers, body),) = bench.listener.got
    sent = json.loads(body)
    text = sent.pop("text")
    assert sent == {
        "version": 1,
        "key": "k",
        "kind": "card",
        "channel": "hook",
        "sent_at": ctx.now.isoformat(),
        "revision": 2,
        "possible_duplicate": False,
        "title": "Acme ruft Wecker zurück",
        "language": "de",
        "urgent": False,
        "data": {"title": "Acme ruft Wecker zurück"},
    }
    assert "Meldung · Acme" in text
    assert headers["Idempotency-Key"] == "k"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert "smwatch" in headers["User-Agent"]


async def test_the_signature_is_over_the_raw_body_and_the_time(bench):
    await bench.channel.send(context(bench), delivery())
    ((headers, body),) = bench.listener.got
    stamp = headers["X-Smwatch-Timestamp"]
    expected = hmac.new(b"sehr-geheim-123", f"v1:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Smwatch-Signature"] == f"v1={expected}"
    plain = hmac.new(b"sehr-geheim-123", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={plain}"
    assert abs(datetime.now(UTC) - datetime.fromtimestamp(int(stamp), UTC)) < timedelta(seconds=10)


async def test_without_a_secret_nothing_is_signed(bench):
    channel = WebhookChannel(name="hook", type="webhook", url=bench.channel.url)
    await channel.send(context(bench), delivery())
    ((headers, _),) = bench.listener.got
    assert not [name for name in headers if name.startswith("X-")]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_2xx_is_sent(bench, status):
    bench.listener.answers = [status]
    await bench.channel.send(context(bench), delivery())
    assert len(bench.listener.got) == 1


@pytest.mark.parametrize(
    ("status", "outcome", "scope", "permanent"),
    [
        (302, Outcome.NOT_SENT, Scope.MESSAGE, True),
        (400, Outcome.NOT_SENT, Scope.MESSAGE, True),
        (401, Outcome.NOT_SENT, Scope.MESSAGE, True),
        (410, Outcome.NOT_SENT, Scope.MESSAGE, True),
        (429, Outcome.NOT_SENT, Scope.CHANNEL, False),
        (500, Outcome.UNSURE, Scope.MESSAGE, False),
        (503, Outcome.UNSURE, Scope.MESSAGE, False),
        (None, Outcome.UNSURE, Scope.MESSAGE, False),
    ],
)
async def test_what_the_other_answers_mean(bench, status, outcome, scope, permanent):
    bench.listener.answers = [status]
    bench.listener.headers = {"Retry-After": "9"}
    with pytest.raises(ChannelError) as caught:
        await bench.channel.send(context(bench), delivery())
    error = caught.value
    assert (error.outcome, error.scope, error.permanent) == (outcome, scope, permanent)
    assert error.retry_after == (timedelta(seconds=9) if status in (429, 500, 503) else None)


async def test_silence_is_unsure(bench, monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT", 0.05)
    bench.listener.hang = True
    with pytest.raises(ChannelError) as caught:
        await bench.channel.send(context(bench), delivery())
    assert caught.value.outcome is Outcome.UNSURE


async def test_nobody_there_is_surely_not_sent(bench):
    channel = WebhookChannel(name="hook", type="webhook", url="http://127.0.0.1:9/x")
    with pytest.raises(ChannelError) as caught:
        await channel.send(context(bench), delivery())
    assert (caught.value.outcome, caught.value.scope) == (Outcome.NOT_SENT, Scope.CHANNEL)


@pytest.mark.parametrize("url", ["ftp://x.example/", "intranet", "javascript:alert(1)", ""])
def test_the_address_must_be_one_of_the_web(url):
    with pytest.raises(ValidationError):
        WebhookChannel(name="hook", type="webhook", url=url)
