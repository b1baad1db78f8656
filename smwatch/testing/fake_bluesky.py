"""Bluesky with behaviour, on loopback: Jetstream (both wires), an account's server with sessions and search, profiles.

    async with FakeBluesky() as network:
        erika = network.account("erika.bsky.example", "Erika Mustermann", followers=12)
        post = network.posts(erika, "Acme ruft zurück")
        network.edits(post, "Acme ruft nicht zurück")
        network.deletes(post)
        network.forgets()     # what a server does not keep can not be replayed

Built from https://github.com/bluesky-social/jetstream and the lexicons of network.bsky.jetstream, com.atproto.server
and app.bsky: the first wire replays from a time in microseconds and begins silently with the oldest event that it
keeps; the second counts events and refuses a number that is too old with 400 CursorTooOld.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
POSTS = "app.bsky.feed.post"
PAGE = 100
MICROSECONDS = 10**15  # a cursor of at least so much is a time


@dataclass(slots=True)
class Post:
    """A post as it stands; `record` is None once it was deleted."""

    did: str
    rkey: str
    record: Json | None
    likes: int = 0

    @property
    def uri(self) -> str:
        """Its id."""
        return f"at://{self.did}/{POSTS}/{self.rkey}"


@dataclass(slots=True)
class _Ear:
    wanted: list[str]
    second: bool
    queue: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue)


class FakeBluesky:
    """The network; `password` is the app password of the account `user`."""

    def __init__(self, *, clock: Callable[[], datetime] | None = None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.user, self.password = "acme.bsky.example", "abcd-efgh-ijkl-mnop"
        self.accounts: dict[str, Json] = {}
        self.all: list[Post] = []
        self.events: list[Json] = []
        self.floor = 0
        self.ears: list[_Ear] = []
        self.asked: list[web.Request] = []
        self.sessions = 0
        self.index = True  # whether the search answers; a development network has none
        self._numbers = count(1)
        self._access: set[str] = set()
        self._refresh: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/subscribe", self._first)
        app.router.add_get("/xrpc/network.bsky.jetstream.subscribeEvents", self._second)
        app.router.add_post("/xrpc/com.atproto.server.createSession", self._create)
        app.router.add_post("/xrpc/com.atproto.server.refreshSession", self._renew)
        app.router.add_get("/xrpc/app.bsky.feed.searchPosts", self._search)
        app.router.add_get("/xrpc/app.bsky.actor.getProfiles", self._profiles)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cuts()
        assert self._runner is not None
        await self._runner.cleanup()

    # what people do

    def account(self, handle: str, name: str = "", *, followers: int = 0) -> str:
        """A new account; its number (did) comes back."""
        did = f"did:plc:{next(self._numbers):0>24}"
        self.accounts[did] = {"did": did, "handle": handle, "displayName": name, "followersCount": followers}
        return did

    def posts(self, did: str, words: str, **more: Any) -> Post:  # noqa: ANN401 - fields of a record
        """A post; `more` are fields of its record."""
        record = {"$type": POSTS, "createdAt": _iso(self.clock()), "langs": ["de"], "text": words} | more
        post = Post(did, f"3m{next(self._numbers):0>11}", record)
        self.all.append(post)
        self._commit("create", post)
        return post

    def edits(self, post: Post, words: str) -> None:
        """Other words in the same record."""
        post.record = {**(post.record or {}), "text": words}
        self._commit("update", post)

    def deletes(self, post: Post) -> None:
        """The post is gone."""
        post.record = None
        self._commit("delete", post)

    def likes(self, did: str, post: Post) -> None:
        """Somebody likes it: another collection."""
        post.likes += 1
        record = {"$type": "app.bsky.feed.like", "subject": {"uri": post.uri}}
        commit = {"operation": "create", "collection": "app.bsky.feed.like", "rkey": "3l", "record": record}
        self._say({"did": did, "kind": "commit", "commit": commit})

    def ends(self, did: str, status: str = "deleted") -> None:
        """The account is gone, or hidden ("takendown", "deactivated")."""
        self._say({"did": did, "kind": "account", "account": {"active": False, "did": did, "status": status}})

    def forgets(self) -> None:
        """Nothing from before now can be replayed any more."""
        self.floor = int(self.clock().timestamp() * 1e6)
        self.events.clear()

    def cuts(self) -> None:
        """Every connection ends."""
        for ear in self.ears:
            ear.queue.put_nowait(None)
        self.ears.clear()

    def expires(self, *, both: bool = False) -> None:
        """The tokens of all sessions run out; the ones that renew them only with `both`."""
        self._access.clear()
        if both:
            self._refresh.clear()

    # streams

    def _commit(self, operation: str, post: Post) -> None:
        commit: Json = {"rev": "3m", "operation": operation, "collection": POSTS, "rkey": post.rkey}
        if post.record is not None:
            commit |= {"record": post.record, "cid": "bafyreia"}
        self._say({"did": post.did, "kind": "commit", "commit": commit})

    def _say(self, event: Json) -> None:
        now = int(self.clock().timestamp() * 1e6)
        last = self.events[-1]["time_us"] if self.events else 0
        event |= {"time_us": max(now, last + 1), "seq": next(self._numbers)}
        self.events.append(event)
        for ear in self.ears:
            ear.queue.put_nowait(event)

    async def _first(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("cursor", "0"))
        replayed = [one for one in self.events if one["time_us"] >= since] if "cursor" in request.query else []
        return await self._speak(request, _Ear(request.query.getall("wantedCollections", []), second=False), replayed)

    async def _second(self, request: web.Request) -> web.StreamResponse:
        replayed: list[Json] = []
        if "cursor" in request.query:
            since = int(request.query["cursor"])
            name = "time_us" if since >= MICROSECONDS else "seq"
            floor = self.events[0]["seq"] if self.events else next(self._numbers)
            if name == "seq" and since < floor:
                return _refusal(400, "CursorTooOld", f"the oldest event is {floor}")
            replayed = [one for one in self.events if one[name] >= since]
            if name == "time_us" and since < self.floor:
                replayed.insert(0, {"kind": "info"})
        return await self._speak(request, _Ear(request.query.getall("collections", []), second=True), replayed)

    async def _speak(self, request: web.Request, ear: _Ear, replayed: list[Json]) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.ears.append(ear)
        for event in replayed:
            await self._send(socket, ear, event)
        while (said := await ear.queue.get()) is not None:
            await self._send(socket, ear, said)
        await socket.close()
        return socket

    async def _send(self, socket: web.WebSocketResponse, ear: _Ear, event: Json) -> None:
        if event["kind"] == "commit" and ear.wanted and event["commit"]["collection"] not in ear.wanted:
            return
        await socket.send_str(json.dumps(_second_frame(event) if ear.second else _first_frame(event)))

    # sessions, search, profiles

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's handler
        self.asked.append(request)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if (asked["identifier"], asked["password"]) != (self.user, self.password):
            return _refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        self.sessions += 1
        return self._session()

    async def _renew(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._refresh:
            return _refusal(400, "ExpiredToken", "Token has been revoked")
        self._refresh.discard(token)
        return self._session()

    def _session(self) -> web.Response:
        number = next(self._numbers)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self._access.add(access)
        self._refresh.add(refresh)
        return web.json_response({"accessJwt": access, "refreshJwt": refresh, "handle": self.user, "did": "did:plc:me"})

    async def _search(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._access:
            return _refusal(400, "ExpiredToken", "Token has expired")
        if not self.index:
            return _refusal(502, "UpstreamFailure", "Upstream service unreachable")
        words, since = request.query["q"].lower().replace('"', "").split(), request.query.get("since", "")
        found = [
            one for one in reversed(self.all) if one.record and all(w in one.record["text"].lower() for w in words)
        ]
        found = [one for one in found if one.record and one.record["createdAt"] >= since]
        start = int(request.query.get("cursor", "0"))
        page = found[start : start + min(int(request.query["limit"]), PAGE)]
        more = {"cursor": str(start + PAGE)} if len(found) > start + PAGE else {}
        return web.json_response({"posts": [self._view(one) for one in page], "hitsTotal": len(found)} | more)

    def _view(self, post: Post) -> Json:
        author = {name: self.accounts[post.did][name] for name in ("did", "handle", "displayName")}
        indexed = (post.record or {})["createdAt"]
        counts = {"likeCount": post.likes, "replyCount": 0, "repostCount": 0, "quoteCount": 0}
        return {"uri": post.uri, "cid": "bafy", "author": author, "record": post.record, "indexedAt": indexed} | counts

    async def _profiles(self, request: web.Request) -> web.Response:
        wanted = request.query.getall("actors")
        if len(wanted) > 25:
            return _refusal(400, "InvalidRequest", "actors must not have more than 25 elements")
        return web.json_response({"profiles": [self.accounts[did] for did in wanted if did in self.accounts]})


def _first_frame(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "seq"}


def _second_frame(event: Json) -> Json:
    if event["kind"] == "info":
        return {"payload": {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor"}}
    time = datetime.fromtimestamp(event["time_us"] / 1e6, UTC).isoformat()
    said = {"seq": event["seq"], "did": event["did"], "time": time}
    if event["kind"] == "commit":
        return {"payload": {"$type": "network.bsky.jetstream.subscribeEvents#commit", **said, **event["commit"]}}
    return {"payload": {"$type": "network.bsky.jetstream.subscribeEvents#account", **said, "account": event["account"]}}


def _refusal(status: int, error: str, message: str) -> web.Response:
    return web.json_response({"error": error, "message": message}, status=status)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
