"""https://docs.discourse.org: forums, whatever software they run on.

The address of the forum (or of one section of it) is enough: smwatch looks at the page, recognises the software and
reads what it offers for programs. The software is remembered, and looked for again when it cannot be read any more::

    [[source]]
    type = "forum"
    url = "https://forum.example.de/"

What is seen depends on the software. Discourse, NodeBB, Flarum, phpBB and SMF show single posts; XenForo, vBulletin,
MyBB, WoltLab, Invision and Vanilla mostly show threads with their first post, and answers only as far as the feed has
them. A login page is never taken for "nothing new".

A forum without any of these is read from its page, by CSS selectors. `item` is one post or thread in the list, the
others are looked for inside of it ("&" is the item itself). When they find nothing any more, the source says so::

    [[source]]
    type = "forum"
    url = "https://www.fachportal.example/forum/neueste"
    selectors = { item = "li.thema", title = "a.titel", author = ".von", date = "time", text = ".auszug" }

A phpBB board whose feeds are switched off shows its threads like this::

    url = "https://forum.example.de/search.php?search_id=active_topics"
    selectors = { item = "li.row", title = "a.topictitle", author = ".topic-poster a", date = ".topic-poster time" }

A Discourse that is closed to the public can be read with a key of its administrator (`api_key`, `api_user`).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from smwatch.plugin import (
    LOOK_AT_FORUM,
    READ_DISCOURSE,
    READ_FEED,
    READ_FLARUM,
    READ_NODEBB,
    READ_SELECTED,
    Broken,
    Card,
    Field,
    NotPermitted,
    Page,
    RateLimited,
    Secret,
    Source,
    SourceContext,
    SourceError,
    Transient,
    UserError,
    closed_to_robots,
    feed_posts,
    forum_guesses,
    forum_items,
    forum_root,
    forum_section,
    hookimpl,
    known_selector,
    read_address,
    shown_host,
    shows_login,
    spoken_address,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from smwatch.hookspecs import RegisterSource
    from smwatch.plugin import Item, Response

FORMATS = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.8"
PAGES = 5  # of 50 posts in one walk over a Discourse, threads of one whose posts are closed
WINDOW = 50  # posts that a Discourse shows at once
FEEDS_TRIED = 8
POSTS_A_PAGE = 20  # of one thread of a Discourse


class Selectors(BaseModel):
    """`selectors = { … }`: where an item is on the page, and where its parts are in the item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field(description="One post or thread of the list.")
    title: str | None = None
    link: str | None = None
    author: str | None = None
    date: str | None = None
    text: str | None = None


class ForumSource(Source):
    """A forum by its address."""

    card: ClassVar[Card] = Card(
        title="Forum",
        docs="https://docs.discourse.org",
        comments=True,
        author=True,
        engagement=True,
        gives=("type", "tag"),
        min_interval=timedelta(minutes=15),
        blind=text("sections for members, and replies where the forum's feed lists threads only"),
        example='[[source]]\ntype = "forum"\nurl = "https://forum.example.de/"\n',
    )

    url: str = Field(description="The forum's start page, or one of its sections.")
    timezone: str = Field(default="Europe/Berlin", description="In which its dates are written, where they name none.")
    selectors: Selectors | None = Field(default=None, description="Where its page has what; see above.")
    api_key: Secret | None = Field(default=None, description="Of a Discourse that is closed to the public.")
    api_user: str = Field(default="system", description="The user of that key.")

    def model_post_init(self, _context: object) -> None:
        """An address that can be asked, and selectors that can be used."""
        read_address(self.url)
        for name, selector in (self.selectors.model_dump() if self.selectors else {}).items():
            if selector and not known_selector(selector):
                raise UserError(text("{name} = “{selector}” is no CSS selector", name=name, selector=selector[:100]))

    def key(self) -> str:
        """The forum's address."""
        return str(read_address(self.url))

    def default_name(self) -> str:
        """The address as people say it: host and path."""
        return spoken_address(self.url)

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What was written since; the software is looked for where it is not known, or not what it was."""
        if self.selectors is not None:
            yield await self._selected(ctx)
            return
        known = _remembered(ctx.cursor)
        if known:
            page = await self._as_before(ctx, known)
        else:
            page = await self._anew(ctx, {})
        if page is not None:
            yield page

    async def _as_before(self, ctx: SourceContext, known: dict[str, Any]) -> Page | None:
        try:
            return await self._read(ctx, known)
        except (Transient, RateLimited):
            raise
        except SourceError as error:
            ctx.log.info("forum_looked_at_again", engine=known["engine"], reason=str(error.sentence))
            return await self._anew(ctx, known)

    async def _anew(self, ctx: SourceContext, before: Mapping[str, Any]) -> Page | None:
        """Look at the page, and try what it offers; raises what went wrong first."""
        found = await self._look(ctx)
        tries = [{**found, "feed": feed} for feed in found["feeds"][:FEEDS_TRIED]]
        if found["engine"] in BY_JSON:
            tries.insert(0, {**found, "feed": ""})
        if not (found["engine"] or tries or found["login"]):
            tries = [{**found, "engine": engine, "feed": feed} for engine, feed in forum_guesses(found["url"])]
        failures: list[SourceError] = []
        for one in tries:
            try:
                return await self._read(ctx, {"newest": before.get("newest", 0), **one})
            except (Transient, RateLimited):
                raise
            except SourceError as error:
                failures.append(error)
        raise self._nothing(found, failures)

    def _nothing(self, found: Mapping[str, Any], failures: list[SourceError]) -> SourceError:
        host = shown_host(self.url)
        refused = next((error for error in failures if isinstance(error, NotPermitted)), None)
        if found["login"]:
            return shows_login(self.url)
        if refused is not None:
            return refused
        if not (found["engine"] or found["feeds"]):
            seen = found["title"] or "–"
            return Broken(
                text(
                    "{host} is no forum that is known, and names no feed (title: {title}); selectors can be given",
                    host=host,
                    title=seen,
                )
            )
        why = str(failures[0].sentence) if failures else ""
        return Broken(
            text(
                "{host} runs {engine}, but offers nothing that can be read{why}; selectors can be given",
                host=host,
                engine=found["engine"] or "–",
                why=f" ({why})" if why else "",
            )
        )

    async def _look(self, ctx: SourceContext) -> dict[str, Any]:
        try:
            answer = await self._get(ctx, self.url, headers={"Accept": "text/html, */*;q=0.8"})
        except Broken:  # there is no page at the root of some forums
            return {"engine": "", "title": "", "feeds": [], "login": False, "url": self.url}
        options = {
            "url": answer.url,
            "content_type": answer.headers.get("Content-Type", ""),
            "cookies": _cookies(answer),
            "powered": answer.headers.get("X-Powered-By", ""),
        }
        found: dict[str, Any] = await ctx.parse(LOOK_AT_FORUM, answer.body, options)
        return {**found, "url": answer.url}

    async def _read(self, ctx: SourceContext, known: Mapping[str, Any]) -> Page | None:
        if known.get("feed"):
            return await self._feed(ctx, known)
        reader = {"discourse": self._discourse, "nodebb": self._nodebb, "flarum": self._flarum}[known["engine"]]
        return await reader(ctx, known)

    async def _get(self, ctx: SourceContext, url: str, **how: Any) -> Response:  # noqa: ANN401 - as Http.get
        """One page that the forum lets robots read."""
        if not await ctx.allowed(url):
            raise closed_to_robots(url)
        return await ctx.http.get(url, **how)

    # what each kind of software answers

    async def _feed(self, ctx: SourceContext, known: Mapping[str, Any]) -> Page | None:
        answer = await ctx.http.get(known["feed"], headers={"Accept": FORMATS}, conditional=True)
        if answer.unchanged:
            return None
        options = {"url": answer.url, "content_type": answer.headers.get("Content-Type", "")}
        items = feed_posts(await ctx.parse(READ_FEED, answer.body, options), self.name)
        if not items:
            raise Broken(text("the feed of {host} lists nothing", host=shown_host(self.url)))
        return Page(items=items, cursor=_cursor(known))

    async def _json(self, ctx: SourceContext, reader: str, base: str, path: str, params: Mapping[str, str]) -> Any:  # noqa: ANN401 - plain JSON values
        headers = {"Accept": "application/json"}
        if self.api_key is not None and reader == READ_DISCOURSE:
            headers |= {"Api-Key": self.api_key.reveal(), "Api-Username": self.api_user}
        answer = await self._get(ctx, base + path, params=params, headers=headers)
        return await ctx.parse(reader, answer.body, {"base": base})

    def _items(self, ctx: SourceContext, answers: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
        zone = ZoneInfo(self.timezone)
        found = (item for answer in answers for item in forum_items(answer, self.name, ctx.now, zone))
        return tuple({item.id: item for item in found}.values())

    async def _discourse(self, ctx: SourceContext, known: Mapping[str, Any]) -> Page:
        """Post by post, back to the last one known; thread by thread where the posts are closed."""
        base, newest = forum_root(known["url"]), int(known.get("newest") or 0)
        section = forum_section("discourse", self.url)
        try:
            answers = await self._newest(ctx, base, newest) if not section else []
        except (Broken, NotPermitted):
            answers = []
        if not answers:
            answers = await self._by_thread(ctx, base, section, known)
        items = self._items(ctx, answers)
        posts = [int(answer["newest"]) for answer in answers]
        if not items and newest:
            raise Broken(text("{host} shows no posts any more", host=shown_host(self.url)))
        deleted = tuple(one for answer in answers for one in answer["deleted"])
        bumped = [topic["bumped"] for answer in answers for topic in answer["topics"] if topic["bumped"]]
        told = {**known, "newest": max([newest, *posts]), "bumped": max([str(known.get("bumped") or ""), *bumped])}
        return Page(items=items, cursor=_cursor(told), deleted=deleted)

    async def _newest(self, ctx: SourceContext, base: str, newest: int) -> list[dict[str, Any]]:
        answers = [await self._json(ctx, READ_DISCOURSE, base, "posts.json", {})]
        self._items(ctx, answers)  # raises where it is no Discourse
        oldest = answers[0]["oldest"]
        while newest and oldest > newest + 1 and len(answers) < PAGES:
            found = await self._json(ctx, READ_DISCOURSE, base, "posts.json", {"before": str(oldest - 1)})
            answers.append(found)
            oldest = min(found.get("oldest") or oldest, oldest - WINDOW)
        return answers

    async def _by_thread(
        self, ctx: SourceContext, base: str, section: str, known: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        path = str(read_address(self.url)).removeprefix(base).rstrip("/") + ".json" if section else "latest.json"
        listed = await self._json(ctx, READ_DISCOURSE, base, path, {})
        self._items(ctx, [listed])
        since = str(known.get("bumped") or "")
        moved = [topic for topic in listed["topics"] if since and (topic["bumped"] or "") > since]
        answers = [listed]
        for topic in moved[:PAGES]:
            page = {"page": str(-(-topic["posts"] // POSTS_A_PAGE))} if topic["posts"] > POSTS_A_PAGE else {}
            answers.append(await self._json(ctx, READ_DISCOURSE, base, f"t/{topic['id']}.json", page))
        return answers

    async def _nodebb(self, ctx: SourceContext, known: Mapping[str, Any]) -> Page:
        answer = await self._json(ctx, READ_NODEBB, forum_root(known["url"]), "api/recent", {})
        return self._whole(ctx, answer, known)

    async def _flarum(self, ctx: SourceContext, known: Mapping[str, Any]) -> Page:
        params = {
            "filter[type]": "comment",
            "sort": "-createdAt",
            "include": "discussion,user",
            "page[limit]": str(WINDOW),
        }
        answer = await self._json(ctx, READ_FLARUM, forum_root(known["url"]), "api/posts", params)
        return self._whole(ctx, answer, known)

    def _whole(self, ctx: SourceContext, answer: Mapping[str, Any], known: Mapping[str, Any]) -> Page:
        items = self._items(ctx, [answer])
        if not items:
            raise Broken(text("{host} shows no posts", host=shown_host(self.url)))
        return Page(items=items, cursor=_cursor(known))

    async def _selected(self, ctx: SourceContext) -> Page:
        answer = await self._get(ctx, self.url, headers={"Accept": "text/html, */*;q=0.8"})
        options = {
            "url": answer.url,
            "content_type": answer.headers.get("Content-Type", ""),
            "selectors": self.selectors.model_dump(exclude_none=True) if self.selectors else {},
        }
        found = await ctx.parse(READ_SELECTED, answer.body, options)
        return Page(items=self._items(ctx, [found]))


BY_JSON = frozenset({"discourse", "nodebb", "flarum"})
KEPT = ("engine", "url", "feed", "newest", "bumped")


def _cursor(known: Mapping[str, Any]) -> str:
    return json.dumps({name: known[name] for name in KEPT if known.get(name)}, sort_keys=True)


def _remembered(cursor: str | None) -> dict[str, Any]:
    """What the last walk found out; nothing where it is not readable."""
    try:
        known = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    usable = isinstance(known, dict) and known.get("url") and (known.get("feed") or known.get("engine") in BY_JSON)
    return {"engine": "", **known} if usable else {}


def _cookies(answer: Response) -> list[str]:
    """The names of the cookies that the answer sets; some software is known by them."""
    getall = getattr(answer.headers, "getall", None)
    lines = getall("Set-Cookie", []) if getall else [answer.headers.get("Set-Cookie", "")]
    return [line.partition("=")[0].strip() for line in lines if line]


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "forum"`."""
    register("forum", ForumSource)
