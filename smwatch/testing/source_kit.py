"""What every source must do, for plugin authors to run against theirs with a server that answers as the vendor does.

async def test_conforms(feed_server):
feed_server.put("/feed.xml", rss(entry("Acme ruft zurück")))
source = FeedSource(type="feed", url=feed_server.url("/feed.xml"), allow_private=True)
pages = await conforms(source, feed_server)
assert pages[0].items[0].title == "Acme ruft zurück"
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.config.model import Http
from smwatch.errors import SourceError
from smwatch.fetch.client import Client
from smwatch.fetch.pool import ParsePool
from smwatch.fetch.request import Limits
from smwatch.fetch.walk import Walk
from smwatch.testing.servers import FeedServer, Served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping

    from smwatch.model import Item, Page
    from smwatch.plugin import Source

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
QUICK = Limits(head=1.0, total=2.0, pause=0.0)
TROUBLE = {  # what a server may say instead of what it should
    "a web page": Served(body=b"<!DOCTYPE html><html><body>Bitte anmelden</body></html>", content_type="text/html"),
    "nothing": Served(body=b""),
    "null": Served(body=b"null", content_type="application/json"),
    "a number": Served(body=b"17", content_type="application/json"),
    "401": Served(body=b"", status=401, validators=()),
    "403": Served(body=b"", status=403, validators=()),
    "404": Served(body=b"", status=404, validators=()),
    "410": Served(body=b"", status=410, validators=()),
    "429": Served(body=b"", status=429, headers={"Retry-After": "30"}, validators=()),
    "500": Served(body=b"", status=500, validators=()),
}


@dataclass(slots=True)
class Walker:
    """Walks a source as the core does: cursor, validators and reader are handed on from walk to walk."""

    client: Client
    pool: ParsePool
    source: Source
    now: datetime = NOW
    cursor: str | None = None
    validators: Mapping[str, Any] = field(default_factory=dict)
    parser: str | None = None
    searches: Callable[[str], tuple[str, ...]] = field(default=lambda _: ())

    def context(self, cursor: str | None = None) -> Walk:
        """What `fetch` gets, or with the `cursor` of a stream `listen`."""
        return Walk(
            source=self.source,
            client=self.client,
            pool=self.pool,
            now=self.now,
            cursor=cursor or self.cursor,
            validators=self.validators,
            parser=self.parser,
            searches=self.searches,
        )

    async def walk(self) -> list[Page]:
        """All pages of one walk; what they bring on is kept only when the walk came to its end."""
        walk = self.context()
        pages = [page async for page in self.source.fetch(walk)]
        self.validators, self.parser = walk.validators, walk.parser
        if pages and pages[-1].cursor is not None:
            self.cursor = pages[-1].cursor
        self.now += timedelta(minutes=10)
        return pages


@asynccontextmanager
async def walker(
    source: Source, *, limits: Limits = QUICK, searches: Callable[[str], tuple[str, ...]] = lambda _: ()
) -> AsyncIterator[Walker]:
    """A Walker with a client and workers of its own, closed at the end; `searches` as `SourceContext` has it."""
    client, pool = Client(Http(), "test@acme.example", limits=limits, clock=lambda: NOW), ParsePool()
    try:
        yield Walker(client, pool, source, searches=searches)
    finally:
        await client.close()
        await pool.close()


async def conforms(source: Source, server: FeedServer, *, but: Collection[str] = ()) -> list[Page]:
    """Assert that `source` does what the core relies on; the pages of its first walk come back.

    `server` holds the canned answers that `source` points at. It is walked twice as it is, then once with each kind
    of trouble in place of every answer; the canned answers stand there again afterwards. `but` names troubles (of
    `TROUBLE`) that are what the source reads: any web page, for one that compares pages.
    """
    has_a_card(source)
    async with walker(source) as core:
        first = await core.walk()
        assert first, "the first walk brings no page: the server's answers are not what the source reads"
        assert all(page.cursor is None for page in first[:-1]), "only the last page of a walk carries the cursor"
        items = [item for page in first for item in page.items]
        are_items(items, source)
        again = [item for page in await core.walk() for item in page.items]
        known = {item.id: item for item in items}
        for item in again:
            assert known.get(item.id) == item, f"a second walk over the same answers changes {item.id!r}"
    await _survives(source, server, {name: served for name, served in TROUBLE.items() if name not in but})
    return first


def has_a_card(source: Source) -> None:
    """The card is filled in, and the key survives a rename."""
    card = source.card
    assert card.title
    assert card.docs.startswith("https://"), "the card links the vendor's own page"
    assert source.key() == source.model_copy(update={"name": "another name"}).key(), "the key survives a rename"
    assert source.default_name()


def are_items(items: list[Item], source: Source) -> None:
    """Items as the core takes them."""
    assert len({item.id for item in items}) == len(items), "ids are distinct within a walk"
    for item in items:
        assert item.id, "an id is never empty"
        assert item.source == source.name, "items name their source"
        assert item.url == "" or item.url.startswith(("http://", "https://")), f"{item.url!r} is no web link"
        for text in (item.title, item.lead, item.text):
            assert "\x00" not in text
        for moment in (item.published, item.updated):
            assert moment is None or moment.utcoffset() == timedelta(0), "moments are in UTC"


async def _survives(source: Source, server: FeedServer, troubles: Mapping[str, Served]) -> None:
    canned = dict(server.pages)
    try:
        for name, served in troubles.items():
            server.pages.update(dict.fromkeys(canned, served))
            async with walker(source) as core:
                await _says_so(core, name)
    finally:
        server.pages.clear()
        server.pages.update(canned)


async def _says_so(core: Walker, name: str) -> None:
    """Trouble ends in a SourceError: never in nothing, never in another exception."""
    said = None
    try:
        await core.walk()
    except SourceError as error:
        said = error.sentence.render("de")
    assert said, f"the server answers with {name}, and the source takes it for “nothing new”"
