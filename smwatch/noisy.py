"""Warns of watches that match more often than anybody can read (“Post”, “Bahn”): once a day, with a way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.ops import ops_channels
from smwatch.store import noisy, outbox, records, silences
from smwatch.store.jobs import next_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.model import Config
    from smwatch.silence import Silence
    from smwatch.store.db import Store
    from smwatch.store.noisy import Noisy

TOO_MANY = 50  # matches
PERIOD = timedelta(hours=1)
COOL_DOWN = timedelta(hours=24)
MUTE = timedelta(hours=24)
_TOLD = "noisy:told"


@dataclass(slots=True, kw_only=True)
class Warner:
    """Looks at the last hour; `wake(channel)` is told where there is something to send."""

    store: Store
    config: Callable[[], Config]
    wake: Callable[[str | None], None]

    async def step(self, now: datetime) -> list[Noisy]:
        """Warn of what has become noisy; which watches were warned of."""
        async with self.store.read() as connection:
            kept = {key: datetime.fromisoformat(at) for key, at in (await records.get(connection, _TOLD) or {}).items()}
            told = {key: at for key, at in kept.items() if now - at < COOL_DOWN}
            known = {(client, name) for client, _, name in (key.partition("|") for key in told)}
            found = await noisy.busiest(connection, now - PERIOD, TOO_MANY, but=known)
            loud = [one for one in found if not await _muted(connection, one, now)]
        if not loud:
            return []
        recent = told | dict.fromkeys(map(_key, loud), now)
        async with self.store.write() as connection:
            channels = [channel for one in loud for channel in await self._tell(connection, one, now)]
            await records.put(connection, _TOLD, {key: at.isoformat() for key, at in recent.items()})
        for channel in channels:
            self.wake(channel)
        return loud

    async def _tell(self, connection: AsyncConnection, one: Noisy, now: datetime) -> list[str]:
        """In the channel that gets the alerts, and for the operator where the watch is of no client."""
        channels = self._channels(one)
        for name in channels:
            key = next_key(f"noisy|{one.client or ''}|{one.watch}|{name}|{now.isoformat()}", 0)
            await outbox.add_post(
                connection, key=key, channel=name, kind="noisy", plan=_plan(one), now=now, client=one.client or ""
            )
        return channels

    def _channels(self, one: Noisy) -> list[str]:
        config = self.config()
        watch = next((it for it in config.watches if (it.client, it.name) == (one.client, one.watch)), None)
        if watch is None:
            return []
        alerted = [name for name in watch.alert if name in config.channels]
        return alerted or ([] if one.client else list(ops_channels(config)))


def _key(one: Noisy) -> str:
    return f"{one.client or ''}|{one.watch}"


def _plan(one: Noisy) -> dict[str, Any]:
    return {
        "watch": one.watch,
        "client": one.client,
        "matches": one.matches,
        "words": [list(pair) for pair in one.words],
        "sources": [list(pair) for pair in one.sources],
    }


async def _muted(connection: AsyncConnection, one: Noisy, now: datetime) -> bool:
    """Whether somebody has silenced it already."""
    active: list[Silence] = await silences.active(connection, now, one.client)
    return any(str(it.scope) in {"watch", "client"} and it.value in {one.watch, "*"} for it in active)
