"""The parse workers: a normal lane for what never made trouble, a suspect lane for the rest (DATA.md)."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.errors import Broken, SourceError, Transient
from smwatch.feeds.refusal import refusal
from smwatch.fetch.child import Child, Died, Killed
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIB = 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(hours=24)
DEATHS, WITHIN = 3, 60.0  # deaths of different sources in so many seconds are our own fault
REFUSALS = {
    "time": text("its content takes too long to read"),
    "memory": text("its content takes too much memory to read"),
    "large": text("its content is too much to read"),
    "died": text("its content breaks the reader"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a worker may use: bytes of address space and of an answer, seconds of CPU and wall time a job.

    Bodies up to `small` bytes go to the normal lane; a worker is replaced after `jobs` jobs or beyond `heap` bytes; the
    suspect one goes after `idle` seconds without work. With `lanes` = 1 everything goes through one lane, once.
    """

    memory: int = 128 * MIB
    answer: int = 16 * MIB
    cpu: float = 2.0
    wall: float = 8.0
    small: int = MIB
    heap: int = 80 * MIB
    jobs: int = 2000
    idle: float = 60.0
    lanes: int = 2


ONE_LANE = Bounds(memory=160 * MIB, wall=3.5, lanes=1)  # `source test`: 5 s a file, with what comes after


@dataclass(slots=True)
class Metrics:
    """Counters since the start; `waiting` is how many jobs stand in line or run now."""

    jobs: int = 0
    refused: int = 0
    killed: int = 0
    died: int = 0
    started: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Suspect:
    """A source whose content got a worker killed: how often, and until when it is left alone."""

    kills: int = 0


@dataclass(slots=True)
class _Lane:
    """One worker and the line before it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    child: Child | None = None
    retire: asyncio.TimerHandle | None = None


class ParsePool:
    """Runs `module:function` on a body in a process that can be killed.

    `on_trouble` is told, in a sentence for ops, when the workers themselves seem to be broken.
    """

    def __init__(
        self,
        bounds: Bounds | None = None,
        *,
        on_trouble: Callable[[Text], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bounds = bounds or Bounds()
        self.metrics = Metrics()
        self._on_trouble = on_trouble
        self._clock = clock
        self._normal = _Lane()
        self._suspect = self._normal if self.bounds.lanes == 1 else _Lane()
        self._suspects: dict[str, _Suspect] = {}
        self._deaths: deque[tuple[float, str]] = deque()
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, function: str, body: bytes, options: Mapping[str, Any], *, source: str = "") -> Any:  # noqa: ANN401
        """The function's plain JSON answer; raises Broken (with `retry_at` after a kill) or Transient.

        `source` names who is to blame: one that got a worker killed goes through the suspect lane from then on.
        """
        module = sys.modules.get(function.partition(":")[0])
        job = {"function": function, "file": getattr(module, "__file__", None), "options": dict(options)}
        self.metrics.waiting += 1
        self.metrics.jobs += 1
        try:
            return _result(await self._by_lanes(job, body, source))
        except SourceError:
            self.metrics.refused += 1
            raise
        finally:
            self.metrics.waiting -= 1

    async def _by_lanes(self, job: dict[str, Any], body: bytes, source: str) -> Any:  # noqa: ANN401
        one_lane = self._suspect is self._normal
        if not one_lane and len(body) <= self.bounds.small and source not in self._suspects:
            with contextlib.suppress(Killed, Died):  # perhaps a victim of what came before it: once more, alone
                return await self._in(self._normal, job, body)
        try:
            return await self._in(self._suspect, job, body)
        except (Killed, Died) as error:
            raise self._blame(source, error) from error

    async def _in(self, lane: _Lane, job: dict[str, Any], body: bytes) -> Any:  # noqa: ANN401
        async with lane.lock:
            child = await self._child(lane)
            try:
                answer = await child.ask(job, body, self.bounds)
            except Killed:
                self.metrics.killed += 1
                raise
            except Died:
                self.metrics.died += 1
                raise
            else:
                if _error(answer).get("code") == "memory":
                    await child.kill()  # it is on its way out already; nobody else is to be its victim
                return answer
            finally:
                await self._settle(lane, child)

    async def _child(self, lane: _Lane) -> Child:
        if lane.retire is not None:
            lane.retire.cancel()
            lane.retire = None
        if lane.child is None or not lane.child.alive:
            lane.child = await Child.start(self.bounds)
            self.metrics.started += 1
        return lane.child

    async def _settle(self, lane: _Lane, child: Child) -> None:
        """After a job: replace a worn child, let an idle suspect lane go."""
        if not child.alive:
            lane.child = None
        elif child.jobs >= self.bounds.jobs or child.memory() > self.bounds.heap:
            lane.child = None
            await child.kill()
        elif lane is self._suspect and lane is not self._normal:
            lane.retire = asyncio.get_running_loop().call_later(self.bounds.idle, self._retire, lane)

    def _retire(self, lane: _Lane) -> None:
        lane.retire = None
        if lane.child is not None and not lane.lock.locked():
            task = asyncio.ensure_future(lane.child.kill())
            lane.child = None
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _blame(self, source: str, end: Killed | Died) -> SourceError:
        """Whose fault it is: the source's, unless workers die of several sources at once."""
        reason = "time" if isinstance(end, Killed) else "memory" if end.limited else "died"
        if reason == "died" and self._is_our_fault(source):
            trouble = text("the parse workers keep dying; see `smwatch doctor`")
            if self._on_trouble is not None:
                self._on_trouble(trouble)
            return Transient(trouble)
        suspect = self._suspects.setdefault(source, _Suspect())
        suspect.kills += 1
        pause = min(FIRST_PAUSE * 2 ** min(suspect.kills - 1, 10), LONGEST_PAUSE)
        return Broken(REFUSALS[reason], retry_at=self._clock() + pause)

    def _is_our_fault(self, source: str) -> bool:
        now = asyncio.get_running_loop().time()
        self._deaths.append((now, source))
        while self._deaths and self._deaths[0][0] < now - WITHIN:
            self._deaths.popleft()
        return len({name for _, name in self._deaths}) >= DEATHS

    def pids(self) -> list[int]:
        """The running workers."""
        lanes = {id(lane): lane for lane in (self._normal, self._suspect)}.values()
        return [lane.child.pid for lane in lanes if lane.child is not None and lane.child.alive]

    async def close(self) -> None:
        """End all workers and wait for their end; jobs under way are lost."""
        for lane in (self._normal, self._suspect):
            if lane.retire is not None:
                lane.retire.cancel()
            if lane.child is not None:
                child, lane.child = lane.child, None
                await child.kill()
        if self._ending:
            await asyncio.wait(self._ending)


def _result(answer: Any) -> Any:  # noqa: ANN401 - what a hostile child says is looked at closely
    if isinstance(answer, dict) and "ok" in answer:
        return answer["ok"]
    code, detail = str(_error(answer).get("code", "raised"))[:40], str(_error(answer).get("detail", ""))[:400]
    raise Broken(REFUSALS.get(code) or refusal(code, detail))


def _error(answer: Any) -> dict[str, Any]:  # noqa: ANN401
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}
