"""https://docs.bsky.app/docs/advanced-guides/firehose: Bluesky: every public post as it is written, and search.

It listens to Jetstream, which carries all posts of the network (some 50 a second); what your queries match is kept, the
rest passes by. Nothing needs a key for that. After a pause it goes on from where it was, as far back as the server
keeps (about a day at the public ones); what is missing is said. Deleted posts, and those of accounts that were deleted,
are heard of. Bluesky asks programs to listen rather than to search.

With `search` the network's index is asked as well, by your own account's server (`pds`, `user`, and an app password:
Settings → App passwords): it finds what was written before, and the likes and replies of that time.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

from smwatch.plugin import (
    AuthExpired,
    Author,
    Card,
    Field,
    Item,
    Page,
    Payload,
    Secret,
    Source,
    SourceContext,
    SourceError,
    Text,
    UserError,
    batches,
    bluesky_address,
    bluesky_author,
    bluesky_post,
    bluesky_view,
    hookimpl,
    read_address,
    read_payload,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from smwatch.hookspecs import RegisterSource

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JETSTREAM = "https://jetstream2.us-east.bsky.network/subscribe"
SECOND_WIRE = "network.bsky.jetstream.subscribeEvents"
POSTS = "app.bsky.feed.post"
FROM_WATCHES = "from-watches"
REWIND = 5_000_000  # µs: other servers of one name are a little behind
GAP = timedelta(minutes=5)  # the network is never silent for so long
KEPT_AT_LEAST = timedelta(hours=1)
OVERLAP = timedelta(minutes=10)  # between two searches: the index lags behind
PAGES = 10  # answers read of one search in one walk
PROFILES = 25  # asked for at once
GONE = frozenset({"deleted", "takendown"})  # states of an account whose posts are not to be shown any more
BAD_SESSION = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing"})


class BlueskySource(Source):
    """Public posts of Bluesky."""

    card: ClassVar[Card] = Card(
        title="Bluesky",
        docs="https://docs.bsky.app/",
        keyword_search=True,
        mentions=True,
        comments=True,
        author=True,
        followers=True,
        engagement=True,
        push=True,
        reply="api",
        gives=("hashtag", "mention", "tag", "type", "is", "contains", "links"),
        min_interval=timedelta(minutes=1),
        blind=text(
            "what was written while it did not listen for longer than the server keeps, and likes that come later"
        ),
        example='[[source]]\ntype = "bluesky"\n',
    )

    listening: bool = Field(default=True, description="Listens to every post of the network; false: only searches.")
    jetstream: str = Field(default=JETSTREAM, description="The address of the stream.")
    appview: str = Field(
        default="https://public.api.bsky.app", description="Where names and followers of authors are asked for."
    )
    search: str | tuple[str, ...] = Field(
        default=(), description='Words to search for, or "from-watches": the queries.'
    )
    pds: str = Field(default="https://bsky.social", description="Your account's server, for searches.")
    user: str | None = Field(default=None, description="Your account, for searches: acme.bsky.social.")
    password: Secret | None = Field(default=None, description="An app password of your account.")

    def model_post_init(self, _context: object) -> None:
        """Something to do, an account where one is needed, addresses that can be asked."""
        if not (self.listening or self.search):
            raise UserError(text("bluesky needs search, where listening is false"))
        if self.search and (self.user is None or self.password is None):
            raise UserError(text("search needs user and password: your account and an app password"))
        if self.password is not None and self.pds.startswith("http:") and not self.allow_private:
            raise UserError(text("a secret is only sent to https addresses"))
        for address in (self._stream_address(), self.pds, self.appview):
            read_address(address)

    def key(self) -> str:
        """Where it listens and what it searches for."""
        return json.dumps([self.jetstream if self.listening else "", self.search], ensure_ascii=False)

    def default_name(self) -> str:
        """One source is the whole network."""
        return "Bluesky"

    def searched(self) -> tuple[str, ...]:
        """The search, where its words come from the watches."""
        return ("bluesky",) if self.search == FROM_WATCHES else ()

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What the searches have found since the last walk; without a search there is nothing to ask."""
        if not self.search:
            return
        desk, failure = Desk(ctx, self), None
        try:
            for words in ctx.searches("bluesky") if self.search == FROM_WATCHES else _listed(self.search):
                async for items in desk.found(words):
                    yield Page(items=items)
        except SourceError as error:
            failure = error
        if failure is None or desk.renewed:  # a new session is kept whatever comes: few are allowed
            yield Page(cursor=desk.cursor())
        if failure is not None:
            raise failure

    def listens(self) -> bool:
        """Unless it only searches."""
        return self.listening

    async def listen(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """Posts as they are written, edited and deleted, a second's worth at a time."""
        async with aclosing(batches(self._events(ctx))) as found:
            async for events in found:
                yield self._page(events)

    def _stream_address(self) -> str:
        return f"http{self.jetstream.removeprefix('ws')}" if self.jetstream.startswith("ws") else self.jetstream

    async def _events(self, ctx: SourceContext) -> AsyncIterator[Event]:
        """From the cursor on; where the server does not go back so far, from now on, and the gap is told."""
        wire = SECOND if SECOND_WIRE in self.jetstream else FIRST
        address = f"{self._stream_address()}?{wire.asked}"
        if ctx.cursor:
            left = _moment(ctx.cursor) if wire.timed else None
            try:
                async for event in _read(ctx, address, wire, max(int(ctx.cursor) - wire.rewind, 0)):
                    if left and event.at and event.at - left > GAP and ctx.now - left > KEPT_AT_LEAST:
                        yield Event(note=_gap(left, event.at))
                    left = None
                    yield event
            except SourceError as error:
                if error.status != 400:  # noqa: PLR2004 - the cursor is refused: CursorTooOld
                    raise
            yield Event(note=_gap(left, ctx.now))
        async for event in _read(ctx, address, wire, None):
            yield event

    def _page(self, events: Sequence[Event]) -> Page:
        """A second of the stream: the last state of each post, what is gone, and how far we are."""
        items: dict[str, Item] = {}
        gone: dict[str, None] = {}
        for event in events:
            if event.gone:
                gone[event.gone] = None
            elif event.post:
                item = bluesky_post(event.did, event.rkey, event.post, self.name, event.at)
                gone.pop(item.id, None)
                items[item.id] = item
        return Page(
            items=tuple(items.values()),
            deleted=tuple(gone),
            cursor=next((event.cursor for event in reversed(events) if event.cursor), None),
            notes=tuple(event.note for event in events if event.note),
            passing=True,
        )

    async def look_up(self, ctx: SourceContext, items: Sequence[Item]) -> Sequence[Item]:
        """Names and followers of the authors: the stream carries only their numbers."""
        wanted = list(dict.fromkeys(item.author.native_id for item in items if item.author and item.author.native_id))
        known: dict[str, Author] = {}
        for start in range(0, len(wanted), PROFILES):
            query = "&".join(f"actors={quote(did)}" for did in wanted[start : start + PROFILES])
            answer = await ctx.http.get(f"{self.appview.rstrip('/')}/xrpc/app.bsky.actor.getProfiles?{query}")
            for one in read_payload(answer.body, urlsplit(self.appview).netloc).each("profiles"):
                known[one.text("did")] = bluesky_author(one.text("did"), one)
        return [
            replace(item, author=known.get((item.author and item.author.native_id) or "", item.author))
            for item in items
        ]


class Event(NamedTuple):
    """One thing that the stream says; `gone` is the post (or the account) that it takes back, `note` is for people."""

    did: str = ""
    rkey: str = ""
    cursor: str = ""
    at: datetime | None = None
    post: Payload = Payload(None)
    gone: str = ""
    note: Text | None = None


class Wire(NamedTuple):
    """How a Jetstream speaks: what it is asked for, how far to rewind, whether cursors are times, what a frame says."""

    asked: str
    rewind: int
    timed: bool
    event: Callable[[Payload], Event | None]


async def _read(ctx: SourceContext, address: str, wire: Wire, cursor: int | None) -> AsyncIterator[Event]:
    params = {} if cursor is None else {"cursor": str(cursor)}
    host = urlsplit(address).netloc
    async for message in ctx.http.websocket(address, params=params):
        if (event := wire.event(read_payload(message, host))) is not None:
            yield event


def _first(frame: Payload) -> Event | None:
    """`/subscribe`: the cursor is the time in microseconds, and holds at every server."""
    cursor = frame.text("time_us")
    known = Event(did=frame.text("did"), cursor=cursor, at=_moment(cursor))
    return _told(known, frame.at("account"), frame.at("commit")) if known.did else None


def _second(frame: Payload) -> Event | None:
    """`network.bsky.jetstream.subscribeEvents`: the cursor counts the events of one server."""
    said = frame.at("payload") or frame
    if said.text("name") == "OutdatedCursor":
        return Event(note=_gap(None, None))
    known = Event(did=said.text("did"), cursor=said.text("seq"), at=said.moment("time"))
    return _told(known, said.at("account"), said) if known.did else None


FIRST = Wire(f"wantedCollections={POSTS}", REWIND, timed=True, event=_first)
SECOND = Wire(f"kinds=commit&kinds=account&collections={POSTS}", 0, timed=False, event=_second)


def _told(known: Event, account: Payload, commit: Payload) -> Event:
    """An account that is gone, a post that was written or deleted, or only that time goes by."""
    if account.text("status") in GONE and account.at("active").value is False:
        return known._replace(gone=known.did)
    if commit.text("collection") != POSTS:
        return known
    rkey = commit.text("rkey")
    if commit.text("operation") == "delete":
        return known._replace(rkey=rkey, gone=bluesky_address(known.did, rkey))
    return known._replace(rkey=rkey, post=commit.at("record"))


def _moment(cursor: str) -> datetime | None:
    return EPOCH + timedelta(microseconds=int(cursor)) if cursor.isdecimal() else None


def _gap(since: datetime | None, until: datetime | None) -> Text:
    if since is None or until is None:
        return text("the stream could not go on from where it was: posts of the time between are missing")
    return text(
        "the stream could not go on from where it was: posts between {since} and {until} UTC are missing",
        since=f"{since:%d.%m. %H:%M}",
        until=f"{until:%d.%m. %H:%M}",
    )


class Desk:
    """One walk over the searches: the session at the account's server, and how far each search was read.

    The session's two tokens live in the cursor, because a server starts only few sessions a day.
    """

    def __init__(self, ctx: SourceContext, source: BlueskySource) -> None:
        kept = Payload(json.loads(ctx.cursor) if ctx.cursor else {})
        self.ctx, self.source = ctx, source
        self.access, self.refresh = kept.text("access"), kept.text("refresh")
        self.marks = {words: mark for words, mark in (kept.at("since").value or {}).items() if isinstance(mark, str)}
        self.began = self.renewed = False

    def cursor(self) -> str:
        """What the next walk needs."""
        kept = {"access": self.access, "refresh": self.refresh, "since": self.marks}
        return json.dumps(kept, ensure_ascii=False)

    async def found(self, words: str) -> AsyncIterator[tuple[Item, ...]]:
        """What a search has found since its mark, the newest first; a first one takes the newest page."""
        mark = self.marks.get(words, "")
        params = {"q": words, "sort": "latest", "limit": "100"}
        if mark:
            params["since"] = (datetime.fromisoformat(mark) - OVERLAP).isoformat().replace("+00:00", "Z")
        moments = [mark] if mark else []
        for _ in range(PAGES if mark else 1):
            answer = await self._ask("app.bsky.feed.searchPosts", params)
            posts = list(answer.each("posts"))
            moments += [at.isoformat() for post in posts if (at := post.moment("indexedAt"))]
            if posts:
                yield tuple(bluesky_view(post, self.source.name) for post in posts)
            if not posts or not answer.text("cursor"):
                break
            params["cursor"] = answer.text("cursor")
        self.marks[words] = max(moments, default=self.ctx.now.isoformat())

    async def _ask(self, method: str, params: Mapping[str, str]) -> Payload:
        """A question with the session; one that has run out is renewed, once."""
        if not self.access:
            await self._log_in()
        try:
            return await self._get(method, params)
        except SourceError as error:
            if not _ran_out(error):
                raise
        await self._renew()
        return await self._get(method, params)

    async def _get(self, method: str, params: Mapping[str, str]) -> Payload:
        headers = {"Authorization": f"Bearer {self.access}"}
        answer = await self.ctx.http.get(self._method(method), params=params, headers=headers)
        return read_payload(answer.body, self._host())

    async def _renew(self) -> None:
        """By the second token; where that has run out too, by the password."""
        try:
            headers = {"Authorization": f"Bearer {self.refresh}"}
            answer = await self.ctx.http.post(self._method("com.atproto.server.refreshSession"), headers=headers)
        except SourceError as error:
            if not _ran_out(error):
                raise
            await self._log_in()
        else:
            self._keep(answer.body)

    async def _log_in(self) -> None:
        """A new session: few of them are allowed, so a walk asks for one at most."""
        if self.began or self.source.password is None:
            raise AuthExpired(text("{host} ends every session at once", host=self._host()))
        self.began = True
        asked = {"identifier": self.source.user, "password": self.source.password.reveal()}
        try:
            answer = await self.ctx.http.post(self._method("com.atproto.server.createSession"), json=asked)
        except AuthExpired as error:
            told = text("{host} does not accept the app password of {user}", host=self._host(), user=self.source.user)
            raise AuthExpired(told, status=error.status) from error
        self._keep(answer.body)

    def _keep(self, body: bytes) -> None:
        session = read_payload(body, self._host())
        self.access, self.refresh = session.text("accessJwt"), session.text("refreshJwt")
        self.renewed = True

    def _method(self, name: str) -> str:
        return f"{self.source.pds.rstrip('/')}/xrpc/{name}"

    def _host(self) -> str:
        return urlsplit(self.source.pds).netloc


def _ran_out(error: SourceError) -> bool:
    """Whether a refusal only says that a token has run out."""
    if error.status not in {400, 401}:
        return False
    return error.status == 401 or any(f'"{word}"' in error.said for word in BAD_SESSION)  # noqa: PLR2004 - see above


def _listed(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return ((given,) if given else ()) if isinstance(given, str) else given


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "bluesky"`."""
    register("bluesky", BlueskySource)
