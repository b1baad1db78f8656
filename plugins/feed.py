"""https://www.rssboard.org/rss-specification: RSS, RDF, Atom and JSON Feed, the plainest way to follow a site.

One `[[source]]` with `url` is one feed; with `opml` it stands for all feeds of a list (a file beside the config).
A feed shows what its site puts into it: often only the beginning of an article, and nothing older than its last entry.

How often it is read: every `interval`; without one as often as the least of what its server (Cache-Control, Expires),
the feed (`ttl`, `sy:updatePeriod`) and its own rhythm say, between 5 minutes and an hour. Where the feed names a hub
(https://www.w3.org/TR/websub/) and smwatch has a `public_url`, the hub says at once what is new, and the feed is read
once an hour all the same.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from smwatch.plugin import (
    READ_FEED,
    Card,
    Field,
    Page,
    Source,
    SourceContext,
    UserError,
    feed_items,
    hookimpl,
    read_address,
    read_opml,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from smwatch.hookspecs import RegisterSource

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

    def model_post_init(self, _context: object) -> None:
        """Exactly one of `url` and `opml`, and an address that can be asked."""
        if (self.url is None) == (self.opml is None):
            raise UserError(text("a feed needs either url or opml"))
        if self.url is not None:
            read_address(self.url)

    def key(self) -> str:
        """The feed's address, or the list's path."""
        return str(read_address(self.url)) if self.url is not None else f"opml:{self.opml}"

    def default_name(self) -> str:
        """The address as people say it: host and path."""
        if self.url is None:
            return str(self.opml)
        address = read_address(self.url)
        return f"{(address.host or '').removeprefix('www.')}{address.path_qs.rstrip('/')}"

    def expand(self, folder: str) -> Sequence[Source]:
        """The feeds of the list, each with this entry's other keys; names that occur twice give way to addresses."""
        if self.opml is None:
            return [self]
        path = Path(folder) / self.opml
        try:
            outlines = read_opml(path.read_bytes(), path.name)
        except OSError as error:
            raise UserError(text("{file} cannot be read: {reason}", file=str(path), reason=error.strerror)) from error
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

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What the feed lists now, in one page; nothing where it did not change."""
        answer = await ctx.http.get(str(self.url), headers={"Accept": FORMATS}, conditional=True)
        if not answer.unchanged:
            yield await self._read(ctx, answer.body, answer.url, answer.headers.get("Content-Type", ""))

    async def announced(self, ctx: SourceContext, body: bytes, content_type: str) -> Page:
        """What its hub sent: a feed of what is new."""
        return await self._read(ctx, body, str(self.url), content_type)

    async def _read(self, ctx: SourceContext, body: bytes, url: str, content_type: str) -> Page:
        options = {"url": url, "content_type": content_type}
        return Page(items=feed_items(await ctx.parse(READ_FEED, body, options), self.name))


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "feed"`."""
    register("feed", FeedSource)
