"""What streams bring: in batches, because one transaction takes many; from several at once; as events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, TypeVar

from smwatch.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

It = TypeVar("It")


async def batches(stream: AsyncIterator[It], most: int = 100, within: float = 1.0) -> AsyncGenerator[list[It], None]:
    """Lists of up to `most` things, each list at most `within` seconds after its first one came.

    Where the stream ends in a SourceError, what came before it is handed on first. The stream is closed with this.
    """
    loop = asyncio.get_running_loop()
    held: list[It] = []
    due: float | None = None
    end: Exception | None = None
    coming = asyncio.ensure_future(_next(stream))
    try:
        while end is None:
            await asyncio.wait({coming}, timeout=None if due is None else max(due - loop.time(), 0.0))
            if coming.done():
                try:
                    held.append(coming.result())
                except (SourceError, StopAsyncIteration) as error:
                    end = error
                else:
                    due = due or loop.time() + within
                    coming = asyncio.ensure_future(_next(stream))
            if held and (end or len(held) >= most or loop.time() >= (due or 0.0)):
                yield held
                held, due = [], None
        if isinstance(end, SourceError):
            raise end
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _next(stream: AsyncIterator[It]) -> It:
    return await anext(stream)


async def merged(*streams: AsyncIterator[It]) -> AsyncGenerator[It, None]:
    """What several streams bring, as it comes; ends, or raises, with the first of them that does."""
    queue: asyncio.Queue[It] = asyncio.Queue(1)

    async def pump(stream: AsyncIterator[It]) -> None:
        try:
            async for one in stream:
                await queue.put(one)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    pumps = [asyncio.create_task(pump(stream)) for stream in streams]
    try:
        while True:
            coming = asyncio.ensure_future(queue.get())
            await asyncio.wait({coming, *pumps}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                yield coming.result()
                continue
            coming.cancel()
            for ended in pumps:
                if ended.done():
                    ended.result()
                    return
    finally:
        for task in pumps:
            task.cancel()
        await asyncio.wait(pumps)


async def events(lines: AsyncIterator[str]) -> AsyncGenerator[tuple[str, str], None]:
    """Server-sent events out of their lines: name and data (https://html.spec.whatwg.org/#server-sent-events)."""
    name, data = "", list[str]()
    async for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield name or "message", "\n".join(data)
            name, data = "", []
