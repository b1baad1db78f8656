"""A loop that falls over is started again; one that will not end is left behind."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import structlog

from smwatch.supervisor import Supervisor, outlast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


async def test_a_fallen_loop_starts_again_later_and_later() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    done = asyncio.Event()
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs < 9:
            raise RuntimeError("a bug")
        done.set()

    supervisor = Supervisor(pause)
    supervisor.start("poll", loop)
    await done.wait()

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert supervisor.fallen == {"poll": 8}
    assert await supervisor.stop(1) == ()


async def test_the_others_go_on() -> None:
    ticks = asyncio.Queue[int]()

    async def broken() -> None:
        raise RuntimeError("a bug")

    async def sound() -> None:
        for tick in range(3):
            await ticks.put(tick)
            await asyncio.sleep(0)

    supervisor = Supervisor()
    supervisor.start("broken", broken)
    supervisor.start("sound", sound)

    assert [await ticks.get() for _ in range(3)] == [0, 1, 2]
    assert await supervisor.stop(1) == ()


async def test_a_loop_that_swallows_cancellation_is_named_and_left_behind() -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    supervisor = Supervisor()
    supervisor.start("stubborn", stubborn)
    await started.wait()

    assert await supervisor.stop(0.01) == ("stubborn",)
    release.set()
    assert await supervisor.stop(1) == ()


async def test_expected_trouble_is_one_line_without_a_traceback() -> None:
    async def full() -> None:
        raise OSError("disk full")

    async def never(_: float) -> None:
        await asyncio.Event().wait()

    supervisor = Supervisor(never, expected=(OSError,))
    with structlog.testing.capture_logs() as logs:
        supervisor.start("gather", full)
        await asyncio.sleep(0)
        await supervisor.stop(1)
    assert [(one["event"], one["log_level"], one.get("exc_info")) for one in logs] == [("loop_waits", "warning", None)]


ENDS = (SystemExit, KeyboardInterrupt)


def loops() -> Iterator[Callable[[], asyncio.AbstractEventLoop]]:
    """What the daemon may run in."""
    yield asyncio.new_event_loop
    with suppress(ImportError):
        yield importlib.import_module("uvloop").new_event_loop


@pytest.mark.parametrize("new_loop", list(loops()), ids=lambda one: one.__module__)
@pytest.mark.parametrize("end", ENDS)
def test_no_task_and_no_callback_of_others_ends_the_loop(
    end: type[BaseException], new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    done = asyncio.Event()

    async def exits() -> None:
        raise end

    def leaves() -> None:
        raise end

    async def main() -> str:
        loop = asyncio.get_running_loop()
        lost = asyncio.create_task(exits())
        loop.call_soon(leaves)
        loop.call_soon(done.set)  # stands ready behind it
        await done.wait()
        assert isinstance(lost.exception(), end)
        return "to its own end"

    with structlog.testing.capture_logs() as logs:
        assert outlast(main(), new_loop) == "to its own end"
    assert {entry["event"] for entry in logs} == {"loop_goes_on"}  # uvloop says it once a turn


@pytest.mark.parametrize("end", [*ENDS, ValueError])
def test_what_the_program_itself_raises_ends_it(end: type[BaseException]) -> None:
    async def main() -> None:
        raise end

    with pytest.raises(end):
        outlast(main())
