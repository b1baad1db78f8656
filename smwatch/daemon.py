"""`smwatch run`: the program around the app, from reading the config to the signal that ends it."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smwatch import log as logging
from smwatch import thrift
from smwatch.app import GRACE, App
from smwatch.config.keeper import Keeper
from smwatch.config.state import state_for
from smwatch.store.db import Store

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

ROUND = 900.0  # seconds: then every source has been read for the first time
_ENDING = (signal.SIGTERM, signal.SIGINT)


async def run(path: Path, *, once: bool = False) -> int:
    """`smwatch run`: the daemon until a signal ends it, or one round; the exit code.

    Raises ConfigError where the config is broken and there is no last good copy, UserError for what else stands in
    the way.
    """
    thrift.begin()
    asyncio.get_running_loop().set_exception_handler(logging.from_asyncio)
    ended = _on_signals()
    keeper = Keeper(path, state_for(path))
    outcome = keeper.start(datetime.now(UTC))
    store = await Store.open(keeper.config.store)
    app = App(keeper, store)
    await app.start()
    try:
        await app.told_at_start(outcome)
        if once:
            return 0 if await _unless(ended, app.once()) else 1
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.hang_up)
        app.begin()
        thrift.settle()
        asyncio.get_running_loop().call_later(ROUND, thrift.trim)
        await ended.wait()
    finally:
        await app.stop()
    return 0


async def _unless(ended: asyncio.Event, work: Coroutine[Any, Any, bool]) -> bool:
    """What `work` comes to; False where a signal ends it before."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(ended.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=GRACE)
        return False
    return working.result()


def _on_signals() -> asyncio.Event:
    """SIGTERM and SIGINT end it (a second one is not heard); a SIGHUP while it starts has nothing to reload.

    The first two are not the loop's: it would give them back to the system, which kills, before all is closed. Heard
    again and again, they would interrupt what they began until no stack is left.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(*_: object) -> None:
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        loop.call_soon_threadsafe(ended.set)

    for number in _ENDING:
        signal.signal(number, end)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    return ended
