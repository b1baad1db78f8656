"""What comes over a connection that stays: lines, and the messages of a WebSocket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import WSMsgType

from smwatch.errors import Broken, Transient
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse, StreamReader

IDLE = 90.0  # seconds without a byte: servers of streams send a sign of life every 15 to 30
LONGEST = 1024 * 1024
SAID = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


async def lines_of(stream: StreamReader, host: str) -> AsyncIterator[str]:
    """Each line without its end; always ends in a SourceError, because a stream does not end."""
    rest = bytearray()
    while True:
        try:
            async with asyncio.timeout(IDLE):
                chunk = await stream.readany()
        except TimeoutError as error:
            raise Transient(text("{host} has sent nothing for {n} seconds", host=host, n=int(IDLE))) from error
        if not chunk:
            raise Transient(text("{host} has ended the stream", host=host))
        *whole, last = (rest + chunk).split(b"\n")
        rest = bytearray(last)
        if max(map(len, (rest, *whole))) > LONGEST:
            raise Broken(text("{host} sends lines of more than {n} MiB", host=host, n=LONGEST // 1024**2))
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")


async def messages_of(socket: ClientWebSocketResponse, host: str) -> AsyncIterator[str | bytes]:
    """Each message; always ends in a SourceError."""
    async for message in socket:
        if message.type in SAID:
            yield message.data
        elif message.type is WSMsgType.ERROR:
            raise Transient(text("the connection to {host} broke", host=host)) from socket.exception()
    raise Transient(text("{host} has ended the stream", host=host))
