"""After the first round, and for each source that joins later: what was read, so that silence is no riddle.

Figures, no titles, so that nothing old looks like an alert. Which sources were told is stored with the message's plan.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.digest import next_due
from smwatch.errors import UserError
from smwatch.ops import ops_channels
from smwatch.render import unreadable_plan
from smwatch.store import outbox, records
from smwatch.store import sources as source_store
from smwatch.store.jobs import next_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.model import Config
    from smwatch.store.db import Store
    from smwatch.store.sources import FirstRound, SourceRow

PATIENCE = timedelta(seconds=45)  # for sources that have not answered yet
_BEGUN = "start:told"


@dataclass(slots=True, kw_only=True)
class LookBack:
    """Plans the look-back once the first round is over. `waiting` is since when it could be told."""

    store: Store
    config: Callable[[], Config]
    wake: Callable[[str | None], None]
    waiting: datetime | None = None

    async def step(self, rows: Sequence[SourceRow], now: datetime, *, round_over: bool) -> bool:
        """Tell it if it is time; whether it was told."""
        async with self.store.read() as connection:
            rounds = await source_store.first_rounds(connection)
        if not rounds:
            self.waiting = None
            return False
        self.waiting = self.waiting or now
        if not round_over and now - self.waiting < PATIENCE:
            return False
        async with self.store.write() as connection:
            channels = await self._plan(connection, rounds, rows, now)
        self.waiting = None
        for channel in channels:
            self.wake(channel)
        return True

    async def _plan(
        self, connection: AsyncConnection, rounds: Sequence[FirstRound], rows: Sequence[SourceRow], now: datetime
    ) -> list[str]:
        later = bool(await records.get(connection, _BEGUN))
        channels = [name for name in self._channels() if self._for(name, rounds)]
        for name in channels:
            plan = self._counts(name, rounds, rows, now, later=later)
            numbers = ",".join(str(one.source_id) for one in rounds)
            key = next_key(hashlib.sha256(f"start|{name}|{numbers}".encode()).hexdigest(), 0)
            await outbox.add_post(connection, key=key, channel=name, kind="start", plan=plan, now=now)
        await source_store.introduced(connection, [one.source_id for one in rounds], now)
        await records.put(connection, _BEGUN, now.isoformat())
        return channels

    def _channels(self) -> list[str]:
        """Every channel that gets alerts, and the operator's."""
        config = self.config()
        alerts = [name for watch in config.watches for name in watch.alert if name in config.channels]
        return list(dict.fromkeys([*alerts, *ops_channels(config)]))

    def _for(self, channel: str, rounds: Sequence[FirstRound]) -> list[FirstRound]:
        """Those of the channel's client, and those of nobody in particular."""
        client = self.config().owner_of(channel)
        return [one for one in rounds if client is None or one.client in ("", client)]

    def _counts(
        self, channel: str, rounds: Sequence[FirstRound], rows: Sequence[SourceRow], now: datetime, *, later: bool
    ) -> dict[str, Any]:
        mine, client = self._for(channel, rounds), self.config().owner_of(channel)
        known = [row for row in rows if client is None or row.client in ("", client)]
        silent = [(row.name, row.reason) for row in known if row.first_poll_at is None and row.failures]
        return {
            "sources": len(mine),
            "items": sum(one.items for one in mine),
            "hits": sum(one.hits if client is None else one.hits_of.get(client, 0) for one in mine),
            "unreadable": unreadable_plan(silent),
            "next_digest": self._next_digest(channel, now),
            "added": [one.name for one in mine] if later else [],
        }

    def _next_digest(self, channel: str, now: datetime) -> str | None:
        dues = []
        for plan in self.config().digests.values():
            if channel in plan.channels:
                try:
                    dues.append(next_due(plan, now))
                except UserError:
                    continue
        return min(dues).isoformat() if dues else None
