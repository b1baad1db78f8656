"""`smwatch source test`: read files, addresses and sources once, and say what is in them, what matches, what took long.

    async with prober(...) as probe:
        async for report in probe.all(targets):
            print(json.dumps(report.to_json(language)))

Nothing is stored, nothing is sent. One set of workers and connections serves all targets.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch.config.model import Http
from smwatch.config.words import nearest
from smwatch.due import rhythm
from smwatch.errors import SmwatchError, SourceError, UserError
from smwatch.feeds import READ_FEED
from smwatch.feeds.address import meant_address
from smwatch.feeds.items import feed_items
from smwatch.fetch.client import Client
from smwatch.fetch.decode import Body, TooLarge, Undecodable
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.fetch.walk import Walk
from smwatch.habits import learned
from smwatch.i18n import Text, text
from smwatch.model import utc
from smwatch.query.searches import Searches
from smwatch.source import PushSource, Receiver
from smwatch.store.sources import SourceRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence

    from smwatch.fetch.request import Limits
    from smwatch.habits import Rhythm
    from smwatch.model import Author, Item
    from smwatch.plugin import Source
    from smwatch.query.watches import WatchEngine, WatchHit

SECONDS = 4.5  # for one file; reading an address has the client's own limits
LIMIT = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An item of a report that watches would have told."""

    item: Item
    hits: tuple[WatchHit, ...]


@dataclass(slots=True, kw_only=True)
class Report:
    """What is known about one target. `items` are plain JSON values, `found` the same as items.

    `seconds` is the whole time, `parsing` the part of it that reading took after the answer was there; `validators` are
    what the server gave to ask with next time; `next_poll` is when a running daemon would come again, as often as
    `rhythm` says (None for files); `robots` says what the host's robots.txt holds; `pushed` what comes unasked.
    """

    target: str
    error: Text | None = None
    feed: dict[str, Any] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    found: tuple[Item, ...] = ()
    matches: tuple[Match, ...] = ()
    seconds: float = 0.0
    parser: str | None = None
    validators: Mapping[str, Any] = field(default_factory=dict)
    parsing: float = 0.0
    next_poll: datetime | None = None
    rhythm: Rhythm | None = None
    robots: Text | None = None
    pushed: Text | None = None

    @property
    def ok(self) -> bool:
        """Whether it could be read."""
        return self.error is None

    def to_json(self, language: str) -> dict[str, Any]:
        """One object as CONTRACT has it."""
        return {
            "file": self.target,
            "ok": self.ok,
            "error": self.error.render(language) if self.error is not None else None,
            "feed": {"title": "", "url": "", "lang": None, **self.feed},
            "items": self.items,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Everything that a test of sources needs.

    `feed` is the class behind `type = "feed"`: an address is read as such a source. `sources` are the config's, by
    name. `engine` says what would match, `searches` what platforms are asked for.
    """

    client: Client
    pool: ParsePool
    feed: type[Source]
    sources: Mapping[str, Source] = field(default_factory=dict)
    engine: WatchEngine | None = None
    searches: Searches = field(default_factory=Searches)
    allow_private: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def all(self, targets: Iterable[str]) -> AsyncIterator[Report]:
        """A report for each target, in order, each as soon as it is there."""
        for target in targets:
            yield await self.one(target)

    def _nowhere(self, target: str) -> Text:
        near = nearest(target, self.sources) or meant_address(target)
        if near is not None:
            return text("no file, address or source is called {name}; did you mean {near}?", name=target, near=near)
        return text("no file, address or source is called {name}", name=target)

    async def one(self, target: str) -> Report:
        """The report for a name of a source, an address, or a file; never raises for what is wrong with it."""
        report, started = Report(target=target), time.monotonic()
        try:
            await self._fill(report)
        except SmwatchError as error:
            report.error = error.sentence
        except TimeoutError:
            report.error = text("it took too long")
        except Exception as error:  # noqa: BLE001 - a plugin's code is a border
            report.error = text("the plugin failed: {error}", error=type(error).__name__)
        report.seconds = time.monotonic() - started
        report.matches = tuple(self._matches(report))
        return report

    def _matches(self, report: Report) -> Iterator[Match]:
        """What the watches would have told, a client's source only to its own."""
        source, engine = self.sources.get(report.target), self.engine
        client = source.client if source is not None else None
        for item in report.found if engine is not None else ():
            hits = tuple(hit for hit in engine.match(item) if client in (None, hit.watch.client)) if engine else ()
            if hits:
                yield Match(item=item, hits=hits)

    async def _fill(self, report: Report) -> None:
        if (source := self.sources.get(report.target)) is not None:
            await self._walk(report, source)
        elif report.target[:8].lower().startswith(("http://", "https://")):
            await self._walk(report, self._source(report.target))
        else:
            async with asyncio.timeout(SECONDS):
                await self._read(report)

    def _source(self, url: str) -> Source:
        return self.feed.model_validate({"type": "feed", "name": url, "url": url, "allow_private": self.allow_private})

    async def _read(self, report: Report) -> None:
        try:
            body = _contents(report.target)
        except FileNotFoundError as error:
            raise UserError(self._nowhere(report.target)) from error
        self._take(report, await self.pool.run(READ_FEED, body, {}, source=report.target))

    async def _walk(self, report: Report, source: Source) -> None:
        if self.allow_private and not source.allow_private:
            source = source.model_copy(update={"allow_private": True})
        now = self.clock()
        searches = partial(self.searches.of, client=source.client)
        walk = TimedWalk(source=source, client=self.client, pool=self.pool, now=now, searches=searches)
        report.pushed = pushed(source)
        found: list[Item] = []
        async for page in source.fetch(walk):
            found += page.items
        feeds = [answer for answer in walk.answers if isinstance(answer, dict) and {"feed", "items"} <= answer.keys()]
        if len(feeds) == 1:
            self._take(report, feeds[0])
        else:
            report.items = [_plain(item) for item in found]
        report.found = tuple(found)
        report.parser, report.parsing = walk.parser, walk.parsing
        report.validators = walk.validators
        if not isinstance(source, PushSource):
            report.rhythm = rhythm(source, _as_learned(source, walk, found, now))
            report.next_poll = now + report.rhythm.every
        if self.engine is not None:
            report.robots = await _robots(walk, getattr(source, "url", None))

    def _take(self, report: Report, answer: dict[str, Any]) -> None:
        report.found = feed_items(answer, report.target)
        report.feed = answer["feed"]
        report.parser = answer.get("parser")
        lang = report.feed.get("lang")
        report.items = [
            {**item, "author": item.get("author") or {"name": None}, "lang": item.get("lang") or lang}
            for item in answer["items"]
        ]


class TimedWalk(Walk):
    """A walk that knows how long reading took."""

    parsing = 0.0

    async def parse(self, function: str, body: bytes, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """See `SourceContext`."""
        started = time.monotonic()
        try:
            return await super().parse(function, body, options)
        finally:
            self.parsing += time.monotonic() - started


def _as_learned(source: Source, walk: TimedWalk, items: Sequence[Item], now: datetime) -> SourceRow:
    """The source as the daemon would know it after this walk."""
    moments = [utc(said) for item in items if (said := item.published or item.updated)]
    return SourceRow(
        id=0,
        client=source.client or "",
        kind=source.type,
        key=source.key(),
        name=source.name,
        heard=learned(None, moments, now, news=False, channel=walk.channel),
        validators=walk.validators,
    )


async def _robots(walk: Walk, url: str | None) -> Text | None:
    """What the host's robots.txt says of the address; feeds are made for programs and read all the same."""
    if url is None:
        return None
    try:
        async with asyncio.timeout(SECONDS):
            allowed = await walk.allowed(url)
    except (SourceError, TimeoutError):
        return text("robots.txt: cannot be read now")
    return text("robots.txt: admits this address") if allowed else text("robots.txt: does not admit this address")


def pushed(source: Source) -> Text | None:
    """What a source brings without being asked; None where there is nothing."""
    if isinstance(source, Receiver):
        path = f"/in/{source.address()}"
        return text("it is sent to {path} of the running smwatch; nothing is asked here", path=path)
    if isinstance(source, PushSource):
        return text("it is pushed while smwatch runs; nothing is asked here")
    return text("besides, a running smwatch listens to its stream") if source.listens() else None


@asynccontextmanager
async def prober(  # noqa: PLR0913 - what a test of sources needs
    feed: type[Source],
    *,
    http: Http | None = None,
    contact: str | None = None,
    sources: Iterable[Source] = (),
    engine: WatchEngine | None = None,
    searches: Searches | None = None,
    allow_private: bool = False,
    limits: Limits | None = None,
) -> AsyncIterator[Prober]:
    """A Prober with its own client and workers, closed at the end."""
    client, pool = Client(http or Http(), contact, limits=limits), ParsePool(ONE_LANE)
    try:
        named = {source.name: source for source in sources}
        yield Prober(
            client=client,
            pool=pool,
            feed=feed,
            sources=named,
            engine=engine,
            searches=searches or Searches(),
            allow_private=allow_private,
        )
    finally:
        await client.close()
        await pool.close()


def _contents(target: str) -> bytes:
    """The file's bytes, unpacked where it is gzipped; raises FileNotFoundError or UserError."""
    if not target.strip():
        raise UserError(text("a name, an address or a file is missing"))
    path = Path(target)
    try:
        if path.is_dir():
            raise UserError(text("{name} is a folder", name=target))
        with path.open("rb") as stream:
            body = stream.read(LIMIT + 1)
        if body.startswith(b"\x1f\x8b"):
            packed = Body("gzip", LIMIT)
            packed.add(body)
            body = packed.done()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(text("{file} cannot be read: {reason}", file=target, reason=reason)) from error
    except (Undecodable, EOFError) as error:
        raise UserError(text("{file} cannot be read: {reason}", file=target, reason="gzip")) from error
    except TooLarge:
        body = bytes(LIMIT + 1)
    if len(body) > LIMIT:
        raise UserError(text("{file} is larger than {n} MiB", file=target, n=LIMIT // 1024**2))
    return body


def _plain(item: Item) -> dict[str, Any]:
    """An item of any source in the same shape as a feed's."""
    return {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "lead": item.lead,
        "text": item.text,
        "author": _author(item.author),
        "published": item.published.isoformat() if item.published else None,
        "updated": item.updated.isoformat() if item.updated else None,
        "lang": item.lang,
        "tags": list(item.attributes.get("tags", ())),
    }


def _author(author: Author | None) -> dict[str, Any]:
    return {"name": author.name, "url": author.url} if author is not None else {"name": None}
