"""What a site offers to read: its feeds, by what its pages name and by where feeds usually are.

    async with finder() as finder:
        search = await finder.find("acme.example")

Everything goes through the one guarded client and the parse worker, and ends after half a minute at the latest.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yarl import URL

from smwatch.config.model import Http
from smwatch.errors import Broken, SourceError, UserError
from smwatch.feeds import READ_EXTRAS
from smwatch.feeds.address import read_address
from smwatch.feeds.clues import clue
from smwatch.feeds.known import known
from smwatch.fetch.client import Client
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.fetch.request import Limits
from smwatch.i18n import Text, text
from smwatch.init.pages import LINKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from smwatch.fetch.request import Answer

SECONDS = 30.0  # for one site
LIMITS = Limits(head=8.0, total=12.0)
NO_FEED = text("no feed was found there")
USUAL = ("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "blog/feed/", "news/rss")
MOST_FEEDS, MOST_PAGES = 6, 3
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that could be read: its address, its title, how many entries it has and how new they are.

    It is `spoken` where most entries have a recording: a podcast.
    """

    url: str
    title: str = ""
    items: int = 0
    newest: datetime | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found at `address`, the newest first; `trouble` says why there is nothing."""

    address: str
    feeds: tuple[Feed, ...] = ()
    trouble: Text | None = None


def addresses(written: str) -> tuple[str, ...]:
    """What `acme.example` may stand for; raises UserError where it stands for no address."""
    written = written.strip()
    if "://" in written:
        return (str(read_address(written)),)
    return tuple(str(read_address(f"{scheme}://{written}")) for scheme in ("https", "http"))


class Finder:
    """Looks for feeds; one set of connections and workers serves all questions."""

    def __init__(self, client: Client, pool: ParsePool, *, allow_private: bool = False) -> None:
        self._client = client
        self._pool = pool
        self._allow_private = allow_private
        self._read: dict[str, Feed | None] = {}

    async def find(self, written: str) -> Search:
        """The feeds of a site, or the one whose address it is; never raises for what is wrong with it."""
        found: list[Feed] = []
        try:
            async with asyncio.timeout(SECONDS):
                await self._look(written, found)
        except (SourceError, UserError) as error:
            return Search(address=written, trouble=error.sentence)
        except TimeoutError:
            if not found:
                return Search(address=written, trouble=text("it took too long"))
        if not found:
            return Search(address=written, trouble=NO_FEED)
        return Search(address=written, feeds=tuple(sorted(found, key=_by_age)))

    async def _look(self, written: str, found: list[Feed]) -> None:
        answer = await self._first(addresses(await self._followed(written)))
        if (feed := await self._as_feed(answer)) is not None:
            found.append(feed)
            return
        named = await self._links(answer)
        await self._take(_urls(named, "feeds"), found)
        if not found:
            await self._take(await self._of_pages(_urls(named, "pages"), answer.url), found)
        if not found:
            root = URL(answer.url).origin()
            await self._take((str(root / path) for path in USUAL), found, enough=1)

    async def _followed(self, written: str) -> str:
        """The address that `written` leads to, where only its platform knows that; raises SourceError."""
        hint = clue(written)
        if hint is None:
            return written
        answer = await self._client.get(hint.ask, allow_private=self._allow_private)
        said = await self._pool.run(hint.reader, answer.body, {}, source=answer.url)
        address = str(said.get("address") or "") if isinstance(said, dict) else ""
        if not address:
            raise Broken(NO_FEED)
        platform = known(address)
        return platform.feed if platform else address

    async def _first(self, candidates: Iterable[str]) -> Answer:
        """The first that answers; raises the first one's SourceError."""
        trouble: SourceError | None = None
        for address in candidates:
            try:
                return await self._client.get(address, allow_private=self._allow_private)
            except SourceError as error:
                trouble = trouble or error
        raise trouble or Broken(NO_FEED)

    async def _take(self, urls: Iterable[str], found: list[Feed], *, enough: int = MOST_FEEDS) -> None:
        """Read each as a feed; those that are one are found."""
        for url in urls:
            if len(found) >= enough:
                return
            if url in self._read:
                continue
            self._read[url] = None
            try:
                feed = await self._as_feed(await self._client.get(url, allow_private=self._allow_private))
            except SourceError:
                continue
            if feed is not None and feed.url not in {one.url for one in found}:
                self._read[url] = feed
                found.append(feed)

    async def _of_pages(self, urls: Iterable[str], home: str) -> list[str]:
        """The feeds that a site's press or news pages name."""
        found: list[str] = []
        for url in [url for url in urls if _host(url) == _host(home) and url != home][:MOST_PAGES]:
            try:
                page = await self._client.get(url, allow_private=self._allow_private)
                found += _urls(await self._links(page), "feeds")
            except SourceError:
                continue
        return found

    async def _as_feed(self, answer: Answer) -> Feed | None:
        options = {"url": answer.url, "content_type": answer.headers.get("Content-Type", ""), "episodes": True}
        try:
            read = await self._pool.run(READ_EXTRAS, answer.body, options, source=answer.url)
        except Broken:
            return None
        dates = [datetime.fromisoformat(one["published"]) for one in read["items"] if one["published"]]
        title, newest = str(read["feed"]["title"])[:80], max(dates, default=None)
        recorded = sum(1 for one in read["items"] if _is_recorded(one))
        return Feed(
            url=answer.url,
            title=title,
            items=len(read["items"]),
            newest=newest,
            spoken=recorded * 2 > len(read["items"]),
        )

    async def _links(self, answer: Answer) -> dict[str, Any]:
        named = await self._pool.run(LINKS, answer.body, {"url": answer.url}, source=answer.url)
        return named if isinstance(named, dict) else {}


def _is_recorded(item: dict[str, Any]) -> bool:
    episode = item.get("episode") or {}
    return bool(episode.get("transcripts") or (episode.get("audio") and episode.get("seconds") is not None))


def _urls(named: dict[str, Any], kind: str) -> list[str]:
    return [str(one["url"]) for one in named.get(kind, ())]


def _host(url: str) -> str:
    return (URL(url).host or "").removeprefix("www.")


def _by_age(feed: Feed) -> float:
    return -(feed.newest or NEVER).timestamp() if feed.newest else 0.0


@asynccontextmanager
async def finder(*, allow_private: bool = False, limits: Limits = LIMITS) -> AsyncIterator[Finder]:
    """A Finder with its own client and workers, closed at the end."""
    client, pool = Client(Http(), limits=limits), ParsePool(ONE_LANE)
    try:
        yield Finder(client, pool, allow_private=allow_private)
    finally:
        await client.close()
        await pool.close()
