"""The sign of life to the outside (`heartbeat_url`): a dead man's switch for what no status page can show.

While the loops that matter make progress, the address is called once a minute; whoever stands behind it raises the
alarm when the calls stop. The address is a secret of its own (it often carries a token) and stands in no log.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger(__name__)

EVERY = 60.0  # seconds
PATIENCE = 10.0  # seconds for one call
GOOD = 300  # statuses below it


class Heartbeat:
    """Calls `url()` over `session` while `alive()`; None for no address. The first call comes when it starts."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: Callable[[], str | None],
        alive: Callable[[], bool],
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._url = url
        self._alive = alive
        self._nap = nap
        self._heard = True

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await self.beat()
            await self._nap(EVERY)

    async def beat(self) -> None:
        """One call where there is an address and work goes on; a failure is logged when it begins and when it ends."""
        url = self._url()
        if url is None or not self._alive():
            return
        trouble = await self._call(url)
        if trouble and self._heard:
            log.warning("heartbeat_not_heard", error=trouble)
        elif not trouble and not self._heard:
            log.info("heartbeat_heard_again")
        self._heard = not trouble

    async def _call(self, url: str) -> str:
        """What went wrong, in a word; "" where it was heard."""
        try:
            async with asyncio.timeout(PATIENCE), self._session.get(url) as answer:
                return "" if answer.status < GOOD else f"status {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return type(error).__name__
