"""A small world on loopback: a press portal, a forum and a blog, in German and English.

Some posts are there from the start (they are old, and nobody is told); the others appear while one watches. Everything
in it is invented.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Self, TypeAlias
from xml.sax.saxutils import escape

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

PORTAL, FORUM, BLOG = "pressespiegel", "muesliforum", "cerealthoughts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One entry of a feed: `after` seconds from the start of the world it appears; below 0 it was always there."""

    feed: str
    after: float
    title: str
    text: str
    author: str = ""

    @property
    def slug(self) -> str:
        """A stable name for links and ids."""
        return sha256(self.title.encode()).hexdigest()[:8]


POSTS: tuple[Post, ...] = (
    Post(
        feed=PORTAL,
        after=-90_000,
        title="Regionale Müslihersteller legen zu",
        text="Marken wie Bergmühle und Haferglück wachsen schneller als der Markt, sagt der Verband.",
        author="Redaktion",
    ),
    Post(
        feed=FORUM,
        after=-50_000,
        title="Welches Müsli ohne Zucker?",
        text="Ich schwanke zwischen Bergmühle Urkorn und selbst gemischt. Was nehmt ihr?",
        author="korni74",
    ),
    Post(
        feed=BLOG,
        after=-70_000,
        title="Five oat drinks, tasted blind",
        text="Haferglück came out on top, to nobody's surprise.",
        author="Dana Whitlock",
    ),
    Post(
        feed=PORTAL,
        after=5,
        title="Bergmühle eröffnet Besuchermühle in Oberau",
        text="Der Müslihersteller Bergmühle zeigt ab Samstag, wie aus Hafer Flocken werden. Der Eintritt ist frei.",
        author="Lena Brandt",
    ),
    Post(
        feed=BLOG,
        after=9,
        title="Why I switched to Bergmuehle",
        text="Spelled with ue on the English box, but it is the same mill. Bergmuehle tastes of grain, not of sugar.",
        author="Dana Whitlock",
    ),
    Post(
        feed=FORUM,
        after=13,
        title="Steinchen in der Packung?",
        text="Hat noch jemand Steinchen im Bergmühle Urkorn gefunden? Charge L2207. Ich warte auf einen Rückruf.",
        author="muesli_mira",
    ),
    Post(
        feed=PORTAL,
        after=17,
        title="Bergmühle ruft Urkorn-Müsli zurück",
        text="Rückruf bei Bergmühle: Betroffen ist die Charge L2207. Kunden erhalten den Kaufpreis erstattet.",
        author="Lena Brandt",
    ),
    Post(
        feed=BLOG,
        after=20,
        title="Haferglück launches a barista oat drink",
        text="The competition does not sleep: Haferglück goes for the coffee bars.",
        author="Dana Whitlock",
    ),
    Post(
        feed=FORUM,
        after=23,
        title="<!channel> Grüße an alle *Mitleser*",
        text="Ein Titel, der alle anpingen möchte. Bergmühle kommt auch vor, aber geklingelt wird hier nicht.",
        author="<@U123> Scherzkeks",
    ),
)


class World:
    """Serves the three feeds with ETags on a free loopback port; `async with World(...) as world`."""

    def __init__(self, now: Callable[[], datetime], posts: Sequence[Post] = POSTS) -> None:
        self._now = now
        self._posts = posts
        self._start = now()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get(f"/{PORTAL}/rss.xml", self._serve(PORTAL, _rss, "application/rss+xml")),
                web.get(f"/{FORUM}/atom.xml", self._serve(FORUM, _atom, "application/atom+xml")),
                web.get(f"/{BLOG}/feed.json", self._serve(BLOG, _json, "application/feed+json")),
                web.get("/{feed}/{slug}", self._page),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def ends_after(self) -> timedelta:
        """When the last post has appeared."""
        return timedelta(seconds=max(post.after for post in self._posts))

    def when(self, post: Post) -> datetime:
        """When `post` was, or will be, published."""
        return self._start + timedelta(seconds=post.after)

    def visible(self, feed: str) -> list[Post]:
        """The posts of `feed` that are out now, newest first."""
        out = [post for post in self._posts if post.feed == feed and self.when(post) <= self._now()]
        return sorted(out, key=self.when, reverse=True)

    def link(self, post: Post) -> str:
        """The address of a post's page."""
        return f"{self.url}/{post.feed}/{post.slug}"

    def _serve(self, feed: str, shape: Callable[[World, Sequence[Post]], str], kind: str) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            body = shape(self, self.visible(feed)).encode()
            etag = sha256(body).hexdigest()[:16]
            unchanged = any(tag.value == etag for tag in request.if_none_match or ())
            response = web.Response(status=304) if unchanged else web.Response(body=body, content_type=kind)
            response.etag = etag
            return response

        return answer

    async def _page(self, request: web.Request) -> web.Response:
        found = [post for post in self._posts if post.slug == request.match_info["slug"]]
        if not found:
            raise web.HTTPNotFound
        body = f"<!doctype html><title>{escape(found[0].title)}</title><h1>{escape(found[0].title)}</h1>"
        return web.Response(text=f"{body}<p>{escape(found[0].text)}", content_type="text/html")


def _rss(world: World, posts: Sequence[Post]) -> str:
    entries = "".join(
        f"<item><title>{escape(post.title)}</title><link>{world.link(post)}</link><guid>{world.link(post)}</guid>"
        f"<description>{escape(post.text)}</description><author>{escape(post.author)}</author>"
        f"<pubDate>{world.when(post):%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for post in posts
    )
    head = "<title>Pressespiegel Oberland</title><language>de</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'


def _atom(world: World, posts: Sequence[Post]) -> str:
    entries = "".join(
        f'<entry><id>{world.link(post)}</id><title>{escape(post.title)}</title><link href="{world.link(post)}"/>'
        f"<author><name>{escape(post.author)}</name></author><updated>{world.when(post).isoformat()}</updated>"
        f"<content>{escape(post.text)}</content></entry>"
        for post in posts
    )
    head = "<title>Müsliforum</title><id>urn:muesliforum</id>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">{head}{entries}</feed>'


def _json(world: World, posts: Sequence[Post]) -> str:
    items = [
        {
            "id": post.slug,
            "url": world.link(post),
            "title": post.title,
            "content_text": post.text,
            "date_published": world.when(post).isoformat(),
            "authors": [{"name": post.author}],
        }
        for post in posts
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Cereal Thoughts", "language": "en", "items": items}
    return json.dumps(feed)


def clock() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)
