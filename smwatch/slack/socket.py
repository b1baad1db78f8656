"""Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode): what people click, without a public address.

One line at a time. It is asked for signs of life all along and thrown away when they stop; a line that Slack is about
to close is replaced before it ends. Every envelope is kept first, for a second at most, and then acknowledged: what was
acknowledged is worked on even if this process is killed, and no full disk or busy store makes Slack wait.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from smwatch.errors import ChannelError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from structlog.typing import FilteringBoundLogger

Json = dict[str, Any]
LARGEST = 1 << 20  # bytes of one envelope; Slack's are a few kilobytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. A cut is noticed after `beat` and a half of it, and mended within 40 s whatever kind it was."""

    beat: float = 8.0  # a line that says nothing is asked; without an answer in half of it, it is dead
    hello: float = 8.0  # until Slack greets
    keep: float = 1.0  # for a click to be stored, before it is acknowledged anyway (Slack waits for 3)
    leave: float = 10.0  # an old line may still bring what it has, after its successor stands
    first: float = 0.5  # between two tries; doubles up to `longest`
    longest: float = 10.0
    hopeless: float = 60.0  # where a person has to act: a token that is not accepted, Socket Mode switched off
    told: int = 3  # tries in a row that failed before somebody is told


class Stale(Exception):
    """No greeting, no sign of life, or something that is no Socket Mode."""


@dataclass(slots=True, kw_only=True)
class SocketMode:
    """`open_line` asks for an address; `take` keeps an envelope; `said` hears when the line is broken, and mended."""

    session: aiohttp.ClientSession
    open_line: Callable[[], Awaitable[str]]
    take: Callable[[Json, Mapping[str, Any]], Coroutine[Any, Any, None]]
    said: Callable[[Text | None], Awaitable[None]]
    log: FilteringBoundLogger
    limits: Limits = field(default_factory=Limits)
    failures: int = 0
    _told: bool = False
    _leaving: set[asyncio.Task[None]] = field(default_factory=set)
    _kept: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Listen until cancelled; no line outlives it."""
        try:
            while True:  # noqa: ASYNC110 - a pause between two lines
                await asyncio.sleep(await self._listen())
        finally:
            for task in self._leaving:
                task.cancel()
            if ending := self._leaving | self._kept:
                await asyncio.wait(ending, timeout=1)

    async def _listen(self) -> float:
        """One line from its greeting to its end; the seconds until the next one is worth while."""
        line = Line(mode=self)
        talk = asyncio.create_task(line.talk())
        try:
            await asyncio.wait({talk, line.replaced}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            talk.cancel()
            await asyncio.wait({talk}, timeout=1)
            raise
        if not talk.done():
            self._retire(talk)
            return 0.0
        return await self._after(line, talk)

    def _retire(self, talk: asyncio.Task[None]) -> None:
        """Slack is about to close it: its successor is opened now, and what it still brings is heard."""
        self._leaving.add(talk)
        talk.add_done_callback(self._gone)
        asyncio.get_running_loop().call_later(self.limits.leave, talk.cancel)

    def _gone(self, talk: asyncio.Task[None]) -> None:
        self._leaving.discard(talk)
        if not talk.cancelled() and talk.exception() is not None:
            self.log.info("socket_mode_old_line_ended", error=type(talk.exception()).__name__)

    async def _after(self, line: Line, talk: asyncio.Task[None]) -> float:
        error = talk.exception()
        if error is not None and not isinstance(
            error, (ChannelError, Stale, aiohttp.ClientError, OSError, TimeoutError)
        ):
            raise error
        if error is None and line.greeted and not line.switched_off:
            self.log.info("socket_mode_line_ended")
            return 0.0
        hopeless = line.switched_off or (isinstance(error, ChannelError) and error.permanent)
        self.failures += 1
        self.log.warning("socket_mode_line_broken", error=_words(error), tries=self.failures)
        if (hopeless or self.failures >= self.limits.told) and not self._told:
            self._told = True
            await self.said(_why(error, switched_off=line.switched_off))
        if hopeless:
            return self.limits.hopeless
        return float(min(self.limits.first * 2 ** min(self.failures - 1, 10), self.limits.longest))

    def keep(self, envelope: Json, info: Mapping[str, Any]) -> asyncio.Task[None]:
        """Store an envelope, whatever becomes of the line that it came over."""
        task = asyncio.create_task(self.take(envelope, info))
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    async def greeted(self) -> None:
        """A line works."""
        self.failures = 0
        if self._told:
            self._told = False
            await self.said(None)


@dataclass(slots=True, kw_only=True)
class Line:
    """One WebSocket; `replaced` is done when Slack asks for a new one; `info` is what the greeting says."""

    mode: SocketMode
    greeted: bool = False
    switched_off: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)
    replaced: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _keeping: set[asyncio.Task[None]] = field(default_factory=set)

    async def talk(self) -> None:
        """From the address to the end of the line; raises what broke it."""
        limits, address = self.mode.limits, await self.mode.open_line()
        opening = self.mode.session.ws_connect(
            address,
            heartbeat=limits.beat,
            max_msg_size=LARGEST,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        )
        async with asyncio.timeout(limits.hello):
            socket = await opening
        try:
            await self._hello(socket)
            await self._hear(socket)
        finally:
            with suppress(aiohttp.ClientError, OSError, asyncio.CancelledError):
                await socket.close()
            for task in self._keeping:
                task.cancel()

    async def _hello(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async with asyncio.timeout(self.mode.limits.hello):
            while not self.greeted:
                said = _said(await socket.receive())
                self.greeted = said.get("type") == "hello" or "envelope_id" in said
                self.info = said.get("connection_info") or {}
        if isinstance(said.get("envelope_id"), str):  # a click is as good as a greeting
            self._take(socket, said)
        self.mode.log.info("socket_mode_listens")
        await self.mode.greeted()

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await socket.receive()
            if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}:
                if isinstance(socket.exception(), (aiohttp.ServerTimeoutError, TimeoutError)):
                    raise Stale("no sign of life")
                return
            envelope = _said(message)
            if envelope.get("type") == "disconnect":
                if self._leaves(envelope):
                    return
            elif isinstance(envelope.get("envelope_id"), str):
                self._take(socket, envelope)

    def _leaves(self, envelope: Json) -> bool:
        """A warning or a refresh: another line, please. Whether this one is of no use any more."""
        self.mode.log.info("socket_mode_disconnect", reason=str(envelope.get("reason")))
        self.switched_off = envelope.get("reason") == "link_disabled"
        if not self.switched_off and not self.replaced.done():
            self.replaced.set_result(None)
        return self.switched_off

    def _take(self, socket: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
        task = asyncio.create_task(self._keep(socket, envelope))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep(self, socket: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
        """Store, then acknowledge; the store gets a second, and goes on after it."""
        keeping = self.mode.keep(envelope, self.info)
        await asyncio.wait({keeping}, timeout=self.mode.limits.keep)
        with suppress(aiohttp.ClientError, OSError):
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await asyncio.shield(keeping)


def _said(message: aiohttp.WSMessage) -> Json:
    """A text as JSON; raises Stale for the end of the line and for what is no Socket Mode."""
    if message.type is aiohttp.WSMsgType.TEXT:
        try:
            said = json.loads(message.data)
        except ValueError:
            said = None
        if isinstance(said, dict):
            return said
        raise Stale("not readable")
    if message.type is aiohttp.WSMsgType.ERROR:
        raise Stale(type(message.data).__name__)
    raise Stale(message.type.name.lower())


def _words(error: BaseException | None) -> str:
    if isinstance(error, ChannelError):
        return str(error.sentence)
    return f"{type(error).__name__}: {error}" if isinstance(error, Stale) else type(error).__name__


def _why(error: BaseException | None, *, switched_off: bool) -> Text:
    if switched_off:
        return text("Socket Mode is switched off for the Slack app")
    if isinstance(error, ChannelError):
        return error.sentence
    return text("the line to Slack breaks again and again ({error})", error=_words(error))
