"""https://docs.bsky.app/docs/advanced-guides/firehose: Bluesky: every public post as it is written, and search.

It listens to Jetstream, which carries all posts of the network (some 50 a second); what your queries match is kept, the
rest passes by. Nothing needs a key for that. After a pause it goes on from where it was, as far back as the server
keeps (about a day at the public ones), also at another of the four servers; what is missing is said. Deleted posts, and
those of accounts that were deleted, are heard of. Bluesky asks programs to listen rather than to search.

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
    from collections.abc import AsyncIterator, Mapping, Sequence

    from smwatch.hookspecs import RegisterSource

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JETSTREAM = tuple(
    f"https://jetstream{number}.{coast}.bsky.network/subscribe" for coast in ("us-east", "us-west") for number in (2, 1)
)
SECOND_WIRE = "network.bsky.jetstream.subscribeEvents"
POSTS = "app.bsky.feed.post"
FROM_WATCHES = "from-watches"
REWIND = 5_000_000  # µs: servers are not equally far
TIMED = 10**15
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
    jetstream: str | tuple[str, ...] = Field(
        default=JETSTREAM,
        description="The stream's address, or several: where one cannot be reached, the next is asked.",
    )
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
        for address in (*self._streams(), self.pds, self.appview):
            read_address(address)

    def key(self) -> str:
        """Whether it listens and what it searches for; which server it hears does not matter."""
        return json.dumps(["listens" if self.listening else "", self.search], ensure_ascii=False)

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

    def _streams(self) -> list[str]:
        """The servers' addresses; web sockets begin as web pages do."""
        given = (self.jetstream,) if isinstance(self.jetstream, str) else self.jetstream
        return [f"http{one.removeprefix('ws')}" if one.startswith("ws") else one for one in given]

    async def _events(self, ctx: SourceContext) -> AsyncIterator[Event]:
        """What the first server brings that can be reached; another goes on where this one left off."""
        failure: SourceError | None = None
        for address in self._streams():
            begun = False
            try:
                async for event in _followed(ctx, address):
                    begun = True
                    yield event
            except SourceError as error:
                if begun:
                    raise
                failure = error
        if failure is not None:
            raise failure

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


async def _followed(ctx: SourceContext, address: str) -> AsyncIterator[Event]:
    """From the cursor on; where the server does not go back so far, from now on, and the gap is told.

    A cursor is a time in microseconds: so it holds at every server, on either wire.
    """
    if ctx.cursor:
        left = _moment(ctx.cursor)
        try:
            async for event in _read(ctx, address, max(int(ctx.cursor) - REWIND, 0)):
                if left and event.at and event.at - left > GAP and ctx.now - left > KEPT_AT_LEAST:
                    yield Event(note=_gap(left, event.at))
                left = None
                yield event
        except SourceError as error:
            if error.status != 400:  # noqa: PLR2004 - the cursor is refused: CursorTooOld
                raise
        yield Event(note=_gap(left, ctx.now))
    async for event in _read(ctx, address, None):
        yield event


async def _read(ctx: SourceContext, address: str, cursor: int | None) -> AsyncIterator[Event]:
    second = SECOND_WIRE in address
    asked = f"kinds=commit&kinds=account&collections={POSTS}" if second else f"wantedCollections={POSTS}"
    params = {} if cursor is None else {"cursor": str(cursor)}
    host = urlsplit(address).netloc
    async for message in ctx.http.websocket(f"{address}?{asked}", params=params):
        frame = read_payload(message, host)
        if (event := second_wire(frame) if second else first_wire(frame)) is not None:
            yield event


def first_wire(frame: Payload) -> Event | None:
    """`/subscribe`: an event says its time in microseconds."""
    cursor = frame.text("time_us")
    known = Event(did=frame.text("did"), cursor=cursor, at=_moment(cursor))
    return _told(known, frame.at("account"), frame.at("commit")) if known.did else None


def second_wire(frame: Payload) -> Event | None:
    """`network.bsky.jetstream.subscribeEvents`: an event says its number on this server, and its time as a date."""
    said = frame.at("payload") or frame
    if said.text("name") == "OutdatedCursor":
        return Event(note=_gap(None, None))
    at = said.moment("time")
    cursor = str((at - EPOCH) // timedelta(microseconds=1)) if at else ""
    known = Event(did=said.text("did"), cursor=cursor, at=at)
    return _told(known, said.at("account"), said) if known.did else None


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
    known = cursor.isdecimal() and int(cursor) >= TIMED  # a smaller one counts events
    return EPOCH + timedelta(microseconds=int(cursor)) if known else None


def _gap(since: datetime | None, until: datetime | None) -> Text:
    if since is None or until is None:
        return text("the stream could not go on from where it was: posts of the time between are missing")
    return text(
        "the stream could not go on from where it was: posts between {since} and {until} UTC are missing",
        since=f"{since:%d.%m. %H:%M}",
        until=f"{until:%d.%m. %H:%M}",
    )


class Desk:
    """One walk over the searches. The session's two tokens live in the cursor: a server starts only few a day."""

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
