"""What the daemon counts, as Prometheus text; every name starts with `smwatch_` (meanings: docs/en/operating.md).

No label carries a title, an address of an item or a query: metrics go to other people's servers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from smwatch.pipeline import Polled

LAG_EVERY = 0.5  # seconds between two looks at the loop
DELAYS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds: bounds of the counted delays


class Metrics:
    """One set of figures with a registry of its own, so that two daemons in one process (tests) do not meet."""

    def __init__(self, *, version: str = "") -> None:
        self.registry = CollectorRegistry()
        counter, gauge = self._counter, self._gauge
        self._polls = counter("polls", "Polls of sources, by outcome.", "outcome")
        self._items = counter("items", "Items read, by what they were: new, changed, seen.", "kind")
        self._mentions = counter("mentions", "Items that a watch matched.")
        self._deliveries = counter("deliveries", "Attempts to deliver, by channel and outcome.", "channel", "outcome")
        self._queue = gauge("queue_length", "Deliveries that wait, by channel.", "channel")
        self._lag = gauge("loop_lag_seconds", "The longest delay of the event loop since the last scrape.")
        self._sources = gauge("sources", "Sources, by state.", "state")
        self._reload_ok = gauge("config_reload_ok", "1 while the running config is the one on disk, else 0.")
        self._reloaded_at = gauge("config_reloaded_timestamp_seconds", "When a config was last taken, in Unix time.")
        self._build = Info("smwatch_build", "The running version.", registry=self.registry)
        self._build.info({"version": version})
        ProcessCollector(namespace="smwatch", registry=self.registry)
        self._delays = Histogram(
            "smwatch_loop_delay_seconds",
            "How late the event loop comes, looked at twice a second.",
            buckets=DELAYS,
            registry=self.registry,
        )
        self._longest_lag = 0.0

    def walked(self, _source: str, outcome: str, polled: Polled | None) -> None:
        """A poll ended like this, and brought so much."""
        self.polled(outcome)
        if polled is not None and not polled.unchanged:
            self.read("new", polled.fresh - polled.changed)
            self.read("changed", polled.changed)
            self.read("seen", polled.listed - polled.fresh)
            self.mentioned(polled.mentions)

    def polled(self, outcome: str) -> None:
        """One poll has ended: "read", "unchanged", or the state of its source ("failing", "refused", "gone")."""
        self._polls.labels(outcome).inc()

    def read(self, kind: str, n: int = 1) -> None:
        """`n` items were "new", "changed" or "seen" before."""
        self._items.labels(kind).inc(n)

    def mentioned(self, n: int = 1) -> None:
        """`n` mentions were stored."""
        self._mentions.inc(n)

    def delivered(self, channel: str, outcome: str) -> None:
        """One attempt at `channel` has ended: "sent", "not sent", "unsure"."""
        self._deliveries.labels(channel, outcome).inc()

    def queue(self, lengths: Mapping[str, int]) -> None:
        """What waits now, by channel; a channel that is not named has gone."""
        self._queue.clear()
        for channel, n in lengths.items():
            self._queue.labels(channel).set(n)

    def sources(self, states: Mapping[str, int]) -> None:
        """How many sources are in which state now."""
        self._sources.clear()
        for state, n in states.items():
            self._sources.labels(state).set(n)

    def reloaded(self, *, ok: bool, at: float | None = None) -> None:
        """A config was taken at `at` (Unix time), or refused."""
        self._reload_ok.set(1 if ok else 0)
        if ok and at is not None:
            self._reloaded_at.set(at)

    def lagged(self, seconds: float) -> None:
        """The loop came `seconds` late."""
        self._longest_lag = max(self._longest_lag, seconds)
        self._delays.observe(seconds)

    def exposition(self) -> bytes:
        """The text for one scrape; the longest lag starts anew."""
        self._lag.set(self._longest_lag)
        self._longest_lag = 0.0
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"smwatch_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"smwatch_{name}", words, labels, registry=self.registry)


async def watch_lag(metrics: Metrics, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Measure for ever how late the event loop is: what blocks it shows up here."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LAG_EVERY
        await sleep(LAG_EVERY)
        metrics.lagged(max(0.0, clock() - due))
