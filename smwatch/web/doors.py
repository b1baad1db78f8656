"""Doors of the web server: paths below which something is sent to smwatch, `/in/NAME` and the like.

A door reads the request within limits and hands it on as plain values; who may come in is decided behind it, over the
raw body. A body is never unpacked here: what was signed is what came.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from smwatch.source import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

LARGEST = 1024 * 1024  # bytes of a body
PATIENCE = 10.0  # seconds until all of it is here
AT_ONCE = 32
STEP = 64 * 1024


class Answer(Protocol):
    """What goes back, as `smwatch.receive.Reply` is it."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> str:
        """The text."""

    @property
    def content_type(self) -> str:
        """Its type."""

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the sender may come again."""


class Door(Protocol):
    """Who stands behind a path."""

    async def __call__(self, name: str, request: Request, /) -> Answer:
        """The answer to what came for `name`, the rest of the path."""


class Doors:
    """All doors by the first part of their path: `{"in": inbox.take}` opens `/in/NAME`."""

    def __init__(self, doors: Mapping[str, Door], clock: Callable[[], datetime]) -> None:
        self._doors = dict(doors)
        self._clock = clock
        self._open = 0

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Open them."""
        for path, door in self._doors.items():
            router.add_route("*", f"/{path}/{{name}}", self._handler(door))

    def _handler(self, door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if self._open >= AT_ONCE:
                return _refusal(503, "too many at once", {"Retry-After": "5"})
            self._open += 1
            try:
                return await self._serve(door, request)
            finally:
                self._open -= 1

        return handle

    async def _serve(self, door: Door, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return _refusal(415, "send the body as it is, not compressed")
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _read(request)
        except TimeoutError:
            return _refusal(408, "the body did not come in time", {"Connection": "close"})
        except (OSError, web.RequestPayloadError, HttpProcessingError):
            return _refusal(400, "the body is broken", {"Connection": "close"})
        if len(body) > LARGEST:
            return _refusal(413, f"the body is larger than {LARGEST} bytes", {"Connection": "close"})
        told = Request(
            method=request.method, headers=request.headers, body=body, now=self._clock(), query=request.query
        )
        answer = await door(request.match_info["name"], told)
        headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
        return web.Response(status=answer.status, text=answer.body, content_type=answer.content_type, headers=headers)


async def _read(request: web.Request) -> bytes:
    """The body, or just enough of it to know that it is too large."""
    if (request.content_length or 0) > LARGEST:
        return bytes(LARGEST + 1)
    body = bytearray()
    async for piece in request.content.iter_chunked(STEP):
        body += piece
        if len(body) > LARGEST:
            break
    return bytes(body)


def _refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{status}: {reason}\n", headers=headers)
