"""Evil servers in a process of their own, so that nobody takes their work for that of the program that meets them.

    async with evils_apart(EVILS) as urls:
        … fetch urls["bomb-gzip"] …

`python -m smwatch.testing.apart KIND…` says its addresses in one line of JSON and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from smwatch.testing.servers import evil

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

LONGEST_LINE = 1024 * 1024


@asynccontextmanager
async def evils_apart(kinds: Iterable[str]) -> AsyncIterator[dict[str, str]]:
    """The address of one server for each of these kinds of `EVILS`."""
    words = (sys.executable, "-m", "smwatch.testing.apart", *kinds)
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def serve(kinds: Iterable[str]) -> None:
    """Be evil until the input ends."""
    async with AsyncExitStack() as stack:
        urls = {kind: await stack.enter_async_context(evil(kind)) for kind in kinds}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        await _input_ends()


async def _input_ends() -> None:
    ended = asyncio.Event()
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        if not os.read(source, 1):
            ended.set()

    loop.add_reader(source, look)
    await ended.wait()
    loop.remove_reader(source)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
