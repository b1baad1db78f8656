"""The way of one item: fetch → keep what is new or changed → match → store. `gather.py` goes on from there.

One page of a source is one transaction (T1). Nothing lives only in memory between a page and its transaction: a process
that is killed reads the page again, because cursor and validators move with the last page's items.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from smwatch.brought import called, in_turns, slices, walked
from smwatch.errors import SourceError, Transient
from smwatch.habits import believed, dated, learned
from smwatch.i18n import text
from smwatch.route import Age, age, moment_of
from smwatch.store.churn import renewed
from smwatch.store.ingest import (
    RELISTED,
    Fresh,
    Harvest,
    Match,
    id_mark,
    identify,
    known,
    store_harvest,
    stored_text,
)
from smwatch.store.tombstones import GONE
from smwatch.story import near_duplicate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.caution import Caution
    from smwatch.i18n import Text
    from smwatch.model import Item, Page
    from smwatch.plugin import Enricher, Source
    from smwatch.query.watches import WatchEngine, WatchHit
    from smwatch.store.db import Store
    from smwatch.store.ingest import Identity, Seen
    from smwatch.store.sources import SourceRow, WatchRow

log = structlog.get_logger(__name__)

LOOK_UP = 10.0  # seconds for what a source asks about the items of a page that matched
NO_LOOK_UP = timedelta(minutes=1)
MOST_EDITS = 24  # an item that changes with every poll (a clock, an advertisement) is not followed for ever


class Walk(Protocol):
    """The context of one poll, and what it knows afterwards (`smwatch.fetch.walk.Walk`)."""

    validators: Mapping[str, Any]
    parser: str | None
    parser_changed: bool

    @property
    def channel(self) -> Mapping[str, Any] | None:
        """What a feed that was read says about itself."""

    @property
    def unchanged(self) -> bool:
        """Whether all conditional requests brought nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one walk came to: items listed, of them new or `changed` (`fresh`: both), mentions that are new.

    `unchanged`: its source said so; `stored`: something was written all the same (where it has moved to).
    """

    listed: int = 0
    fresh: int = 0
    changed: int = 0
    mentions: int = 0
    unchanged: bool = False
    stored: bool = False

    def told(self) -> dict[str, int | bool]:
        """What the log says of it."""
        counts = {"items": self.listed, "new": self.fresh, "mentions": self.mentions}
        return {**counts, "unchanged": self.unchanged}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What matching needs of the config, replaced as a whole at a reload."""

    engine: WatchEngine
    watches: Mapping[tuple[str, str], WatchRow]
    max_age: timedelta
    retention: timedelta
    enrichers: Sequence[Enricher] = ()

    @classmethod
    def empty(cls) -> Plan:
        """Before a config is applied: nothing matches."""
        from smwatch.query.watches import WatchEngine  # noqa: PLC0415 - only here

        return cls(engine=WatchEngine([], {}), watches={}, max_age=timedelta(0), retention=timedelta(0))


async def _nobody(_source: Source, _note: Text) -> None:
    """Hears a note where nobody else does."""


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """From a source to stored mentions. `walk(source, row, now)` opens the context of a poll."""

    store: Store
    plan: Plan
    walk: Callable[[Source, SourceRow, datetime], Any]
    clock: Callable[[], datetime]
    on_mentions: Callable[[], None] = field(default=lambda: None)
    no_look_up: dict[int, datetime] = field(default_factory=dict)
    on_note: Callable[[Source, Text], Awaitable[None]] = field(default=_nobody)
    caution: Caution | None = None

    async def poll(self, source: Source, row: SourceRow, now: datetime) -> Polled:
        """One walk over one source; raises a SourceError, and leaves everything that was stored before it."""
        walk, total = self.walk(source, row, now), Polled()
        moments: set[datetime] = set()
        async for page, last in walked(source.fetch(walk)):
            if last and _says_nothing(row, walk, page):
                continue  # most polls end here: nothing is asked of the store
            moments.update(said for item in page.items if (said := believed(item.published or item.updated, now)))
            harvest = await self._harvest(source, row, page, walk, self.clock())
            harvest = replace(harvest, fence=row.fence if self.store.shared else None)
            if last:
                news = bool(total.fresh or harvest.fresh) and row.first_poll_at is not None
                churned = bool(harvest.renewed) and 2 * len(harvest.renewed) >= len(harvest.present)
                heard = learned(row.heard, moments, harvest.now, news=news, churned=churned, channel=walk.channel)
                harvest = _completed(harvest, walk, page, heard)
                if self.caution and self.caution.holds(row.id):  # the page comes again
                    harvest = replace(harvest, validators=row.validators, cursor=None)
            total = _sum(total, await self._take(row, walk, page, harvest))
            await self._say_notes(source, page)
        return _sum(total, Polled(unchanged=walk.unchanged))

    async def push(self, source: Source, row: SourceRow, page: Page, *, durable: bool = False) -> Polled:
        """Keep, match and store one page of a stream; its cursor moves with it. A `durable` one is on the disk then."""
        total = Polled()
        for part in slices(page):
            total = _sum(total, await self._push(source, row, part, durable=durable))
        return total

    async def _push(self, source: Source, row: SourceRow, page: Page, *, durable: bool) -> Polled:
        now = self.clock()
        harvest = await self._harvest(source, row, page, self.walk(source, row, now), now)
        if self.caution and self.caution.holds(row.id):
            raise Transient(text("an item of it could not be worked on: it comes again"))
        polled = await self._store(replace(harvest, stream_cursor=page.cursor), page, durable=durable)
        await self._say_notes(source, page)
        return polled

    async def _say_notes(self, source: Source, page: Page) -> None:
        for note in page.notes:
            await self.on_note(source, note)

    async def _take(self, row: SourceRow, walk: Any, page: Page, harvest: Harvest) -> Polled:  # noqa: ANN401 - see Walk
        """Store one page of a walk, unless it is the last one and says nothing that is not known."""
        same = walk.unchanged and walk.validators == row.validators and row.first_poll_at
        if harvest.complete and same and not (harvest.fresh or page.deleted) and page.cursor in (None, row.cursor):
            return Polled(listed=_listed(page), unchanged=True)
        return await self._store(harvest, page)

    async def _harvest(self, source: Source, row: SourceRow, page: Page, walk: Any, now: datetime) -> Harvest:  # noqa: ANN401 - see Walk
        items = _distinct(page.items, now)
        gone, until = frozenset(page.deleted), now + self._kept_for(source)
        begun = Harvest(source_id=row.id, client=row.client, platform=source.type, now=now, fresh=(), expires_at=until)
        kept = await self._keep(row, items, now, begun)
        matched = await self._match(source, row, kept.fresh, now, gone=gone, quiet=walk.parser_changed)
        if page.passing:
            matched = tuple(one for one in matched if one.matches or one.known)
        return replace(
            kept,
            fresh=await self._looked_up(source, row, walk, matched),
            renamed=self._renamed(row, items, kept.fresh),
            deleted=tuple(self._mark(row, one) for one in gone),
        )

    async def _store(self, harvest: Harvest, page: Page, *, durable: bool = False) -> Polled:
        fresh = harvest.fresh
        async with self.store.write(durable=durable) as connection:
            mentions = await store_harvest(connection, harvest)
        changed = sum(one.known is not None for one in fresh)
        if mentions or changed:
            self.on_mentions()
        return Polled(listed=_listed(page), fresh=len(fresh), changed=changed, mentions=mentions, stored=True)

    async def _looked_up(
        self,
        source: Source,
        row: SourceRow,
        walk: Any,  # noqa: ANN401 - see Walk
        fresh: tuple[Fresh, ...],
    ) -> tuple[Fresh, ...]:
        """What matched, with the author and the engagement that its source had to ask for.

        Where nobody answers, nobody is asked for a minute: a stream must not wait for it again and again.
        """
        wanted = [one.item for one in fresh if one.matches]
        now = self.clock()
        if not wanted or now < self.no_look_up.get(row.id, now):
            return fresh
        try:
            async with asyncio.timeout(LOOK_UP):
                found = {item.id: item for item in await called(source.look_up(walk, wanted))}
        except (SourceError, TimeoutError) as error:
            log.info("authors_not_looked_up", source=source.name, reason=str(error))
            self.no_look_up[row.id] = now + NO_LOOK_UP
            return fresh
        return tuple(_with_more(one, found[one.item.id]) if one.item.id in found else one for one in fresh)

    def _kept_for(self, source: Source) -> timedelta:
        """As long as the config says, or as long as the platform allows."""
        card = getattr(source, "card", None)
        cap = timedelta(days=card.retention) if card and card.retention is not None else timedelta.max
        return min(self.plan.retention, cap)

    async def _keep(self, row: SourceRow, items: Sequence[Item], now: datetime, page: Harvest) -> Harvest:
        """The page with what is new or changed (matching comes later), what is listed again, what has another id."""
        parts = in_turns(items, lambda item: item)
        identities = [identify(self.store.key, row.identity, item) async for part in parts for item in part]
        async with self.store.read() as connection:
            seen = await known(connection, row.id, [mark for one in identities for mark in (one.id, one.twin)])
            fresh = [
                await self._fresh(connection, row, item, identity, seen.get(identity.id))
                for item, identity in zip(items, identities, strict=True)
                if _is_news(identity, seen)
            ]
        return replace(
            page,
            fresh=tuple(fresh),
            listed=tuple(one.id for one in identities if _is_listed_again(seen.get(one.id), now)),
            renewed=tuple(renewed(items, identities, seen)),
            present=frozenset(one.id for one in identities),
        )

    async def _fresh(
        self, connection: AsyncConnection, row: SourceRow, item: Item, identity: Identity, before: Seen | None
    ) -> Fresh:
        """A known id with another title, another link and another text is another article."""
        if before is None or before.title == identity.title or before.url == identity.url:
            return Fresh(item=item, identity=identity, known=before)
        told = await stored_text(connection, row.id, identity)
        if told is not None and near_duplicate(told, f"{item.lead}\n{item.text}"):
            return Fresh(item=item, identity=identity, known=before)
        return Fresh(item=item, identity=identity, reused=True)

    async def _match(  # noqa: PLR0913 - everything that decides between old and new
        self,
        source: Source,
        row: SourceRow,
        fresh: Sequence[Fresh],
        now: datetime,
        *,
        gone: frozenset[str] = frozenset(),
        quiet: bool,
    ) -> tuple[Fresh, ...]:
        """What is new with its matches; what its own page takes back is remembered, and matches nothing."""

        async def work(some: Sequence[Fresh]) -> list[Fresh]:
            done: list[Fresh] = []
            async for part in in_turns(some, lambda one: one.item):
                told = [await self._told(row, one, gone) for one in part]
                hits = self.plan.engine.match_many([one.item for one in told])
                done += [
                    one if one.gone else self._matched(source, row, one, found, now, quiet=quiet)
                    for one, found in zip(told, hits, strict=True)
                ]
            return done

        return tuple(await (self.caution.over(row.id, fresh, work) if self.caution and fresh else work(fresh)))

    def _renamed(self, row: SourceRow, items: Sequence[Item], fresh: Sequence[Fresh]) -> tuple[tuple[str, str], ...]:
        """Further ids of items that are known: another server shows them under a number of its own."""
        new = {one.item.id for one in fresh}
        pairs = ((item.id, other) for item in items if item.id not in new for other in item.other_ids)
        return tuple((self._mark(row, one), self._mark(row, other)) for one, other in pairs)

    def _mark(self, row: SourceRow, native_id: str) -> str:
        return id_mark(self.store.key, row.identity, native_id)

    async def _told(self, row: SourceRow, fresh: Fresh, gone: frozenset[str]) -> Fresh:
        """With its language, and with all the ids by which it may be called gone."""
        ids = fresh.item.other_ids
        item = await self._enriched(fresh.item)
        if item is fresh.item and not ids and not gone:  # most are, and a copy is not for nothing
            return fresh
        return replace(
            fresh,
            item=item,
            others=tuple(self._mark(row, one) for one in ids),
            gone=not gone.isdisjoint((fresh.item.id, *ids)),
        )

    def _matched(  # noqa: PLR0913 - everything that decides between old and new
        self, source: Source, row: SourceRow, fresh: Fresh, hits: Iterable[WatchHit], now: datetime, *, quiet: bool
    ) -> Fresh:
        wanted = [hit for hit in hits if source.client in (None, hit.watch.client)]
        if not wanted:
            return fresh
        return replace(
            fresh, matches=tuple(self._as_match(hit, fresh.item, row, fresh, now, quiet=quiet) for hit in wanted)
        )

    def _as_match(  # noqa: PLR0913 - everything that decides between old and new
        self, hit: WatchHit, item: Item, row: SourceRow, fresh: Fresh, now: datetime, *, quiet: bool
    ) -> Match:
        watch = self.plan.watches[hit.watch.client or "", hit.watch.name]
        first_seen = fresh.known.first_seen if fresh.known else now
        verdict = age(
            moment_of(item, first_seen),
            first_seen=first_seen,
            first_poll_at=row.first_poll_at,
            changed_at=watch.changed_at,
            max_age=self.plan.max_age,
        )
        return Match(
            watch_id=watch.id,
            client=hit.watch.client or "",
            version=watch.version,
            spans=hit.spans,
            priority=hit.priority,
            old=verdict is Age.OLD or (quiet and not _is_dated_after(item, row.last_ok_at)),
            late=verdict is Age.LATE,
            reason=hit.reason,
        )

    async def _enriched(self, item: Item) -> Item:
        for enricher in self.plan.enrichers:
            try:
                item = await called(enricher.enrich(item))
            except Exception as error:  # noqa: BLE001 - one plugin's code is a border: the item goes on as it is
                log.warning("enricher_failed", enricher=type(enricher).__name__, error=type(error).__name__)
        return item


def _with_more(fresh: Fresh, found: Item) -> Fresh:
    return replace(fresh, item=replace(fresh.item, author=found.author, engagement=found.engagement))


def _is_dated_after(item: Item, moment: datetime | None) -> bool:
    """Whether the item itself says that it is younger: another parser of the same feed brings nothing else as news."""
    said = item.published or item.updated
    return said is not None and moment is not None and said > moment


def _is_news(identity: Identity, seen: Mapping[str, Seen]) -> bool:
    """A new id that is not a known item under another id, or a known id with other content."""
    before = seen.get(identity.id)
    if before is None:
        return identity.twin not in seen
    return before.content not in (identity.content, GONE) and before.edits < MOST_EDITS


def _is_listed_again(before: Seen | None, now: datetime) -> bool:
    return before is not None and now - before.last_listed > RELISTED


def _distinct(items: Iterable[Item], now: datetime) -> list[Item]:
    """One item an id; identities of a source are distinct already, plugins of third parties may err."""
    return list({item.id: dated(item, now) for item in items}.values())


def _says_nothing(row: SourceRow, walk: Any, page: Page) -> bool:  # noqa: ANN401 - see Walk
    """Whether the last page of a walk holds nothing, and nothing is to be remembered of it."""
    if page.items or page.deleted or page.notes or not walk.unchanged or row.first_poll_at is None:
        return False
    return page.cursor in (None, row.cursor) and bool(walk.validators == row.validators)


def _completed(harvest: Harvest, walk: Any, page: Page, heard: Mapping[str, Any]) -> Harvest:  # noqa: ANN401 - see Walk
    """The last page of a walk carries what the next one begins with."""
    kept = {"validators": walk.validators, "parser": walk.parser, "cursor": page.cursor, "heard": heard}
    return replace(harvest, complete=True, **kept)


def _listed(page: Page) -> int:
    return len({item.id for item in page.items})


def _sum(one: Polled, other: Polled) -> Polled:
    return Polled(
        listed=one.listed + other.listed,
        fresh=one.fresh + other.fresh,
        changed=one.changed + other.changed,
        mentions=one.mentions + other.mentions,
        unchanged=other.unchanged,
        stored=one.stored or other.stored,
    )
