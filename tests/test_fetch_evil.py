"""Evil servers against a client in a process of its own: what it says, and what it costs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from smwatch.testing.servers import EVILS, GOOD, EvilServer, FeedServer

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the system does not tell the most memory of a process"
)
MOST = 16 * 1024 * 1024  # bytes beyond what a good answer took, by FAILURES' A1

CHILD = """
import asyncio, json, re, sys
from pathlib import Path
from smwatch.config.model import Http
from smwatch.errors import SmwatchError
from smwatch.fetch.client import Client
from smwatch.fetch.request import Limits

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

async def main(urls):
    client = Client(Http(), limits=Limits(head=0.5, total=1.0, pause=0.0))
    await client.get(urls.pop("good"), allow_private=True)
    for kind, url in urls.items():
        Path("/proc/self/clear_refs").write_text("5")
        before = most()
        try:
            said = (await client.get(url, allow_private=True)).body.decode("utf-8", "replace")[:200]
        except SmwatchError as error:
            said = error.sentence.render("de")
        print(json.dumps([kind, said, most() - before]), flush=True)
    await client.close()

asyncio.run(main(json.loads(sys.argv[1])))
"""


async def test_nothing_that_a_server_does_costs_much_memory_or_stays_unexplained() -> None:
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(FeedServer())
        urls = {"good": good.put("/", GOOD)}
        for kind in EVILS:
            urls[kind] = (await stack.enter_async_context(EvilServer(kind))).url("/feed.xml")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, json.dumps(urls),
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        said, _ = await process.communicate()
    found: dict[str, tuple[str, int]] = {
        kind: (sentence, cost) for kind, sentence, cost in map(json.loads, said.splitlines())
    }
    assert set(found) == set(EVILS)
    assert {kind: cost for kind, (_, cost) in found.items() if cost >= MOST} == {}
    assert found.pop("unasked-304")[0] == ""  # the walk knows what was asked; see test_feed
    assert {kind: sentence for kind, (sentence, _) in found.items() if "Error" in sentence or len(sentence) < 20} == {}
    for kind in ("http-0.9", "not-http", "two-lengths", "header-flood", "long-header"):
        assert found[kind][0] == "der Server 127.0.0.1 antwortet nicht nach HTTP-Standard"
    assert found["redirect-private"][0] == "169.254.169.254 ist eine Adresse, die grundsätzlich nicht abgefragt wird"
