"""https://docs.joinmastodon.org/api/: Mastodon: hashtags, search, accounts and streams of one server or several.

A server knows only the posts that it has heard of; two to four servers see more, and a post that several show is read
once. Without a token hashtags and accounts can be read, where the server lets everybody; search and streams need a
token of the first server (Preferences → Development → New application, with `read`).

Hashtags are polled forward from the last post that was read, so that none is lost also after a day's pause; with a
token they are listened to as well, and deleted and edited posts are heard of. `public = true` listens to all that the
server hears of; what it says while the connection is down is not caught up with.
"""

from __future__ import annotations

import json
import re
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

from smwatch.plugin import (
    READ_FRAGMENTS,
    AuthExpired,
    Broken,
    Card,
    Field,
    Gone,
    Item,
    NotPermitted,
    Page,
    Payload,
    Response,
    Secret,
    Source,
    SourceContext,
    SourceError,
    Text,
    UserError,
    batches,
    events,
    hashtag_forms,
    hookimpl,
    mastodon_post,
    merged,
    read_address,
    read_payload,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from smwatch.hookspecs import RegisterSource

MOST_SERVERS = 4
MOST = 40  # posts in one answer: more no server gives
LIMIT = {"limit": str(MOST)}
PAGES = 20  # answers read of one timeline in one walk; the next walk goes on from there
STREAMS = 8  # hashtags that are listened to at once; all are polled
POLICY_AFTER = timedelta(days=1)
FROM_WATCHES = "from-watches"
A_PERSON_ACTS = (AuthExpired, NotPermitted, Gone)
ONE_ONLY = (NotPermitted, Gone, Broken)  # failures of one timeline that say nothing about the next one
NEXT = re.compile(r"[?&]min_id=([^&>]+)[^>]*>;\s*rel=\"prev\"")


class MastodonSource(Source):
    """Public posts of the Fediverse, as one to four servers see them."""

    card: ClassVar[Card] = Card(
        title="Mastodon",
        docs="https://docs.joinmastodon.org/api/",
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
        blind=text("posts that its servers have not heard of, and in searches those of people who do not allow it"),
        example='[[source]]\ntype = "mastodon"\nserver = "https://mastodon.social"\nhashtags = ["acme"]\n',
    )

    server: str | None = Field(default=None, description="The server's address.")
    servers: tuple[str, ...] = Field(default=(), description="Or several (2 to 4); a post that all show is read once.")
    hashtags: str | tuple[str, ...] = Field(
        default=(), description='Hashtags to follow, or "from-watches": those of the queries.'
    )
    search: str | tuple[str, ...] = Field(
        default=(), description='Words to search for, or "from-watches": the queries. Needs a token.'
    )
    accounts: tuple[str, ...] = Field(default=(), description='Accounts to follow: "@acme@mastodon.social".')
    public: bool = Field(default=False, description="Listens to all that the first server hears of. Needs a token.")
    token: Secret | None = Field(default=None, description="An access token of the first server.")

    def model_post_init(self, _context: object) -> None:
        """Servers that can be asked, something to ask for, a token where one is needed."""
        if (self.server is None) == (not self.servers) or len(self.servers) > MOST_SERVERS:
            raise UserError(text("mastodon needs either server, or servers with two to four of them"))
        for home in self.homes():
            read_address(home)
        if not (self.hashtags or self.search or self.accounts or self.public):
            raise UserError(text("mastodon needs hashtags, search, accounts or public"))
        for tag in _listed(self.hashtags):
            if tag != FROM_WATCHES and not hashtag_forms(tag):
                raise UserError(text("“{tag}” is no hashtag: letters and digits, without blanks and signs", tag=tag))
        if (self.search or self.public) and self.token is None:
            raise UserError(text("search and public need a token: an access token of the first server"))
        if self.token is not None and self.homes()[0].startswith("http:") and not self.allow_private:
            raise UserError(text("a secret is only sent to https addresses"))

    def homes(self) -> tuple[str, ...]:
        """The servers' addresses, without a slash at the end; the first is the one that the token belongs to."""
        given = (self.server,) if self.server is not None else self.servers
        return tuple(dict.fromkeys((one if "://" in one else f"https://{one}").rstrip("/") for one in given))

    def key(self) -> str:
        """The servers, and what is asked of them."""
        asked = (_listed(self.hashtags), _listed(self.search), self.accounts, "public" if self.public else "")
        return " ".join((*self.homes(), json.dumps(asked, ensure_ascii=False)))

    def default_name(self) -> str:
        """What is followed, and where."""
        asked = [f"#{one.lstrip('#')}" for one in _listed(self.hashtags) if one != FROM_WATCHES]
        asked += [one for one in (*_listed(self.search), *self.accounts) if one != FROM_WATCHES]
        return " ".join((_host(self.homes()[0]), *asked[:3]))

    def searched(self) -> tuple[str, ...]:
        """Hashtags and search, as far as they come from the watches."""
        pairs = (("mastodon", self.hashtags), ("mastodon-search", self.search))
        return tuple(platform for platform, given in pairs if given == FROM_WATCHES)

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What every timeline of every server has had since the last walk.

        A failure is raised where nothing could be read, and at the end where a person has to act on a part of it.
        """
        kept: dict[str, dict[str, str]] = json.loads(ctx.cursor or "{}")
        visits = [self._visit(ctx, home, kept.setdefault(home, {})) for home in self.homes()]
        for visit in visits:
            async for items in visit.news(self._timelines(ctx, visit.home)):
                yield Page(items=items)
        failures = [error for visit in visits for error in visit.failures]
        if failures and not any(visit.answered for visit in visits):
            raise failures[0]
        if self.search and visits[0].answered and not any(name.startswith("?") for name in visits[0].marks):
            note = text("{host} has found nothing yet: not every server can search posts", host=_host(visits[0].home))
            visits[0].say_once("search", note)
        notes = tuple(note for visit in visits for note in visit.notes)
        yield Page(cursor=json.dumps(kept, ensure_ascii=False), notes=notes)
        for error in failures:
            ctx.log.warning("mastodon_not_read", reason=str(error.sentence))
            if isinstance(error, A_PERSON_ACTS):
                raise error

    def _visit(self, ctx: SourceContext, home: str, marks: dict[str, str]) -> Visit:
        token = self.token.reveal() if self.token is not None and home == self.homes()[0] else None
        return Visit(ctx, self.name, home, marks, token)

    def _tags(self, ctx: SourceContext) -> list[str]:
        given = ctx.searches("mastodon") if self.hashtags == FROM_WATCHES else _listed(self.hashtags)
        return list(dict.fromkeys(form for tag in given for form in hashtag_forms(tag)))

    def _timelines(self, ctx: SourceContext, home: str) -> list[Timeline]:
        found = [Timeline(f"#{tag}", f"/api/v1/timelines/tag/{quote(tag)}", {}) for tag in self._tags(ctx)]
        found += [Timeline(account, "", {}) for account in self.accounts]
        if home == self.homes()[0]:
            wanted = ctx.searches("mastodon-search") if self.search == FROM_WATCHES else _listed(self.search)
            found += [Timeline(f"?{q}", "/api/v2/search", {"q": q, "type": "statuses"}) for q in wanted]
        return found

    def listens(self) -> bool:
        """With a token, and something to listen to."""
        return self.token is not None and bool(self.hashtags or self.public)

    async def listen(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """New, edited and deleted posts as the first server hears of them."""
        server = self._visit(ctx, self.homes()[0], {})
        ways = [("public", {})] if self.public else [("hashtag", {"tag": tag}) for tag in self._tags(ctx)[:STREAMS]]
        base = await server.streaming()
        streams = [server.events(f"{base}/api/v1/streaming/{way}", params) for way, params in ways]
        async with aclosing(batches(merged(*streams))) as found:
            async for batch in found:
                statuses = [event for name, event in batch if name != "delete"]
                deleted = tuple(server.other_id(event.text()) for name, event in batch if name == "delete")
                yield Page(items=await server.items(statuses), deleted=deleted, passing=self.public)


class Timeline(NamedTuple):
    """One list of posts: the name that its mark is kept under ("#tag", "@account", "?words"), its path, parameters."""

    name: str
    path: str
    params: Mapping[str, str]


class Visit:
    """One walk over one server.

    `marks` say how far each timeline was read, what an account is called there, and when the server's rules were looked
    at. `answered` is whether any timeline could be read; `failures` are what could not.
    """

    def __init__(self, ctx: SourceContext, source: str, home: str, marks: dict[str, str], token: str | None) -> None:
        self.ctx, self.source, self.home, self.marks, self.token = ctx, source, home, marks, token
        self.answered = False
        self.failures: list[SourceError] = []
        self.notes: list[Text] = []

    def say_once(self, about: str, note: Text) -> None:
        """Tell people something about this server that they need not hear twice."""
        if self.marks.setdefault(f"told {about}", "") == "":
            self.marks[f"told {about}"] = self.ctx.now.isoformat()
            self.notes.append(note)

    async def news(self, timelines: Sequence[Timeline]) -> AsyncIterator[tuple[Item, ...]]:
        """The new posts of all timelines; those read longest ago come first, in case the server stops answering."""
        order = list(self.marks)
        try:
            await self._may_read(timelines)
            for one in sorted(timelines, key=lambda it: order.index(it.name) if it.name in order else -1):
                async for items in self._walked(one):
                    yield items
        except SourceError as error:
            self.failures.append(error)

    async def _walked(self, timeline: Timeline) -> AsyncIterator[tuple[Item, ...]]:
        search = timeline.name.startswith("?")
        try:
            pages = self._found(timeline) if search else self._forward(await self._with_path(timeline))
            async for statuses in pages:
                yield await self.items(statuses)
            self.answered = True
        except ONE_ONLY as error:
            self.failures.append(error)

    async def _forward(self, timeline: Timeline) -> AsyncIterator[list[Payload]]:
        """From the mark on, the oldest page first: nothing between two walks is lost."""
        mark = self.marks.pop(timeline.name, "")
        try:
            for _ in range(PAGES if mark else 1):
                answer = await self._get(
                    timeline.path, {**LIMIT, **timeline.params, **({"min_id": mark} if mark else {})}
                )
                statuses = self._statuses(read_payload(answer.body, _host(self.home)))
                further = NEXT.search(answer.headers.get("Link", ""))
                ids = [one.text("id") for one in statuses] + ([further[1]] if further else [])
                newest = max((mark, *ids), key=_by_id)
                if newest == mark:  # nothing, or a server that knows no `min_id`
                    break
                mark = newest
                yield statuses
        finally:
            if mark:
                self.marks[timeline.name] = mark

    async def _found(self, timeline: Timeline) -> AsyncIterator[list[Payload]]:
        """What a search has found since its mark: the newest page first."""
        mark = newest = self.marks.pop(timeline.name, "")
        since = {"min_id": mark} if mark else {}
        for page in range(PAGES if mark else 1):
            answer = await self._get(timeline.path, {**LIMIT, **timeline.params, **since, "offset": str(page * MOST)})
            statuses = self._statuses(read_payload(answer.body, _host(self.home)).at("statuses"))
            newest = max(newest, *(one.text("id") for one in statuses), "", key=_by_id)
            if statuses:
                yield statuses
            if len(statuses) < MOST:
                break
        if newest:
            self.marks[timeline.name] = newest

    async def _with_path(self, timeline: Timeline) -> Timeline:
        """An account's timeline stands below its number, which is asked for once."""
        if timeline.path:
            return timeline
        known = f"@{timeline.name}"
        if known not in self.marks:
            account = await self._asked("/api/v1/accounts/lookup", {"acct": timeline.name.lstrip("@")})
            if not account.text("id"):
                raise Gone(text("{host} knows no account {name}", host=_host(self.home), name=timeline.name))
            self.marks[known] = account.text("id")
        path = f"/api/v1/accounts/{quote(self.marks[known], safe='')}/statuses"
        return Timeline(timeline.name, path, {"exclude_reblogs": "true"})

    async def _may_read(self, timelines: Sequence[Timeline]) -> None:
        """Once a day: whether the server shows hashtags to us at all; it may answer with nothing instead of no."""
        seen = self.marks.get("policy", "")
        if self.token or not any(one.name.startswith("#") for one in timelines):
            return
        if seen and datetime.fromisoformat(seen) > self.ctx.now - POLICY_AFTER:
            return
        feeds = (await self._asked("/api/v2/instance", {})).at("configuration", "timelines_access", "hashtag_feeds")
        host, closed = _host(self.home), [feeds.text(of) not in {"", "public"} for of in ("local", "remote")]
        if all(closed):
            raise NotPermitted(text("{host} shows hashtags to its members only: it needs a token", host=host))
        if any(closed):
            note = text("{host} shows only a part of its hashtags to strangers: it needs a token", host=host)
            self.say_once("hashtags", note)
        self.marks["policy"] = self.ctx.now.isoformat()

    async def _asked(self, path: str, params: Mapping[str, str]) -> Payload:
        """A single object; nothing where the server does not know it, or is too old to know the question."""
        try:
            answer = await self._get(path, params)
        except SourceError as error:
            if error.status != 404:  # noqa: PLR2004 - not found
                raise
            return Payload(None)
        return read_payload(answer.body, _host(self.home))

    async def streaming(self) -> str:
        """Where the server streams: often a host of its own."""
        said = (await self._asked("/api/v2/instance", {})).text("configuration", "urls", "streaming").rstrip("/")
        return f"http{said.removeprefix('ws')}" if said.startswith(("ws://", "wss://")) else self.home

    async def events(self, url: str, params: Mapping[str, str]) -> AsyncIterator[tuple[str, Payload]]:
        """The events of one stream: their name, and the post or the number that they are about."""
        try:
            async for name, data in events(self.ctx.http.lines(url, params=params, headers=self._headers())):
                if name == "delete":
                    yield name, Payload(data.strip())
                elif name in {"update", "status.update"}:
                    yield name, read_payload(data, _host(self.home))
        except SourceError as error:
            raise self._explained(error) from error

    async def _get(self, path: str, params: Mapping[str, str]) -> Response:
        try:
            return await self.ctx.http.get(f"{self.home}{path}", params=params, headers=self._headers())
        except SourceError as error:
            raise self._explained(error) from error

    def _statuses(self, found: Payload) -> list[Payload]:
        if not isinstance(found.value, list):
            raise Broken(text("{host} answers with something that is no list of posts", host=_host(self.home)))
        return list(found.each())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _explained(self, error: SourceError) -> SourceError:
        """What a refusal means here: 401 and 422 are a missing or dead token, 403 one that may too little."""
        host = _host(self.home)
        if error.status in {401, 422} and not self.token:
            return NotPermitted(text("{host} answers members only: it needs a token", host=host), status=error.status)
        if error.status == 401:  # noqa: PLR2004 - see above
            return AuthExpired(text("the token of {host} does not work any more", host=host), status=401)
        if error.status == 403:  # noqa: PLR2004 - see above
            return NotPermitted(text("the token of {host} may not do this: it needs “read”", host=host), status=403)
        return error

    async def items(self, statuses: Sequence[Payload]) -> tuple[Item, ...]:
        """Posts as items; a boost is the post that it shows. What is not public is left out."""
        shown = [one.at("reblog") or one for one in statuses]
        posts = [one for one in shown if one.text("visibility") in {"", "public", "unlisted"} and one.text("id")]
        markup = json.dumps([one.text("content") for one in posts]).encode()
        read = await self.ctx.parse(READ_FRAGMENTS, markup, {}) if posts else []
        items = [
            mastodon_post(one, Payload(more), _host(self.home), self.source)
            for one, more in zip(posts, read, strict=True)
        ]
        return tuple({item.id: item for item in items}.values())

    def other_id(self, number: str) -> str:
        """The number that a post has on this server: what its stream says when the post is deleted."""
        return f"{_host(self.home)}/{number}"


def _listed(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return ((given,) if given else ()) if isinstance(given, str) else given


def _host(home: str) -> str:
    return urlsplit(home).netloc


def _by_id(number: str) -> tuple[int, str]:
    """Ids are numbers too large for some, so strings: the longer one is the newer."""
    return len(number), number


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "mastodon"`."""
    register("mastodon", MastodonSource)
