"""What the operator hears: config mistakes and channels that are held at once, news of sources once a day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.due import is_told
from smwatch.i18n import text
from smwatch.message.words import size
from smwatch.moves import proposed
from smwatch.render import news, source_news
from smwatch.store import outbox, records
from smwatch.store.jobs import next_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.config.model import Config
    from smwatch.i18n import Text
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

BUNDLED = timedelta(hours=24)
MIB = 1024 * 1024
LOW = 64 * MIB  # bytes on the store's disk: less is said at once
_TOLD = "ops:sources"


def ops_channels(config: Config) -> tuple[str, ...]:
    """Who hears about the machine itself: `ops`, else the first channel that a watch alerts."""
    if config.ops:
        return tuple(name for name in config.ops if name in config.channels)
    alerts = [name for watch in config.watches for name in watch.alert if name in config.channels]
    return tuple(alerts[:1] or list(config.channels)[:1])


@dataclass(slots=True, kw_only=True)
class Ops:
    """Plans the operator's messages; `wake(channel)` is told that there is one."""

    store: Store
    config: Callable[[], Config]
    wake: Callable[[str | None], None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    network_was_down: bool = False
    disk_was_low: bool = False

    async def tell(self, plan: Mapping[str, Any], now: datetime, *, but: str | None = None) -> None:
        """Plan one message for each ops channel (not for `but`, which cannot be reached)."""
        names = [name for name in ops_channels(self.config()) if name != but] or self._instead(but)
        words = json.dumps(plan, sort_keys=True, ensure_ascii=False)
        async with self.store.write() as connection:
            for name in names:
                digest = hashlib.sha256(f"{words}|{name}|{now.isoformat()}".encode()).hexdigest()
                key = next_key(digest, 0)
                await outbox.add_post(connection, key=key, channel=name, kind="ops", plan=plan, now=now)
        for name in names:
            self.wake(name)

    def _instead(self, but: str | None) -> list[str]:
        """Where the only ops channel cannot be reached: its fallback, else another channel that has no other client."""
        channels = self.config().channels
        silent = channels.get(but or "")
        if silent is None:
            return []
        others = [name for name, one in channels.items() if name != but and one.client in (None, silent.client)]
        return [silent.fallback] if silent.fallback and silent.fallback in channels else others[:1]

    async def channel_news(self, channel: str, reason: Text | None, now: datetime) -> None:
        """A channel is held until somebody acts (or goes on): said in the other ops channels."""
        if reason is None:
            await self.tell(news(text("channel {channel} works again", channel=channel)), now, but=channel)
        else:
            told = text("channel {channel} takes no messages: {reason}", channel=channel, reason=reason)
            await self.tell(news(told), now, but=channel)

    async def buttons_news(self, channel: str, reason: Text | None) -> None:
        """The line from people in `channel` is broken, or works again; its messages go out all the same."""
        told = text("buttons work again in channel {channel}", channel=channel)
        if reason is not None:
            told = text("buttons do not work in channel {channel}: {reason}", channel=channel, reason=reason)
        await self.tell(news(told), self.clock())

    async def disk_news(self, free: int, now: datetime) -> None:
        """A disk that is nearly full is said while it can still be written down; once, until there is room again."""
        if self.disk_was_low:
            self.disk_was_low = free < 2 * LOW
        elif free < LOW:
            self.disk_was_low = True
            left = text("the disk is nearly full: {size} left for the store", size=size(free))
            await self.tell(news(left), now)

    async def source_news(self, rows: Sequence[SourceRow], now: datetime, *, network_down: bool) -> None:
        """Once a day: which sources have begun or stopped to fail, fell silent, moved. A dead network: at once."""
        if network_down != self.network_was_down:
            self.network_was_down = network_down
            if network_down:
                await self.tell(news(text("no source can be reached: is the network down?")), now)
        if network_down:
            return
        told, stands = await self._told(), _stands(rows, now)
        fresh = [row for row in rows if row.name in stands and told["states"].get(row.name) != stands[row.name]]
        back = [name for name in told["states"] if name not in stands]
        moved = {row.name: url for row in rows if (url := proposed(row.validators))}
        new = {name: url for name, url in moved.items() if told["moved"].get(name) != url}
        if not (fresh or back or new) or now - _moment(told, now) < BUNDLED:
            return
        await self.tell(source_news([(row.name, row.state, row.reason) for row in fresh], back, new), now)
        async with self.store.write() as connection:
            await records.put(connection, _TOLD, {"at": now.isoformat(), "states": stands, "moved": moved})

    async def _told(self) -> dict[str, Any]:
        async with self.store.read() as connection:
            return {"states": {}, "moved": {}, **(await records.get(connection, _TOLD) or {})}


def _stands(rows: Sequence[SourceRow], now: datetime) -> dict[str, str]:
    """The sources that people hear of, and the state that they hear."""
    return {row.name: row.state for row in rows if is_told(row, now)}


def _moment(told: Mapping[str, Any], now: datetime) -> datetime:
    return datetime.fromisoformat(told["at"]) if "at" in told else now - BUNDLED
