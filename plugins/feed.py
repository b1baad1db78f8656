"""https://www.rssboard.org/rss-specification: RSS, RDF, Atom and JSON Feed, the plainest way to follow a site.

One `[[source]]` with `url` is one feed; with `opml` it stands for all feeds of a list (a file beside the config).
A feed shows what its site puts into it: often only the beginning of an article, and nothing older than its last entry.

How often it is read: every `interval`; without one as often as the least of what its server (Cache-Control, Expires),
the feed (`ttl`, `sy:updatePeriod`) and its own rhythm say, between 5 minutes and an hour. Where the feed names a hub
(https://www.w3.org/TR/websub/) and smwatch has a `public_url`, the hub says at once what is new, and the feed is read
once an hour all the same.

With `preset` it is the feed of a platform, named by what people know of it:

- `"google-alerts"` with `url`, the feed that Google makes for an alert: links lead to the pages themselves, and a page
  that two alerts find is one item.
- `"youtube"` with `channel`, the channel's id (“UC…”) or a playlist's: the newest fifteen videos, with views.
- `"vimeo"` with `user` or `channel`: the newest videos of the user, or of the channel (vimeo.com/channels/…).
- `"pinterest"` with `user`, perhaps a `board`: the newest pins. Mentions by others cannot be had from Pinterest.
- `"app-store"` with `app`, the number in the app's address, and `countries`: the newest 500 reviews of each country,
  with their stars.

A mirror or a bridge in your own network is named by `url` and `allow_private = true` instead of the user or channel;
its items are read as the preset's.

Google News is refused: its feeds forbid this use themselves.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from smwatch.plugin import (
    READ_EXTRAS,
    READ_FEED,
    Broken,
    Card,
    Field,
    NotPermitted,
    Page,
    Source,
    SourceContext,
    UserError,
    feed_items,
    feed_refused,
    hookimpl,
    presets,
    read_address,
    read_opml,
    spoken_address,
    system_reason,
    taken_back,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from smwatch.hookspecs import RegisterSource
    from smwatch.plugin import Item, Response

NOT_FOUND = 404
COUNTRIES = ("de", "at", "ch")
TITLES = {"youtube": "YouTube", "vimeo": "Vimeo", "pinterest": "Pinterest", "app-store": "App Store"}
OWN = {  # which preset each key belongs to
    "channel": ("youtube", "vimeo"),
    "user": ("vimeo", "pinterest"),
    "board": ("pinterest",),
    "app": ("app-store",),
    "countries": ("app-store",),
}
FORMATS = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"


class FeedSource(Source):
    """A feed by its address, or many by a list of them."""

    card: ClassVar[Card] = Card(
        title="Feed (RSS, Atom, JSON Feed)",
        docs="https://www.rssboard.org/rss-specification",
        author=True,
        gives=("tag", "type"),
        min_interval=timedelta(minutes=1),
        blind=text("what the site does not put into its feed, and comments"),
        example='[[source]]\ntype = "feed"\nurl = "https://www.acme.example/presse/feed.xml"\n',
    )

    hubs: ClassVar[bool] = True

    url: str | None = Field(default=None, description="The feed's address.")
    opml: str | None = Field(default=None, description="A list of feeds: a file beside the configuration.")
    preset: Literal["google-alerts", "youtube", "vimeo", "pinterest", "app-store"] | None = Field(
        default=None, description="The feed of a platform."
    )
    channel: str | None = Field(
        default=None, description="YouTube: the id of a channel (“UC…”) or of a playlist. Vimeo: its name."
    )
    user: str | None = Field(default=None, description="Vimeo, Pinterest: whose feed.")
    board: str | None = Field(default=None, description="Pinterest: one board alone.")
    app: str | None = Field(default=None, description="App Store: the number in the app's address.")
    countries: tuple[str, ...] | None = Field(default=None, description='App Store: "de", "at" and "ch" if left out.')

    def model_post_init(self, _context: object) -> None:
        """Exactly one way to name the feed, and an address that can be asked."""
        if self.preset is None and (self.url is None) == (self.opml is None):
            raise UserError(text("a feed needs either url or opml"))
        if self.preset is not None and (self.opml is not None or not self._may_name_url()):
            raise UserError(text("a preset makes the address itself: leave out url and opml"))
        for key, owners in OWN.items():
            if getattr(self, key) is not None and self.preset not in owners:
                raise UserError(text("“{key}” belongs to preset = {presets}", key=key, presets=" | ".join(owners)))
        if self.opml is None:
            for country in self._countries():
                self._checked(self._address(country))

    def _may_name_url(self) -> bool:
        """An alert's address is the user's own; other platforms' feeds may be read from a mirror in the intranet."""
        if not self.url or self.preset == "google-alerts":
            return True
        return self.allow_private and self.preset != "app-store" and not (self.channel or self.user)

    def _mirror(self) -> str | None:
        return self.url if self.url and self.allow_private and "//www.google." not in self.url else None

    @staticmethod
    def _checked(address: str) -> None:
        if (why := feed_refused(address)) is not None:
            raise UserError(why)
        read_address(address)

    def _countries(self) -> tuple[str, ...]:
        return (self.countries or COUNTRIES) if self.preset == "app-store" else ("",)

    def _address(self, country: str = "", page: int = 1) -> str:
        """Where the feed stands."""
        if self.preset == "app-store":
            return presets.app_store(self.app, country or self._countries()[0], page)
        if mirror := self._mirror():
            return mirror
        if self.preset == "pinterest":
            return presets.pinterest(self.user, self.board)
        if self.preset == "vimeo":
            return presets.vimeo(self.user, self.channel)
        if self.preset == "youtube":
            return presets.youtube(self.channel)
        return presets.alerts(self.url) if self.preset == "google-alerts" else str(self.url)

    def key(self) -> str:
        """The feed's address, or the list's path."""
        return f"opml:{self.opml}" if self.opml is not None else str(read_address(self._address()))

    def default_name(self) -> str:
        """The address as people say it: host and path; the platform and what is read there."""
        if self.opml is not None:
            return str(self.opml)
        if self.preset in TITLES and not self.url:
            named = self.board and f"{self.user}/{self.board}"
            return f"{TITLES[self.preset]} {named or self.channel or self.user or self.app}{self._in_brackets()}"
        return spoken_address(self._address())

    def _in_brackets(self) -> str:
        return f" ({self._countries()[0]})" if self.preset == "app-store" else ""

    def expand(self, folder: str) -> Sequence[Source]:
        """The feeds of the list, each with this entry's other keys; names that occur twice give way to addresses.

        The reviews of an app are one source a country.
        """
        if self.preset == "app-store" and len(self._countries()) > 1:
            return [
                self.model_copy(
                    update={"countries": (one,), "name": self.name and f"{self.name} ({one})"}
                ).as_platform()
                for one in self._countries()
            ]
        if self.opml is None:
            return [self.as_platform()]
        path = Path(folder) / self.opml
        try:
            outlines = read_opml(path.read_bytes(), path.name)
        except OSError as error:
            raise UserError(
                text("{file} cannot be read: {reason}", file=str(path), reason=system_reason(error))
            ) from error
        titles = [outline.title for outline in outlines]
        return [
            self.model_copy(
                update={
                    "opml": None,
                    "url": one.url,
                    "name": one.title if titles.count(one.title) == 1 else "",
                    "group": self.group or one.group or None,
                }
            )
            for one in outlines
        ]

    def as_platform(self) -> FeedSource:
        """With the card of its platform."""
        kind = PLATFORMS.get(self.preset or "")
        return kind.model_validate(self.model_dump()) if kind is not None else self

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What the feed lists now, in one page; nothing where it did not change."""
        if (why := feed_refused(self._address())) is not None:  # in a list of feeds
            raise NotPermitted(why)
        if self.preset == "app-store":
            async for page in self._reviews(ctx):
                yield page
            return
        answer = await self._asked(ctx)
        if not answer.unchanged:
            yield await self._read(ctx, answer.body, answer.url, answer.headers.get("Content-Type", ""))

    async def announced(self, ctx: SourceContext, body: bytes, content_type: str) -> Page:
        """What its hub sent: a feed of what is new."""
        return await self._read(ctx, body, self._address(), content_type)

    async def _asked(self, ctx: SourceContext) -> Response:
        try:
            return await ctx.http.get(self._address(), headers={"Accept": FORMATS}, conditional=True)
        except Broken as error:
            if self.preset == "pinterest" and error.status == NOT_FOUND:
                raise Broken(text("the board was renamed, deleted or made secret"), status=error.status) from error
            raise

    async def _read(self, ctx: SourceContext, body: bytes, url: str, content_type: str) -> Page:
        options = {"url": url, "content_type": content_type}
        if self.preset is not None:
            options |= {"preset": self.preset, "user": self.user or "", "country": self._countries()[0]}
        answer = await ctx.parse(READ_FEED if self.preset is None else READ_EXTRAS, body, options)
        return Page(items=feed_items(answer, self.name), deleted=taken_back(answer))

    async def _reviews(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """Pages from the newest review on, down to the ones that the last walk saw."""
        country, known = self._countries()[0], int(ctx.cursor or 0)
        newest = known
        found: list[Item] = []
        for page in range(1, presets.PAGES + 1):
            answer = await ctx.http.get(self._address(country, page), conditional=page == 1)
            if answer.unchanged:
                return
            items = (await self._read(ctx, answer.body, answer.url, answer.headers.get("Content-Type", ""))).items
            numbers = [int(item.id) for item in items if item.id.isdecimal()]
            found += items
            newest = max([newest, *numbers])
            if not items or not numbers or min(numbers) <= known:
                break
        yield Page(items=tuple({item.id: item for item in found}.values()), cursor=str(newest))


class VideoFeed(FeedSource):
    """YouTube, Vimeo."""

    card: ClassVar[Card] = replace(
        FeedSource.card,
        title="Videos (feed)",
        engagement=True,
        blind=text("comments, older videos, and what others say about them"),
    )


class PinFeed(FeedSource):
    """Pinterest."""

    card: ClassVar[Card] = replace(
        FeedSource.card,
        title="Pins (feed)",
        docs="https://help.pinterest.com/de/article/follow-someone-on-pinterest",
        blind=text("mentions by others: nobody can ask Pinterest for them"),
    )


class ReviewFeed(FeedSource):
    """The App Store."""

    card: ClassVar[Card] = replace(
        FeedSource.card,
        title="App Store reviews (feed)",
        docs="https://developer.apple.com/app-store/ratings-and-reviews/",
        engagement=True,
        gives=("type", "rating", "country"),
        blind=text("stars without words, and all but the newest 500 reviews of each country"),
    )


PLATFORMS: dict[str, type[FeedSource]] = {
    "youtube": VideoFeed,
    "vimeo": VideoFeed,
    "pinterest": PinFeed,
    "app-store": ReviewFeed,
}


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "feed"`."""
    register("feed", FeedSource)
