"""Wiring and life: everything is made here, started in one order, and stopped in the other.

`App` owns the parts. A reload swaps what depends on the config as whole values, so that no poll or delivery ever sees
half of it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch import __version__
from smwatch.ballast import Ballast, Disk
from smwatch.casework import Casework
from smwatch.caution import Caution
from smwatch.config.watcher import saves
from smwatch.deliver import Sender
from smwatch.deliver.hush import Hush, hush_of
from smwatch.fetch.client import Client, trusted
from smwatch.fetch.pool import ParsePool
from smwatch.fetch.walk import Walk
from smwatch.gather import Gather, Rules
from smwatch.heartbeat import Heartbeat
from smwatch.i18n import text
from smwatch.listen import Listeners
from smwatch.lookback import LookBack
from smwatch.noiseloop import NoiseLoop
from smwatch.notify import Notifier, watchdog_interval
from smwatch.ops import Ops
from smwatch.pipeline import Pipeline, Plan
from smwatch.pruning import Pruning
from smwatch.query.searches import Searches
from smwatch.query.watches import WatchEngine
from smwatch.receive import Inbox
from smwatch.render import Renderer, broken_config, news, saved_config
from smwatch.schedule import Scheduler
from smwatch.shift import Shift
from smwatch.stalls import LONGEST_REST, Stalls, culprit
from smwatch.store import lifetimes, outbox
from smwatch.store import sources as source_store
from smwatch.store.place import free_space, state_folder
from smwatch.store.sources import Named
from smwatch.supervisor import Supervisor
from smwatch.surface import Surface
from smwatch.tempo import Tempo
from smwatch.timetable import Timetable
from smwatch.web.metrics import Metrics, watch_lag
from smwatch.websub import WebSub

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from smwatch.config.keeper import Keeper, Outcome
    from smwatch.config.model import Config
    from smwatch.i18n import Text
    from smwatch.plugin import Source
    from smwatch.stalls import Stall
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

GRACE = 5.0  # seconds for the loops to end
SENDING = 11.0  # seconds for the call in flight to end, and for its answer to be written down
HOUSEKEEPING = 2.0  # seconds between two looks at what is to be said
STALE = 30.0  # seconds without progress after which the watchdog is not fed any more


class App:
    """The running daemon; made by `start`, ended by `stop`."""

    def __init__(self, keeper: Keeper, store: Store, tempo: Tempo | None = None) -> None:
        self.keeper = keeper
        self.store = store
        self.metrics = Metrics(version=__version__)
        self.tempo = tempo or Tempo()
        self.searches = Searches()
        self.started = self.now()
        self.ready = False
        self.outcome: Outcome | None = None
        self._stack = AsyncExitStack()
        self._supervisor = Supervisor(expected=(SQLAlchemyError,))
        self._notifier = Notifier()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._hung_up = asyncio.Event()
        self._make(keeper.config)

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self.tempo.clock()

    @property
    def config(self) -> Config:
        """What runs now."""
        return self.keeper.config

    def _make(self, config: Config) -> None:
        """Every part, none of them running."""
        clock = self.tempo.clock
        self.hush = Hush(secret=self.store.key)
        self.client = Client(config.http, config.contact, clock=clock)
        self.pool = ParsePool(on_trouble=self._worker_trouble, clock=clock)
        self.renderer = Renderer(self.store, lambda: self.config, clock)
        self.session = channel_session(config, self.client.trust)
        self.sender = Sender(
            self.store,
            config.channels,
            self.renderer,
            session=self.session,
            tell=self._tell_of_channel,
            count=self.metrics.delivered,
            zone=lambda name: self.renderer.reading(name).timezone,
            hush=lambda: self.hush,
            clock=clock,
            pace=self.tempo.pace,
        )
        self.gather = Gather(self.store, Rules(), wake=self.sender.wake, clock=clock, tell=self._tell_operators)
        walk, knock, note = self._walk, self.gather.knock, self._tell_note
        self.caution = Caution(self.store, state_folder(self.store.url) / "at-work", self._tell_left_out, clock)
        self.pruning = Pruning(self.store)
        self.pipeline = Pipeline(
            store=self.store,
            plan=Plan.empty(),
            walk=walk,
            clock=clock,
            on_mentions=knock,
            on_note=note,
            caution=self.caution,
        )
        self.shift = Shift(self.store, clock=clock, nap=self.tempo.nap)
        self.scheduler = Scheduler(
            self.store, self.pipeline.poll, clock=clock, on_poll=self.metrics.walked, claims=self.shift.claims
        )
        world, nap = (self.store, self._stream, self.pipeline.push), self.tempo.nap
        self.listeners = Listeners(*world, heard=self.scheduler.heard, clock=clock, nap=nap)
        self.inbox = Inbox(*world, heard=self.scheduler.heard, clock=clock, nap=nap)
        self.websub = WebSub(self.client, *world, self.scheduler, clock=clock, nap=nap)
        self.timetable = Timetable(self.store, lambda: self.config, clock=clock)
        self.ops = Ops(store=self.store, config=lambda: self.config, wake=self.sender.wake, clock=clock)
        self.heartbeat = Heartbeat(self.session, lambda: self.config.heartbeat_url, self.alive, self.tempo.nap)
        self.noise = NoiseLoop(store=self.store, keeper=self.keeper, wake=self.sender.wake)
        self.disk = Disk(Ballast(state_folder(self.store.url)), self.scheduler, self._tell_operators)
        self.lookback = LookBack(store=self.store, config=lambda: self.config, wake=self.sender.wake)
        self.casework = Casework(self)

    def _walk(self, source: Source, row: SourceRow, now: datetime) -> Walk:
        return Walk(
            source=source,
            client=self.client,
            pool=self.pool,
            now=now,
            cursor=row.cursor,
            validators=row.validators,
            parser=row.parser,
            log=log,
            searches=partial(self.searches.of, client=source.client),
        )

    def _stream(self, source: Source, row: SourceRow, now: datetime) -> Walk:
        return self._walk(source, replace(row, cursor=row.stream_cursor), now)

    async def _tell_note(self, source: Source, note: Text) -> None:
        log.warning("source_missed_something", source=source.name, reason=str(note))
        await self.ops.tell(news(text("{source}: {what}", source=source.name, what=note)), self.now())

    async def _tell_operators(self, what: Text) -> None:
        await self.ops.tell(news(what), self.now())

    async def _rest_culprit(self, stall: Stall) -> None:
        row = next((row for row in self.scheduler.rows if row.id == culprit(stall)), None)
        if row is not None:
            at, until = self.now(), self.now() + LONGEST_REST
            async with self.store.write() as connection:  # the poll that blocked reads the row again at its end
                await source_store.set_rest(connection, row.id, at, until)
            self.rest(replace(row, paused_at=at, paused_until=until))
            await self._tell_operators(stall.told(row.name))

    async def _tell_left_out(self, number: int, what: Text) -> None:
        name = next((row.name for row in self.scheduler.rows if row.id == number), str(number))
        await self._tell_operators(text("{source}: {what}", source=name, what=what))

    async def _tell_of_channel(self, channel: str, reason: Text | None) -> None:
        await self.ops.channel_news(channel, reason, self.now())

    def _worker_trouble(self, trouble: Text) -> None:
        log.error("parse_workers_broken", reason=str(trouble))

    async def apply(self) -> None:
        """Put the config as it is now into every part."""
        config, now = self.config, self.now()
        named = {
            Named(client=one.client or "", kind=one.type, key=one.key(), name=one.name): one
            for one in config.sources
            if one.active
        }
        self.searches = Searches(config.watches, config.lists)
        engine = await asyncio.to_thread(WatchEngine, config.watches, config.lists)  # a second for 10,000 queries
        async with self.store.write() as connection:
            rows = await source_store.sync_sources(connection, list(named))
            watches = await source_store.sync_watches(connection, config.watches, config.lists, now)
        self.pipeline.plan = Plan(
            engine=engine,
            watches=watches,
            max_age=config.max_age,
            retention=config.retention,
            enrichers=tuple(self.keeper.registry.enrichers.values()),
        )
        self.gather.rules = Rules.of(config)
        was, self.hush = self.hush, hush_of(config.silences, self.store.key, config.lists)
        if was.planned != self.hush.planned:  # what a silence of the files held may be told now
            async with self.store.write() as connection:
                await outbox.unmute(connection, now)
        self.sender.replace(config.channels)
        self.casework.replace()
        self.scheduler.replace({rows[one].id: (source, rows[one]) for one, source in named.items()})
        self._listen()
        await self.inbox.replace({rows[one].id: source for one, source in named.items()})

    def _listen(self) -> None:
        """Streams of sources that rest are closed."""
        self.listeners.replace(awake := self.scheduler.awake())
        self.websub.replace(awake, self.config.public_url if self.config.listen else None)

    def rest(self, row: SourceRow) -> None:
        """A person lets a source rest, or go on."""
        self.scheduler.rest(row.id, row.paused_at, row.paused_until)
        self._listen()

    async def start(self) -> None:
        """Start everything; rolled back where a part cannot start."""
        self._stack.push_async_callback(self.store.close)
        self._stack.push_async_callback(self.session.close)
        self._stack.push_async_callback(self.client.close)
        self._stack.push_async_callback(self.pool.close)
        self._stack.callback(self.caution.close)
        try:
            await lifetimes.begin(self.store, lifetimes.this_boot(), datetime.now(UTC))
            await self.apply()
            await self.caution.load()
            await Surface(self).open(self._stack)
        except BaseException:
            await self._stack.aclose()
            raise

    def begin(self) -> None:
        """Let the loops run, and say that we are ready."""
        for name, loop in self._loops().items():
            self._supervisor.start(name, loop)
        self.ready = True
        self._notifier.ready()
        log.info("ready", sources=len(self.config.sources), watches=len(self.config.watches))

    def _loops(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            **self.shift.loops(),
            "deliver": self.shift.during(self.sender.run),
            "gather": self.shift.during(self.gather.run),
            "schedule": self.scheduler.run,
            "listen": self.shift.during(self.listeners.run),
            "inbox": self.inbox.run,
            "websub": self.websub.run,
            "digests": self.shift.during(self._digests),
            "heartbeat": self.heartbeat.run,
            "housekeeping": self.shift.during(self._housekeeping),
            "files": self._watch_files,
            "store": self.store.tend,
            "reload": self._reload_on_request,
            **self.casework.loops(),
            "lag": lambda: watch_lag(self.metrics),
            "stalls": Stalls(self._rest_culprit, self.tempo.clock).run,
            "watchdog": self._feed_watchdog,
        }

    async def stop(self) -> None:
        """No new work at once; what is being sent is finished; then everything is closed. Under 15 seconds."""
        self.ready = False
        self._notifier.stopping()
        self.shift.end()
        self.sender.stop()
        await asyncio.gather(self._supervisor.stop(GRACE, but="deliver"), self._supervisor.finish("deliver", SENDING))
        await self._supervisor.stop(GRACE)
        await self.shift.hand_over()
        with suppress(SQLAlchemyError):  # a full disk: the next start only looks up more than it has to
            await lifetimes.end(self.store)
        await self._stack.aclose()
        log.info("stopped")

    async def _digests(self) -> None:
        """The timetable's loop; a planned digest is sent at once."""
        while True:
            if await self.timetable.step(self.now()):
                self.sender.wake()
            await self.tempo.nap(self.timetable.pause(self.now()).total_seconds())

    async def _housekeeping(self) -> None:
        """What is to be said about the machine itself."""
        while True:
            now = self.now()
            rows = self.scheduler.rows
            await self.lookback.step(rows, now, round_over=self.scheduler.first_round_over)
            await self.ops.source_news(rows, now, network_down=self.scheduler.network_down)
            free = free_space(state_folder(self.store.url))
            await self.ops.disk_news(free, now)
            await self.disk.step(free)
            await self.noise.step(now)
            await self.pruning.step(now)
            if self.scheduler.has_woken():  # a pause is over
                self._listen()
            await self.tempo.nap(HOUSEKEEPING)

    async def _watch_files(self) -> None:
        async for _ in saves(self.keeper.path, self._stopping):
            await self.reload()

    async def _feed_watchdog(self) -> None:
        """Only while both the scheduler and the sender make progress."""
        interval = watchdog_interval()
        if interval is None:
            return
        while True:
            if self.alive():
                self._notifier.watchdog()
            await asyncio.sleep(interval)

    def alive(self) -> bool:
        """Whether the loops that matter make progress, whatever the sources do."""
        sending = self.sender.progress if self.shift.on else self.scheduler.progress
        return time.monotonic() - min(self.scheduler.progress, sending) < STALE

    async def reload(self) -> Outcome:
        """Read the files again: what is right runs, what is wrong is told, the old goes on."""
        async with self._reloading:
            self._notifier.reloading()
            now = self.now()
            try:
                outcome = self.keeper.reload(now)
                if outcome.changed or outcome.ok:
                    await self.apply()
                await self._tell_reload(outcome, now)
            finally:
                self._notifier.ready()
        return outcome

    async def _tell_reload(self, outcome: Outcome, now: datetime) -> None:
        before, self.outcome = self.outcome, outcome
        self.metrics.reloaded(ok=outcome.ok, at=now.timestamp())
        log.info("config_read", ok=outcome.ok, changes=len(outcome.changed), problems=len(outcome.problems))
        if outcome.changed:
            await self.ops.tell(saved_config(outcome.changed), now)
        if not outcome.ok and (before is None or before.problems != outcome.problems):
            await self.ops.tell(broken_config(outcome.problems, outcome.stopped), now)
        for sentence in outcome.restart:
            await self.ops.tell(news(sentence), now)

    async def told_at_start(self, outcome: Outcome) -> None:
        """The last good copies serve: somebody has to know."""
        self.outcome = outcome
        self.metrics.reloaded(ok=outcome.ok, at=self.now().timestamp())
        if not outcome.ok:
            await self.ops.tell(broken_config(outcome.problems, outcome.stopped), self.now())

    def hang_up(self) -> None:
        """SIGHUP: read the files again, and try channels that were held."""
        self.sender.retry()
        self._hung_up.set()

    async def _reload_on_request(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            await self.reload()

    async def once(self) -> bool:
        """One round over everything; whether all that was due went out. Beside a daemon on shift it only reads."""
        async with self.shift.kept():
            await self.scheduler.round()
            return await self.shift.once(self._clear)

    async def _clear(self) -> bool:
        while await self.gather.step():
            pass
        await self.lookback.step(self.scheduler.rows, self.now(), round_over=True)
        await self.timetable.step(self.now())
        return await self.sender.drain(timedelta(minutes=2))


def channel_session(config: Config, trust: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """The operator's own end points: no address guard, the configured proxy and CA, never the environment's.

    `trust` is that CA where it was read already: all of a system's certificates take most of a megabyte.
    """
    connector = aiohttp.TCPConnector(ssl=trust or trusted(config.http.ca_file))
    return aiohttp.ClientSession(connector=connector, trust_env=False, proxy=config.http.proxy)
