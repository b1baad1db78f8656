"""Politeness: at most two connections a host at once, a pause between requests, and silence when it asks for it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

AT_ONCE = 2
KEPT = 2000  # hosts remembered
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(hours=6)


@dataclass(slots=True)
class Host:
    """What is known about one host and port; `free_at` is in the loop's seconds, `pause` what its robots.txt asks."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    users: int = 0
    free_at: float = 0.0
    pause: float = 0.0
    silent_until: datetime | None = None
    refusals: int = 0  # in a row: asked too often, and no word for how long


class Turn:
    """One request's time at a host: `async with` waits for it and gives the place back.

    A class and no generator, as every poll goes through it.
    """

    __slots__ = ("_host", "_paced", "_pause")

    def __init__(self, host: Host, pause: float, *, paced: bool) -> None:
        self._host = host
        self._pause = pause
        self._paced = paced

    async def __aenter__(self) -> None:
        host = self._host
        host.users += 1
        try:
            await host.slots.acquire()
        except BaseException:
            host.users -= 1
            raise
        if self._paced or host.pause:
            try:
                await self._wait(host)
            except BaseException:
                await self.__aexit__()
                raise

    async def __aexit__(self, *_: object) -> None:
        self._host.slots.release()
        self._host.users -= 1

    async def _wait(self, host: Host) -> None:
        now = asyncio.get_running_loop().time()
        wait = host.free_at - now
        host.free_at = max(now, host.free_at) + max(self._pause, host.pause)
        if wait > 0:
            await asyncio.sleep(wait)


class Hosts:
    """All hosts that were asked lately, by "name:port"."""

    def __init__(self, pause: float, chance: Callable[[], float] = random.random) -> None:
        self._hosts: dict[str, Host] = {}
        self._pause = pause
        self._chance = chance

    def turn(self, key: str, *, paced: bool) -> Turn:
        """Wait for one of the host's two places and, where `paced`, for the pause since the last request."""
        host = self._hosts.pop(key, None) or Host()
        self._hosts[key] = host  # the newest last
        self._forget()
        return Turn(host, self._pause, paced=paced)

    def slow_down(self, key: str, pause: float) -> None:
        """The host's robots.txt asks for so many seconds between two requests; that to robots.txt itself counts."""
        host = self._hosts.setdefault(key, Host())
        if pause != host.pause:
            host.pause = pause
            host.free_at = max(host.free_at, asyncio.get_running_loop().time() + pause)

    def pace(self, key: str, pause: float) -> None:
        """Between two requests to this host lie at least so many seconds, from the first one on."""
        host = self._hosts.setdefault(key, Host())
        host.pause = max(host.pause, pause)

    def silence(self, key: str, until: datetime) -> None:
        """The host asked to be left alone: for all of its sources, not only the one that heard it."""
        if key in self._hosts:
            self._hosts[key].silent_until = until

    def rest(self, key: str, now: datetime) -> datetime:
        """The host was asked too often and does not say how long to wait: longer each time, for all of its sources."""
        host = self._hosts.setdefault(key, Host())
        host.refusals += 1
        most = min(FIRST_REST * float(2 ** min(host.refusals - 1, 20)), LONGEST_REST)
        host.silent_until = now + most * (0.5 + 0.5 * self._chance())
        return host.silent_until

    def answered(self, key: str) -> None:
        """The host has given an answer: what it refused before is forgotten."""
        if key in self._hosts:
            self._hosts[key].refusals = 0

    def silent_until(self, key: str, now: datetime) -> datetime | None:
        """Until when the host wants to be left alone; None where it may be asked."""
        host = self._hosts.get(key)
        if host is None or host.silent_until is None or host.silent_until <= now:
            return None
        return host.silent_until

    def _forget(self) -> None:
        if len(self._hosts) <= KEPT:
            return
        for key, host in list(self._hosts.items())[: KEPT // 4]:
            if not host.users and host.silent_until is None:
                del self._hosts[key]
