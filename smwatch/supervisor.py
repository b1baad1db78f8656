"""Keeps the daemon's loops running: one that falls over is started again, later and later, and says so.

A loop that raises is a bug in smwatch (expected trouble is handled inside): it is logged with its traceback, and the
others go on. Cancellation is awaited with `asyncio.wait`, because a plugin that swallows it would hang `wait_for`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

log = structlog.get_logger(__name__)

FIRST_PAUSE = 1.0  # seconds before a fallen loop starts again; doubles up to LONGEST_PAUSE
LONGEST_PAUSE = 60.0
CALM = 300.0  # seconds of running after which a loop counts as healthy again


def outlast(main: Coroutine[Any, Any, T], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> T:
    """As `asyncio.run`, but only `main` ends the loop.

    A task or a callback of a plugin's own that raises SystemExit or KeyboardInterrupt stops any loop at once; nothing
    of what stood ready is lost by it, so the loop just goes on. Signals have their own handlers.
    """
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        loop = runner.get_loop()
        task = loop.create_task(main)
        while True:
            try:
                return loop.run_until_complete(task)
            except (SystemExit, KeyboardInterrupt):
                if task.done():
                    raise
                log.exception("loop_goes_on")


class Supervisor:
    """Runs named loops until `stop`; `fallen` says how often each has fallen over.

    Errors of the `expected` kinds (a store on a full disk) are one line without a traceback.
    """

    def __init__(
        self,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        expected: tuple[type[Exception], ...] = (),
    ) -> None:
        self._pause = pause
        self._expected = expected
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.fallen: dict[str, int] = {}

    def start(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run `loop()` under `name`, again and again until it returns by itself or `stop` is called."""
        self._tasks[name] = asyncio.create_task(self._keep(name, loop), name=name)

    async def stop(self, grace: float, *, but: str = "") -> tuple[str, ...]:
        """Cancel all loops (not the one called `but`) and wait at most `grace` seconds; who did not end."""
        tasks = [task for name, task in self._tasks.items() if not task.done() and name != but]
        for task in tasks:
            task.cancel()
        if not tasks:
            return ()
        _, hanging = await asyncio.wait(tasks, timeout=grace)
        names = tuple(sorted(task.get_name() for task in hanging))
        if names:
            log.warning("loops_hang", names=names)
        return names

    async def finish(self, name: str, grace: float) -> bool:
        """Wait at most `grace` seconds for the loop `name` to end by itself; whether it did."""
        task = self._tasks.get(name)
        if task is not None:
            await asyncio.wait({task}, timeout=grace)
        return task is None or task.done()

    async def _keep(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            try:
                await loop()
            except Exception as error:  # noqa: BLE001 - a border: one loop's bug leaves the others running
                self.fallen[name] = self.fallen.get(name, 0) + 1
                pause = FIRST_PAUSE if clock() - begun > CALM else pause
                self._tell(name, error, pause)
            else:
                return
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _tell(self, name: str, error: Exception, pause: float) -> None:
        if isinstance(error, self._expected):
            log.warning("loop_waits", loop=name, error=type(error).__name__, again_in=pause)
        else:
            log.error("loop_fell", loop=name, again_in=pause, exc_info=error)
