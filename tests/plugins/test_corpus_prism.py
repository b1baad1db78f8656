"""What our sources ask, judged by the vendors' own OpenAPI specs: Prism checks every request against them.

Needs Node with Prism (npm install @stoplight/prism-cli@5.16.0, and its `prism` on the PATH or in ./node_modules/.bin)
and the specs in the folder that SMWATCH_CORPUS names. The sources are walked over our own servers, which remember a
cursor as the real ones do; each request that they were sent is then put to Prism.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
import pytest
from smwatch.plugins.forum import ForumSource
from smwatch.plugins.mastodon import MastodonSource

from smwatch.secret import Secret
from smwatch.testing.boards import Discourse
from smwatch.testing.fake_mastodon import FakeMastodon
from smwatch.testing.source_kit import walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

SPECS = Path(os.environ.get("SMWATCH_CORPUS", "/nowhere")) / "platforms" / "specs"
PRISM = shutil.which("prism", path=os.pathsep.join([os.environ.get("PATH", ""), "node_modules/.bin"]))
START = 60.0  # seconds; it reads some specs for half a minute
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SPECS.is_dir(), reason="SMWATCH_CORPUS does not name a folder with platforms/specs"),
    pytest.mark.skipif(PRISM is None, reason="Prism is not installed (npm install @stoplight/prism-cli@5.16.0)"),
]


class Asked(NamedTuple):
    """A request of one of our sources."""

    path: str
    headers: Mapping[str, str]


@asynccontextmanager
async def prism(spec: Path) -> AsyncIterator[str]:
    """The address of a Prism that holds requests to `spec`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), str(spec), stdout=asyncio.subprocess.PIPE
    )
    drain = None
    try:
        async with asyncio.timeout(START):
            async for line in process.stdout:
                if b"is listening" in line:
                    break
            else:
                pytest.fail(f"Prism does not start with {spec.name}")
        drain = asyncio.create_task(process.stdout.read())
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if drain is not None:
            await drain


async def refused(spec: Path, asked: Iterable[Asked]) -> dict[str, str]:
    """What Prism does not accept: each path, with the status and the words of its answer."""
    found: dict[str, str] = {}
    async with prism(spec) as judge, aiohttp.ClientSession() as session:
        for path, headers in asked:
            sent = {name: it for name, it in headers.items() if name.lower() not in ("host", "accept-encoding")}
            async with session.get(judge + path, headers={**sent, "Accept": "application/json, */*"}) as answer:
                if answer.status >= 400:
                    found[path] = f"{answer.status} {await answer.text()}"
    return found


def of_a_forum(board: Discourse) -> list[Asked]:
    """What stands in Discourse's documents: not the page and the rules for robots."""
    return [Asked(it.path, it.headers) for it in board.requests if ".json" in it.path]


async def walks(board: Discourse, path: str = "/", **keys: object) -> None:
    """Two walks over a forum in which something was written between them."""
    source = ForumSource.model_validate(
        {"type": "forum", "name": "x", "url": board.url(path), "allow_private": True, **keys}
    )
    async with walker(source) as core:
        await core.walk()
        for number in range(120):
            board.writes("Lange Leitung", "koch", f"Beitrag {number} über Acme")
        await core.walk()


@pytest.fixture
async def board(monkeypatch) -> AsyncIterator[Discourse]:
    monkeypatch.setenv("FORUM_KEY", "geheim-123")
    async with Discourse() as found:
        found.writes("Neue Maschinen", "frau_schmidt", "Die Acme 3000 ist laut.")
        found.put("/c/technik/5.json", json.dumps(found._topics()), content_type="application/json")
        yield found


async def asked_of_a_forum(board: Discourse, **keys: object) -> list[Asked]:
    """Everything that a forum by Discourse may be asked: by post, by thread, by section."""
    await walks(board, **keys)
    board.closed = True
    await walks(board, **keys)
    board.put(
        "/c/technik/5",
        '<meta name="generator" content="Discourse 3.6">',
        content_type="text/html; charset=utf-8",
        validators=(),
    )
    await walks(board, "/c/technik/5", **keys)
    return of_a_forum(board)


async def test_discourse_with_a_key_accepts_everything(board):
    asked = await asked_of_a_forum(board, api_key=Secret("env", "FORUM_KEY"))
    kinds = {one.path.partition("?")[0].split("/")[1] for one in asked}
    assert kinds == {"posts.json", "latest.json", "t", "c"}
    assert await refused(SPECS / "discourse" / "openapi.json", asked) == {}


async def test_discourse_without_a_key_refuses_only_what_its_spec_demands_one_for(board):
    """Real forums answer these to everybody; the spec was written for administrators."""
    asked = await asked_of_a_forum(board)
    found = await refused(SPECS / "discourse" / "openapi.json", asked)
    assert {path.partition("?")[0].split("/")[1] for path in found} == {"latest.json", "t"}
    assert all("api-key" in why.lower() for why in found.values())


@pytest.fixture
async def fediverse(monkeypatch) -> AsyncIterator[FakeMastodon]:
    monkeypatch.setenv("MASTODON_TOKEN", "secret-token")
    async with FakeMastodon(token="secret-token") as server:
        server.posts("Acme ruft zurück", tags=("acme",))
        yield server


def follows(server: FakeMastodon, **keys: object) -> MastodonSource:
    return MastodonSource.model_validate(
        {"type": "mastodon", "name": "x", "server": server.url, "allow_private": True, **keys}
    )


async def walked(server: FakeMastodon, source: MastodonSource) -> None:
    """Two walks; between them more is written than one page holds."""
    async with walker(source) as core:
        await core.walk()
        for number in range(60):
            server.posts(f"Acme werke {number}", tags=("acme",))
        await core.walk()


async def listened(server: FakeMastodon, source: MastodonSource) -> None:
    """The stream of a source, until it has brought something."""
    async with walker(source) as core, aclosing(source.listen(core.context())) as pages:
        heard = asyncio.ensure_future(anext(pages))
        while not server.streams:
            await asyncio.sleep(0)
        server.posts("Acme ruft zurück", tags=("acme",))
        await heard
    server.cuts()


def of_mastodon(server: FakeMastodon) -> list[Asked]:
    return [Asked(one.path_qs, dict(one.headers)) for one in server.asked]


async def test_mastodon_with_a_token_accepts_everything(fediverse):
    token, account = Secret("env", "MASTODON_TOKEN"), f"@erika@{fediverse.host}"
    everything = follows(
        fediverse, hashtags=["acme", "müller"], search=["acme werke", "#grün"], accounts=[account], token=token
    )
    await walked(fediverse, everything)
    await listened(fediverse, follows(fediverse, hashtags=["acme"], token=token))
    await listened(fediverse, follows(fediverse, public=True, token=token))
    asked = of_mastodon(fediverse)
    assert {
        "/api/v1/timelines/tag/acme", "/api/v2/search", "/api/v1/accounts/lookup", "/api/v2/instance",
        "/api/v1/streaming/hashtag", "/api/v1/streaming/public",
    } <= {one.path.partition("?")[0] for one in asked}  # fmt: skip
    assert await refused(SPECS / "mastodon" / "schema.json", asked) == {}


async def test_mastodon_without_a_token_is_asked_for_one_and_nothing_else(fediverse):
    """The spec knows no public answers; real servers give these to everybody (docs.joinmastodon.org: "OAuth: Public")."""
    await walked(fediverse, follows(fediverse, hashtags=["acme"], accounts=[f"@erika@{fediverse.host}"]))
    found = await refused(SPECS / "mastodon" / "schema.json", of_mastodon(fediverse))
    assert {why.split()[0] for why in found.values()} == {"401"}
    assert not any("/instance" in path for path in found)
