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
DAILY, REVIEW = "tagesbote", "rundschau"  # papers that the press portal links to


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One entry of a feed: it appears `after` seconds from the moment the world begins; below 0 it was always there.

    `site` is the first label of the host that its link leads to; empty means the feed's own name. `alerts` says whether
    the demo's watches alert of it.
    """

    feed: str
    after: float
    title: str
    text: str
    author: str = ""
    site: str = ""
    alerts: bool = True

    @property
    def slug(self) -> str:
        """A stable name for links and ids."""
        return sha256(f"{self.site} {self.title}".encode()).hexdigest()[:8]

    @property
    def host(self) -> str:
        """Where its page is: browsers find every name below `localhost` on this machine."""
        return f"{self.site or self.feed}.localhost"


RECALL = (
    "Der Müslihersteller Bergmühle ruft sein Urkorn-Müsli zurück. Betroffen ist die Charge L2207, in der Steinchen "
    "sein können. Kundinnen und Kunden erhalten den Kaufpreis erstattet."
)


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
        site=DAILY,
        after=2,
        title="Bergmühle eröffnet Besuchermühle in Oberau",
        text="Der Müslihersteller Bergmühle zeigt ab Samstag, wie aus Hafer Flocken werden. Der Eintritt ist frei.",
        author="Lena Brandt",
    ),
    Post(
        feed=BLOG,
        after=5,
        title="Why I switched to Bergmuehle",
        text="Spelled with ue on the English box, but it is the same mill. Bergmuehle tastes of grain, not of sugar.",
        author="Dana Whitlock",
    ),
    Post(
        feed=FORUM,
        after=8,
        title="Steinchen in der Packung?",
        text="Hat noch jemand Steinchen im Bergmühle Urkorn gefunden? Charge L2207. Ich warte auf einen Rückruf.",
        author="muesli_mira",
    ),
    Post(
        feed=PORTAL,
        site=DAILY,
        after=11,
        title="Bergmühle ruft Urkorn-Müsli zurück",
        text=RECALL,
        author="Lena Brandt",
    ),
    Post(
        feed=PORTAL,
        site=REVIEW,
        after=15,
        title="Bergmühle ruft Urkorn-Müsli zurück",
        text=RECALL,
        author="Agenturmeldung",
    ),
    Post(
        feed=BLOG,
        after=17,
        alerts=False,
        title="Haferglück launches a barista oat drink",
        text="The competition does not sleep: Haferglück goes for the coffee bars.",
        author="Dana Whitlock",
    ),
    Post(
        feed=FORUM,
        after=19,
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
        self._begun: datetime | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get(f"/{PORTAL}/rss.xml", self._serve(PORTAL, _rss, "application/rss+xml")),
                web.get(f"/{FORUM}/atom.xml", self._serve(FORUM, _atom, "application/atom+xml")),
                web.get(f"/{BLOG}/feed.json", self._serve(BLOG, _json, "application/feed+json")),
                web.get("/{slug}", self._page),
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
    def lasts(self) -> timedelta:
        """How long it takes from the beginning until the last post is out."""
        return timedelta(seconds=max(post.after for post in self._posts))

    @property
    def begun(self) -> bool:
        """Whether new posts appear."""
        return self._begun is not None

    def begin(self) -> None:
        """From now on new posts appear: somebody is watching."""
        self._begun = self._begun or self._now()

    def alerting(self) -> list[str]:
        """The titles of all posts that people will be alerted of."""
        return [post.title for post in self._posts if post.after >= 0 and post.alerts]

    def when(self, post: Post) -> datetime | None:
        """When `post` was published; None for a new one before the world has begun."""
        base = self._start if post.after < 0 else self._begun
        return base and base + timedelta(seconds=post.after)

    def visible(self, feed: str) -> list[tuple[Post, datetime]]:
        """The posts of `feed` that are out now, newest first, with their moments."""
        now = self._now()
        dated = [(post, when) for post in self._posts if post.feed == feed and (when := self.when(post))]
        return sorted(((post, when) for post, when in dated if when <= now), key=lambda it: it[1], reverse=True)

    def link(self, post: Post) -> str:
        """The address of a post's page."""
        return f"http://{post.host}:{self.url.rpartition(':')[2]}/{post.slug}"

    def _serve(self, feed: str, shape: Callable[[World, Sequence[tuple[Post, datetime]]], str], kind: str) -> Handler:
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


def _rss(world: World, posts: Sequence[tuple[Post, datetime]]) -> str:
    entries = "".join(
        f"<item><title>{escape(post.title)}</title><link>{world.link(post)}</link><guid>{world.link(post)}</guid>"
        f"<description>{escape(post.text)}</description><author>{escape(post.author)}</author>"
        f"<pubDate>{when:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for post, when in posts
    )
    head = "<title>Pressespiegel Oberland</title><language>de</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'


def _atom(world: World, posts: Sequence[tuple[Post, datetime]]) -> str:
    entries = "".join(
        f'<entry><id>{world.link(post)}</id><title>{escape(post.title)}</title><link href="{world.link(post)}"/>'
        f"<author><name>{escape(post.author)}</name></author><updated>{when.isoformat()}</updated>"
        f"<content>{escape(post.text)}</content></entry>"
        for post, when in posts
    )
    head = "<title>Müsliforum</title><id>urn:muesliforum</id>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">{head}{entries}</feed>'


def _json(world: World, posts: Sequence[tuple[Post, datetime]]) -> str:
    items = [
        {
            "id": post.slug,
            "url": world.link(post),
            "title": post.title,
            "content_text": post.text,
            "date_published": when.isoformat(),
            "authors": [{"name": post.author}],
        }
        for post, when in posts
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Cereal Thoughts", "language": "en", "items": items}
    return json.dumps(feed)


def clock() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)
