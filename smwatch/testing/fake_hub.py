"""A WebSub hub on loopback that behaves as hubs do: it verifies, grants leases, distributes signed content.

async with FakeHub() as hub:
    … a feed names hub.url …
    await hub.subscribed("https://…/feed.xml")
    await hub.distribute("https://…/feed.xml", body)
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Self

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Subscriber:
    """Somebody whose intent was verified."""

    callback: str
    topic: str
    secret: str
    lease: int


@dataclass(slots=True)
class FakeHub:
    """`lease` is what it grants, whatever it is asked for; `asked` are all requests, oldest first.

    It is rude where a test wants it: `silent` never verifies, `refuses` answers with that status, `denies` says no to
    the subscriber, `echoes` asks about another topic.
    """

    lease: int = 1000
    silent: bool = False
    refuses: int = 0
    denies: bool = False
    echoes: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)  # of subscribers to verifications
    url: str = ""
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hub", self._hub)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hub"
        self._session = aiohttp.ClientSession(trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._session is not None
        assert self._runner is not None
        await self._session.close()
        await self._runner.cleanup()

    async def _hub(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        if self.refuses:
            return web.Response(status=self.refuses, text="no")
        if not self.silent:
            task = asyncio.create_task(self._verify(form))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    async def _verify(self, form: Mapping[str, str]) -> None:
        topic, callback, mode = form["hub.topic"], form["hub.callback"], form["hub.mode"]
        if self.denies:
            self.answers.append((await self.call(callback, {"hub.mode": "denied", "hub.topic": topic}))[0])
            return
        challenge = secrets.token_hex(16)
        query = {"hub.mode": mode, "hub.topic": self.echoes or topic, "hub.challenge": challenge}
        if mode == "subscribe":
            query["hub.lease_seconds"] = str(self.lease)
        status, body = await self.call(callback, query)
        self.answers.append(status)
        if status != 200 or body != challenge:
            return
        if mode == "subscribe":
            self.subscribers[callback] = Subscriber(callback, topic, form.get("hub.secret", ""), self.lease)
        else:
            self.subscribers.pop(callback, None)

    async def call(self, callback: str, query: Mapping[str, str]) -> tuple[int, str]:
        """GET the callback; its status and what it says."""
        assert self._session is not None
        async with self._session.get(callback, params=query) as answer:
            return answer.status, await answer.text()

    async def distribute(self, topic: str, body: str | bytes, *, method: str = "sha256", secret: str = "") -> list[int]:
        """Send content to all who subscribe to `topic`, signed; what they answer. Who says 410 is forgotten."""
        found = [one for one in self.subscribers.values() if one.topic == topic]
        raw = body.encode() if isinstance(body, str) else body
        statuses = []
        for one in found:
            signature = hmac.new((secret or one.secret).encode(), raw, method or "sha256").hexdigest()
            headers = {"X-Hub-Signature": f"{method}={signature}"} if method else {}
            statuses.append(await self.post(one.callback, raw, headers))
            if statuses[-1] == 410:
                del self.subscribers[one.callback]
        return statuses

    async def post(self, callback: str, body: bytes, headers: Mapping[str, str]) -> int:
        """POST to a callback; its status."""
        assert self._session is not None
        kind = {"Content-Type": "application/rss+xml", **headers}
        async with self._session.post(callback, data=BytesIO(body), headers=kind) as answer:
            await answer.read()
            return answer.status
