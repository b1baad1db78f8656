"""The fake Slack's way to the people: Socket Mode, clicks, forms, commands, and how long each acknowledgement takes.

As in Slack an envelope goes down one line; it is late after three seconds; a form can be opened for three seconds and
once for each click; a line is cut, falls silent, or is asked to make room for another.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.testing.fake_slack import Posted

LATE = 3.0  # seconds until Slack calls an acknowledgement late, and a trigger is of no use any more
TEAM, APP = "T0FAKE", "A0FAKE"
Json = dict[str, Any]


class Socket(web.WebSocketResponse):
    """One line; a deaf one stands and answers nothing, not even a ping."""

    deaf = False

    async def pong(self, message: bytes = b"") -> None:
        """The answer to a ping."""
        if not self.deaf:
            await super().pong(message)


@dataclass(slots=True, kw_only=True)
class Sent:
    """One envelope on its way; `acked` is seconds until its acknowledgement, None while there is none."""

    id: str
    payload: Json
    at: float
    acked: float | None = None
    answers: int = 0


@dataclass(slots=True, kw_only=True)
class Whisper:
    """What only one person sees."""

    user: str
    channel: str
    body: Json


@dataclass(slots=True)
class People:
    """Those in front of the fake Slack, and the lines over which the app hears them."""

    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    people: dict[str, str] = field(default_factory=lambda: {"U0MIRA": "mira", "U0JAN": "jan"})
    lines: list[Socket] = field(default_factory=list)
    sent: dict[str, Sent] = field(default_factory=dict)
    views: list[Json] = field(default_factory=list)
    whispers: list[Whisper] = field(default_factory=list)
    opened: int = 0
    deaf: bool = False
    greets: bool = True
    reply_url: str = ""
    _triggers: dict[str, tuple[float, str]] = field(default_factory=dict)
    _count: int = 0

    # what the app sees

    async def line(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket of the app's."""
        socket = Socket(timeout=0.2)
        socket.deaf = self.deaf
        await socket.prepare(request)
        self.opened += 1
        if self.greets and not self.deaf:
            info = {"type": "hello", "num_connections": len(self.lines) + 1, "connection_info": {"app_id": APP}}
            await socket.send_json(info)
        self.lines.append(socket)
        try:
            await self._read(socket)
        finally:
            self.lines.remove(socket)
        return socket

    async def _read(self, socket: Socket) -> None:
        while True:
            said = await socket.receive()
            if said.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                return
            if said.type is WSMsgType.TEXT and not socket.deaf:
                self._acknowledged(json.loads(said.data))

    def _acknowledged(self, said: Json) -> None:
        found = self.sent.get(str(said.get("envelope_id")))
        if found is not None:
            found.answers += 1
            if found.acked is None:
                found.acked = self.clock() - found.at

    def open_view(self, body: Json) -> Json:
        """`views.open`: with a trigger of the last three seconds, once."""
        trigger, view = str(body.get("trigger_id")), body.get("view") or {}
        at, user = self._triggers.pop(trigger, (0.0, ""))
        if not user:
            return {"ok": False, "error": "invalid_trigger_id"}
        if self.clock() - at > LATE:
            return {"ok": False, "error": "expired_trigger_id"}
        if problem := _bad_view(view):
            return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [problem]}}
        self._count += 1
        self.views.append({**view, "id": f"V{self._count:08d}", "user": user})
        return {"ok": True, "view": self.views[-1]}

    def update_view(self, body: Json) -> Json:
        """`views.update`."""
        found = next((one for one in self.views if one["id"] == body.get("view_id")), None)
        if found is None:
            return {"ok": False, "error": "not_found"}
        found.update(body.get("view") or {})
        return {"ok": True, "view": found}

    def whisper(self, body: Json) -> Json:
        """`chat.postEphemeral`."""
        self.whispers.append(Whisper(user=str(body["user"]), channel=str(body["channel"]), body=body))
        return {"ok": True, "message_ts": "1.0"}

    async def reply(self, request: web.Request) -> web.Response:
        """The address that comes with a click or command."""
        user, channel = request.match_info["user"], request.match_info["channel"]
        self.whispers.append(Whisper(user=user, channel=channel, body=await request.json()))
        return web.Response(text="ok")

    # what people do

    async def clicks(self, posted: Posted, label: str, *, who: str = "U0MIRA", **changes: Any) -> Sent:  # noqa: ANN401 - a payload's parts
        """Press the button, or choose the option, that reads `label`; `changes` forge parts of the payload."""
        action = _action(posted, label)
        payload = {
            **self._common(who, posted.channel),
            "type": "block_actions",
            "container": {"type": "message", "message_ts": posted.ts, "channel_id": posted.channel},
            "message": {
                "ts": posted.ts,
                "metadata": posted.body.get("metadata") or {},
                "text": posted.body.get("text"),
            },
            "actions": [action],
        }
        return await self.sends({**payload, **changes})

    async def submits(self, values: Mapping[str, str], *, view: Json | None = None) -> Sent:
        """Fill the newest form in and send it."""
        form = view or self.views[-1]
        state = {
            block["block_id"]: {block["element"]["action_id"]: _filled(block["element"], values)}
            for block in form["blocks"]
        }
        shown = {name: form[name] for name in ("id", "callback_id", "private_metadata")}
        payload = {
            **self._common(form["user"], ""),
            "type": "view_submission",
            "view": {**shown, "state": {"values": state}},
        }
        return await self.sends(payload)

    async def types(self, words: str, *, who: str = "U0MIRA", channel: str = "C0FAKE0001") -> Sent:
        """`/smwatch …`."""
        command, _, rest = words.partition(" ")
        payload = {
            "command": command,
            "text": rest,
            "user_id": who,
            "user_name": self.people.get(who, "x"),
            "team_id": TEAM,
            "channel_id": channel,
            "api_app_id": APP,
            "trigger_id": self.trigger(who),
            "response_url": f"{self.reply_url}/{who}/{channel}",
        }
        return await self.sends(payload, kind="slash_commands")

    async def uses(self, shortcut: str, posted: Posted, *, who: str = "U0MIRA") -> Sent:
        """A shortcut on a message."""
        message = {"ts": posted.ts, "text": posted.body.get("text", "")}
        payload = {**self._common(who, posted.channel), "type": "message_action", "callback_id": shortcut}
        return await self.sends({**payload, "message": message})

    async def sends(self, payload: Json, *, kind: str = "interactive", number: str = "") -> Sent:
        """One envelope down the newest line."""
        self._count += 1
        sent = Sent(id=number or f"envelope-{self._count}", payload=payload, at=self.clock())
        self.sent.setdefault(sent.id, sent)
        envelope = {"envelope_id": sent.id, "type": kind, "payload": payload, "accepts_response_payload": True}
        await self.lines[-1].send_json(envelope)
        return self.sent[sent.id]

    async def repeats(self, sent: Sent, *, kind: str = "interactive") -> Sent:
        """Slack sends the same envelope again."""
        return await self.sends(sent.payload, kind=kind, number=sent.id)

    def trigger(self, user: str) -> str:
        """What opens a form."""
        self._count += 1
        name = f"{self._count}.trigger"
        self._triggers[name] = (self.clock(), user)
        return name

    def _common(self, user: str, channel: str) -> Json:
        place = {"channel": {"id": channel}, "response_url": f"{self.reply_url}/{user}/{channel}"} if channel else {}
        who = {"id": user, "username": self.people.get(user, "x"), "name": self.people.get(user, "x"), "team_id": TEAM}
        return {"user": who, "team": {"id": TEAM}, "api_app_id": APP, "trigger_id": self.trigger(user), **place}

    # what happens to the lines

    def cuts(self) -> None:
        """Every line is cut, without a word."""
        for line in list(self.lines):
            transport = line._req.transport if line._req is not None else None  # noqa: SLF001 - there is no other way
            if transport is not None:
                transport.abort()

    def falls_silent(self) -> None:
        """The lines stand, and nothing comes any more: a firewall that forgot them. New ones are no better."""
        self.deaf = True
        for line in self.lines:
            line.deaf = True

    def hears_again(self) -> None:
        """New lines work; the old ones stay as they are."""
        self.deaf = False

    async def disconnects(self, reason: str = "refresh_requested") -> None:
        """Slack asks for another line: "warning", "refresh_requested", "link_disabled"."""
        for line in list(self.lines):
            await line.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}})

    async def stop(self) -> None:
        """The end of all lines."""
        self.deaf = False
        for line in list(self.lines):
            await line.close()


def _action(posted: Posted, label: str) -> Json:
    for element in (one for block in posted.body.get("blocks") or () for one in block.get("elements") or ()):
        base = {"action_id": element.get("action_id"), "type": element.get("type")}
        if element.get("type") == "button" and unescape(element["text"]["text"]) == label:
            return {**base, "value": element.get("value"), "text": element["text"]}
        for option in options_of(element):
            if unescape(option["text"]["text"]) == label:
                return {**base, "selected_option": option}
    raise AssertionError(f"nothing to click reads {label!r}: {posted.text}")


def options_of(element: Json) -> list[Json]:
    """All options of a menu."""
    grouped = [option for group in element.get("option_groups") or () for option in group["options"]]
    return [*(element.get("options") or []), *grouped]


def _filled(element: Json, values: Mapping[str, str]) -> Json:
    initial = element.get("initial_value") or (element.get("initial_option") or {}).get("value")
    value = values.get(element["action_id"], initial)
    match element["type"]:
        case "static_select":
            found = next((one for one in element["options"] if one["value"] == value), None)
            return {"type": "static_select", "selected_option": found}
        case "users_select":
            return {"type": "users_select", "selected_user": value}
        case "conversations_select":
            return {"type": "conversations_select", "selected_conversation": value}
    return {"type": "plain_text_input", "value": value}


def _bad_view(view: Json) -> str:
    """What Slack would not take."""
    title = (view.get("title") or {}).get("text", "")
    if view.get("type") != "modal" or not 0 < len(title) <= 24:
        return f"title of {len(title)} characters"
    if len(view.get("private_metadata") or "") > 3000 or not view.get("blocks"):
        return "private_metadata or blocks"
    for block in view["blocks"]:
        if block.get("type") == "input" and not (block.get("label") and block.get("element", {}).get("action_id")):
            return "an input without label or action_id"
        if any(len(one["text"]["text"]) > 75 for one in options_of(block.get("element", {}))):
            return "an option's text is too long"
    return ""
