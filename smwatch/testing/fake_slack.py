"""A Slack that runs on this machine: posts, edits, history with metadata, limits, and every way of failing.

It behaves as Slack does, as far as Slack documents it: one message a second and channel, blocks checked and refused,
metadata only where it is asked for, pages. It notes whom a message would ping, and prints what people would see::

    async with FakeSlack() as slack:
        slack.fail("chat.postMessage", lost_reply())
        …
        assert "Acme" in slack.transcript()

Nothing here needs smwatch: any client of Slack's can be pointed at `slack.api_url`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from smwatch.testing.fake_slack_blocks import read_message, shown
from smwatch.testing.fake_slack_socket import TEAM, People

if TYPE_CHECKING:
    from collections.abc import Callable

    from smwatch.testing.fake_slack_faults import Fault

GAP = 0.98  # seconds between two messages in one channel; clients that count from answer to call are never closer
Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Posted:
    """One message as it stands now; `edits` counts the changes, `history` holds the bodies before."""

    channel: str
    ts: str
    body: Json
    user: str = "U0FAKEBOT"
    thread_ts: str | None = None
    edits: int = 0
    deleted: bool = False
    history: list[Json] = field(default_factory=list)

    @property
    def key(self) -> str | None:
        """The key in its metadata."""
        payload = (self.body.get("metadata") or {}).get("event_payload") or {}
        return payload.get("key")

    @property
    def text(self) -> str:
        """What people read."""
        return shown(self.body)

    @property
    def broadcast(self) -> bool:
        """Whether it stands in a thread and in the channel as well."""
        return self.thread_ts is not None and bool(self.body.get("reply_broadcast"))


class FakeSlack:
    """The server and its state; `clock` is seconds since 1970."""

    def __init__(self, *, token: str = "", clock: Callable[[], float] = time.time) -> None:
        self.token = token or "xoxb" + "-fake-1234567890"
        self.app_token = "xapp" + "-fake-1234567890"
        self.clock = clock
        self.messages: list[Posted] = []
        self.calls: list[tuple[str, Json]] = []
        self.channels: dict[str, Json] = {}
        self.scopes = {"chat:write", "channels:history", "channels:read", "groups:history", "groups:read"}
        self.revoked = False
        self.paced = True  # more than a message a second and channel is answered with 429
        self.history_lag = 0.0
        self.page_size = 100
        self.too_fast = 0
        self.pings: list[str] = []
        self.refused: list[str] = []
        self.team = People()
        self.api_url = ""
        self.webhook_url = ""
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._last: dict[str, float] = {}
        self._count = 0
        self._release = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.add_channel("pr-alerts", "C0FAKE0001")

    def add_channel(self, name: str, number: str, *, member: bool = True, private: bool = False) -> None:
        """A channel that the bot may be in."""
        self.channels[number] = {"id": number, "name": name, "is_member": member, "is_private": private}

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` ("chat.postMessage", "webhook" …) end like this, one each."""
        self._faults[method].extend(faults)

    def posts(self, channel: str | None = None) -> list[Posted]:
        """The messages that stand, in order, of one channel (its name) or all; thread replies included."""
        wanted = None if channel is None else self._channel(channel)
        return [one for one in self.messages if not one.deleted and wanted in (None, one.channel)]

    def count(self, method: str) -> int:
        """How often `method` was called."""
        return sum(name == method for name, _ in self.calls)

    def transcript(self, channel: str | None = None) -> str:
        """What people see, top to bottom."""
        parts = []
        for one in self.posts(channel):
            marks = ["in thread"] * bool(one.thread_ts) + ["edited"] * bool(one.edits)
            name = self.channels.get(one.channel, {}).get("name", one.channel)
            parts.append(" · ".join([f"#{name}", *marks]) + f"\n{one.text}")
        return "\n\n".join(parts)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `api_url` and `webhook_url` say where."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_post("/services/{rest:.*}", self._hook)
        app.router.add_get("/link", self.team.line)
        app.router.add_post("/reply/{user}/{channel}", self.team.reply)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        found = self._runner.addresses[0][1]
        self.api_url = f"http://{host}:{found}/api/"
        self.team.reply_url = f"http://{host}:{found}/reply"
        self.webhook_url = f"http://{host}:{found}/services/T0FAKE/B0FAKE/secretpart"

    async def stop(self) -> None:
        """Answer nobody any more."""
        self._release.set()
        await self.team.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            body = await _body(request)
        except ConnectionError:  # whoever asked is gone: killed, perhaps
            return web.Response(status=400)
        self.calls.append((method, body))
        fault = self._next_fault(method)
        if fault is not None and not fault.store:
            return await self._fault(request, fault)
        answer = self._refuse_token(request, method) or self._answer(method, body)
        if fault is not None:
            return await self._fault(request, fault)
        return self._reply(answer)

    def _next_fault(self, method: str) -> Fault | None:
        waiting = self._faults[method]
        return waiting.popleft() if waiting else None

    async def _fault(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await self._release.wait()
        if (fault.cut or fault.hang) and request.transport is not None:
            request.transport.close()
        return web.Response(
            status=fault.status, text=fault.body, content_type=fault.content_type, headers=dict(fault.headers)
        )

    def _reply(self, answer: Json) -> web.Response:
        headers = {"Date": formatdate(self.clock(), usegmt=True), "X-OAuth-Scopes": ",".join(sorted(self.scopes))}
        if answer.get("error") == "ratelimited":
            return web.json_response(answer, status=429, headers={**headers, "Retry-After": "1"})
        return web.json_response(answer, headers=headers)

    def _refuse_token(self, request: web.Request, method: str) -> Json | None:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self.revoked:
            return _no("token_revoked")
        if not sent:
            return _no("not_authed")
        wanted = self.app_token if method.startswith("apps.") else self.token
        if sent in {self.token, self.app_token} and sent != wanted:
            return _no("not_allowed_token_type")
        return None if sent == wanted else _no("invalid_auth")

    def _answer(self, method: str, body: Json) -> Json:
        handlers: dict[str, Callable[[Json], Json]] = {
            "auth.test": lambda _: {"ok": True, "user_id": "U0FAKEBOT", "team": "Fake", "team_id": TEAM},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.list": self._list,
            "conversations.info": self._info,
            "apps.connections.open": self._open,
            "chat.postEphemeral": self.team.whisper,
            "views.open": self.team.open_view,
            "views.update": self.team.update_view,
        }
        handler = handlers.get(method)
        return handler(body) if handler else _no("unknown_method")

    def _channel(self, named: str) -> str | None:
        if named in self.channels:
            return named
        name = named.removeprefix("#")
        return next((number for number, one in self.channels.items() if one["name"] == name), None)

    def _post(self, body: Json) -> Json:
        number = self._channel(str(body.get("channel", "")))
        if number is None:
            return _no("channel_not_found")
        if error := self._refuse_place(number):
            return _no(error)
        thread = body.get("thread_ts")
        if thread and not any(one.ts == thread and one.channel == number for one in self.posts()):
            return _no("thread_not_found")
        if error := self._refuse_body(body, number):
            return _no(error)
        posted = self._store(number, body, thread)
        return {"ok": True, "channel": number, "ts": posted.ts, "message": {"text": body.get("text", "")}}

    def _refuse_place(self, number: str) -> str:
        if "chat:write" not in self.scopes:
            return "missing_scope"
        channel = self.channels[number]
        if channel.get("is_archived"):
            return "is_archived"
        return "" if channel["is_member"] else "not_in_channel"

    def _refuse_body(self, body: Json, number: str) -> str:
        if self.paced and self.clock() - self._last.get(number, 0.0) < GAP:
            self.too_fast += 1
            return "ratelimited"
        reading = read_message(body)
        if reading.refused:
            self.refused.append(f"{reading.refused}: {reading.why}")
            return reading.refused
        self.pings += reading.pings
        return ""

    def _store(self, number: str, body: Json, thread: str | None = None) -> Posted:
        self._count += 1
        now = self.clock()
        posted = Posted(channel=number, ts=f"{int(now)}.{self._count:06d}", body=dict(body), thread_ts=thread)
        self.messages.append(posted)
        self._last[number] = now
        return posted

    def _update(self, body: Json) -> Json:
        found = self._find(body)
        if found is None:
            return _no("message_not_found")
        reading = read_message(body)
        if reading.refused:
            self.refused.append(f"{reading.refused}: {reading.why}")
            return _no(reading.refused)
        self.pings += [one for one in reading.pings if not one.startswith("user:")]  # an edit tells nobody by name
        found.history.append(found.body)
        found.body = {**found.body, **body}
        found.edits += 1
        return {"ok": True, "channel": found.channel, "ts": found.ts, "text": body.get("text", "")}

    def _delete(self, body: Json) -> Json:
        found = self._find(body)
        if found is None:
            return _no("message_not_found")
        found.deleted = True
        return {"ok": True, "channel": found.channel, "ts": found.ts}

    def _find(self, body: Json) -> Posted | None:
        place = (str(body.get("channel")), str(body.get("ts")))
        return next((one for one in self.posts() if (one.channel, one.ts) == place), None)

    def _history(self, body: Json) -> Json:
        found = [one for one in self.posts() if one.thread_ts is None or one.broadcast]
        return self._listed(body, list(reversed(found)))

    def _replies(self, body: Json) -> Json:
        root = str(body.get("ts"))
        found = [one for one in self.posts() if root in (one.thread_ts, one.ts)]
        return self._listed(body, found) if found else _no("thread_not_found")

    def _listed(self, body: Json, found: list[Posted]) -> Json:
        number = str(body.get("channel"))
        if number not in self.channels:
            return _no("channel_not_found")
        private = self.channels[number]["is_private"]
        if ("groups:history" if private else "channels:history") not in self.scopes:
            return {**_no("missing_scope"), "needed": "groups:history" if private else "channels:history"}
        if not self.channels[number]["is_member"]:
            return _no("not_in_channel")
        visible = [one for one in found if one.channel == number and self._visible(one, body)]
        return self._page(body, "messages", [self._message(one, body) for one in visible])

    def _visible(self, one: Posted, body: Json) -> bool:
        arrived = self.clock() - float(one.ts)
        since = float(one.ts) - float(body.get("oldest") or 0)
        return arrived >= self.history_lag and since >= 0 and float(one.ts) <= float(body.get("latest") or "inf")

    @staticmethod
    def _message(one: Posted, body: Json) -> Json:
        message: Json = {"type": "message", "user": one.user, "ts": one.ts, "text": one.body.get("text", "")}
        message |= {"blocks": one.body.get("blocks") or []}
        message |= {"thread_ts": one.thread_ts} if one.thread_ts else {}
        metadata = one.body.get("metadata")
        if metadata:
            whole = str(body.get("include_all_metadata", "")).lower() in {"true", "1"}
            message["metadata"] = metadata if whole else {"event_type": metadata.get("event_type")}
        return message

    def _page(self, body: Json, name: str, rows: list[Json]) -> Json:
        start = int(body.get("cursor") or 0)
        size = min(int(body.get("limit") or self.page_size), self.page_size)
        following = str(start + size) if start + size < len(rows) else ""
        return {
            "ok": True,
            name: rows[start : start + size],
            "has_more": bool(following),
            "response_metadata": {"next_cursor": following},
        }

    def _list(self, body: Json) -> Json:
        kinds = str(body.get("types") or "public_channel").split(",")
        if "channels:read" not in self.scopes or ("private_channel" in kinds and "groups:read" not in self.scopes):
            return {**_no("missing_scope"), "needed": "channels:read"}
        private = {"public_channel": False, "private_channel": True}
        wanted = {private[kind] for kind in kinds if kind in private}
        return self._page(body, "channels", [one for one in self.channels.values() if one["is_private"] in wanted])

    def _info(self, body: Json) -> Json:
        found = self.channels.get(str(body.get("channel")))
        return {"ok": True, "channel": found} if found else _no("channel_not_found")

    def _open(self, _body: Json) -> Json:
        return {"ok": True, "url": self.api_url.replace("http", "ws", 1).replace("/api/", "/link")}

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        self.calls.append(("webhook", body))
        fault = self._next_fault("webhook")
        if fault is not None and not fault.store:
            return await self._fault(request, fault)
        if self.revoked or not request.path.endswith("/secretpart"):
            return web.Response(status=404, text="no_service")
        number = next(iter(self.channels))
        if error := self._refuse_body(body, number):
            if error == "ratelimited":
                return web.Response(status=429, text="rate_limited", headers={"Retry-After": "1"})
            return web.Response(status=400, text=error)
        self._store(number, {**body, "metadata": None})
        return await self._fault(request, fault) if fault else web.Response(text="ok")


def _no(word: str) -> Json:
    return {"ok": False, "error": word}


async def _body(request: web.Request) -> Json:
    """JSON, a form, or the query: Slack takes all three; structures in a form are JSON texts."""
    if request.content_type == "application/json":
        sent = await request.json()
        return {**sent} if isinstance(sent, dict) else {}
    found: Json = {**request.query}
    for name, value in (await request.post()).items():
        found[name] = json.loads(str(value)) if name in {"blocks", "metadata", "attachments"} else value
    return found
