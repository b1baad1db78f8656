"""A Mastodon server with behaviour, on loopback: timelines that page, search, accounts, streams, limits, refusals.

    async with FakeMastodon() as server:
        post = server.posts("Acme ruft zurück", tags=["acme"])
        server.edits(post, "Acme ruft nicht zurück")
        server.deletes(post)

Built from https://docs.joinmastodon.org/methods/: ids are strings that grow, `min_id` walks forward, answers carry Link
and X-RateLimit headers (the reset as an ISO date), hashtags are compared without accents, streams need the token.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Self
from unicodedata import normalize

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Json = dict[str, Any]
RESET = timedelta(minutes=5)


@dataclass(slots=True)
class _Stream:
    """Somebody who listens: to a hashtag, or to everything (None)."""

    tag: str | None
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)


class FakeMastodon:
    """One server. `limit` is how many calls it still answers; `access` is its rule for hashtags."""

    def __init__(self, *, token: str = "secret-token", clock: Callable[[], datetime] | None = None) -> None:  # noqa: S107 - a fake one
        self.token = token
        self.clock = clock or (lambda: datetime.now(UTC))
        self.statuses: list[Json] = []
        self.asked: list[web.Request] = []
        self.access = "public"  # of hashtags, for those without a token: "public", "authenticated", "disabled"
        self.remote = ""  # the same for posts of other servers; "" is as `access`
        self.says_so = True  # whether a server that shows nothing to strangers refuses, or only shows nothing
        self.indexed = True  # whether it has full-text search
        self.limit = 300
        self.streams: list[_Stream] = []
        self._number = 117_000_000_000_000_000
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._gate])
        app.router.add_get("/api/v1/timelines/tag/{tag}", self._tag)
        app.router.add_get("/api/v2/search", self._search)
        app.router.add_get("/api/v1/accounts/lookup", self._lookup)
        app.router.add_get("/api/v1/accounts/{id}/statuses", self._of_account)
        app.router.add_get("/api/v2/instance", self._instance)
        app.router.add_get("/api/v1/streaming/{way}", self._stream)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cuts()
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def host(self) -> str:
        """Name and port."""
        return self.url.removeprefix("http://")

    # what people do

    def posts(self, words: str, *, tags: Sequence[str] = (), who: str = "erika", **more: Any) -> Json:  # noqa: ANN401 - fields of a status
        """A post; `more` are fields of its JSON, `who` may be somebody of another server ("max@andere.example")."""
        number = self.number()
        shown = "".join(
            f' <a href="{self.url}/tags/{tag}" class="mention hashtag">#<span>{tag}</span></a>' for tag in tags
        )
        status = self.status(number, f"<p>{escape(words)}{shown}</p>", who)
        status |= {"tags": [{"name": tag, "url": f"{self.url}/tags/{tag}"} for tag in tags]} | more
        self.statuses.append(status)
        self._tell("update", status, status)
        return status

    def hears_of(self, status: Json) -> Json:
        """A post of another server arrives here, under a number of its own."""
        host = status["uri"].split("/")[2]
        account = status["account"] | {"acct": f"{status['account']['username']}@{host}"}
        copy = status | {"id": self.number(), "account": account}
        self.statuses.append(copy)
        self._tell("update", copy, copy)
        return copy

    def edits(self, status: Json, words: str) -> None:
        """Other words under the same post."""
        status |= {"content": f"<p>{escape(words)}</p>", "edited_at": _moment(self.clock())}
        self._tell("status.update", status, status)

    def deletes(self, status: Json) -> None:
        """The post is gone; streams hear its number."""
        self.statuses.remove(status)
        self._tell("delete", status["id"], status)

    def cuts(self) -> None:
        """Every stream ends."""
        for one in self.streams:
            one.queue.put_nowait(None)
        self.streams.clear()

    def number(self) -> str:
        """The next id."""
        self._number += 65_537
        return str(self._number)

    def status(self, number: str, content: str, who: str) -> Json:
        """A status as the API gives it."""
        name, _, host = who.partition("@")
        home = f"https://{host}" if host else self.url
        return {
            "id": number,
            "created_at": _moment(self.clock()),
            "in_reply_to_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "de",
            "uri": f"{home}/users/{name}/statuses/{number}",
            "url": f"{home}/@{name}/{number}",
            "replies_count": 1,
            "reblogs_count": 2,
            "favourites_count": 3,
            "edited_at": None,
            "content": content,
            "reblog": None,
            "account": {
                "id": f"1{abs(hash(who)) % 10**9}",
                "username": name,
                "acct": who,
                "display_name": name.title(),
                "bot": False,
                "url": f"{home}/@{name}",
                "uri": f"{home}/users/{name}",
                "followers_count": 120,
            },
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "card": None,
            "poll": None,
        }

    # what it answers

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's handler
        self.asked.append(request)
        reset = (self.clock() + RESET).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if request.headers.get("Authorization", f"Bearer {self.token}") != f"Bearer {self.token}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        self.limit -= 1
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(self.limit), "X-RateLimit-Reset": reset}
        if self.limit < 0:
            return web.json_response({"error": "Too many requests"}, status=429, headers=limits)
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers.update(limits)
        return response

    def _is_member(self, request: web.Request) -> bool:
        return "Authorization" in request.headers

    async def _tag(self, request: web.Request) -> web.Response:
        if self.access != "public" and not self._is_member(request):
            refused = {"error": "This method requires an authenticated user"}
            return web.json_response(refused, status=422) if self.says_so else web.json_response([])
        wanted = _folded(request.match_info["tag"])
        return self._page(request, [one for one in self.statuses if wanted in map(_folded, _tags(one))])

    async def _of_account(self, request: web.Request) -> web.Response:
        return self._page(request, [one for one in self.statuses if one["account"]["id"] == request.match_info["id"]])

    def _page(self, request: web.Request, statuses: list[Json]) -> web.Response:
        limit = min(int(request.query.get("limit", "20")), 40)
        found = sorted(statuses, key=lambda one: int(one["id"]), reverse=True)
        if minimum := request.query.get("min_id"):
            found = [one for one in found if int(one["id"]) > int(minimum)][-limit:]
        if maximum := request.query.get("max_id"):
            found = [one for one in found if int(one["id"]) < int(maximum)]
        found = found[:limit]
        if not found:
            return web.json_response([])
        here = f"{self.url}{request.path}?limit={limit}"
        link = f'<{here}&max_id={found[-1]["id"]}>; rel="next", <{here}&min_id={found[0]["id"]}>; rel="prev"'
        return web.json_response(found, headers={"Link": link})

    async def _search(self, request: web.Request) -> web.Response:
        if not self._is_member(request):
            return web.json_response({"error": "This method requires an authenticated user"}, status=401)
        words = _folded(request.query["q"]).split()
        found = [
            one for one in self.statuses if self.indexed and all(word in _folded(one["content"]) for word in words)
        ]
        found = [one for one in found if int(one["id"]) > int(request.query.get("min_id", "0"))][::-1]
        start = int(request.query.get("offset", "0"))
        found = found[start : start + min(int(request.query.get("limit", "20")), 40)]
        return web.json_response({"accounts": [], "hashtags": [], "statuses": found})

    async def _lookup(self, request: web.Request) -> web.Response:
        wanted = request.query["acct"].removesuffix(f"@{self.host}")
        for one in self.statuses:
            if one["account"]["acct"] == wanted:
                return web.json_response(one["account"])
        return web.json_response({"error": "Record not found"}, status=404)

    async def _instance(self, _request: web.Request) -> web.Response:
        feeds = {"local": self.access, "remote": self.remote or self.access}
        streaming = self.url.replace("http://", "ws://")
        about = {"urls": {"streaming": streaming}, "timelines_access": {"hashtag_feeds": feeds}}
        return web.json_response({"domain": self.host, "version": "4.6.4", "configuration": about})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self._is_member(request):
            return web.json_response({"error": "Missing access token"}, status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        tag = request.query["tag"] if request.match_info["way"] == "hashtag" else None
        stream = _Stream(tag)
        self.streams.append(stream)
        await response.write(b":)\n")
        with suppress(ConnectionError, asyncio.CancelledError):
            while (said := await stream.queue.get()) is not None:
                await response.write(said.encode())
        return response

    def _tell(self, event: str, payload: Json | str, status: Json) -> None:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        tags = list(map(_folded, _tags(status)))
        for one in self.streams:
            if one.tag is None or _folded(one.tag) in tags:
                one.queue.put_nowait(f"event: {event}\ndata: {data}\n\n")


def _tags(status: Json) -> list[str]:
    return [tag["name"] for tag in status["tags"]]


def _folded(words: str) -> str:
    return "".join(char for char in normalize("NFKD", words.lower()) if not "\u0300" <= char <= "\u036f")


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
