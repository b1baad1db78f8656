"""Notices saved files: the operator's by file events, people's files on shares by looking every 10 seconds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from smwatch.config.files import stamp, standing_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Stamps = dict[Path, tuple[int, int, int]]
EVERY = 10.0  # seconds; shares send no file events
SETTLE = 1.0  # seconds without a further change: an editor or a transfer is done then


def stamps(path: Path) -> Stamps:
    """When each file of the config at `path` was last changed: (time in ns, size, inode)."""
    return {file: at for file in standing_files(path) if (at := stamp(file)) is not None}


def changed_files(before: Stamps, after: Stamps) -> frozenset[Path]:
    """Files that were changed, added or removed between two looks."""
    return frozenset(file for file in {*before, *after} if before.get(file) != after.get(file))


async def saves(
    path: Path, stop: asyncio.Event, *, every: float = EVERY, settle: float = SETTLE
) -> AsyncIterator[frozenset[Path]]:
    """Yields the changed files after each save, once they have been left alone for `settle` seconds, until `stop`."""
    nudge = asyncio.Event()
    events = asyncio.create_task(_events(path, nudge, stop))
    known = stamps(path)
    try:
        while not stop.is_set():
            await _first_of(nudge, stop, every)
            nudge.clear()
            if not changed_files(known, stamps(path)):
                continue
            settled = await _settled(path, stop, settle)
            changed, known = changed_files(known, settled), settled
            if changed and not stop.is_set():
                yield changed
    finally:
        events.cancel()
        with suppress(asyncio.CancelledError):
            await events


async def _settled(path: Path, stop: asyncio.Event, settle: float) -> Stamps:
    """The state of the files after two looks that see the same: half-written files are waited for."""
    before = stamps(path)
    while not stop.is_set():
        await _first_of(asyncio.Event(), stop, settle)
        after = stamps(path)
        if after == before:
            break
        before = after
    return before


async def _first_of(nudge: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(nudge.wait()), asyncio.create_task(stop.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for it in waits:
            it.cancel()


async def _events(path: Path, nudge: asyncio.Event, stop: asyncio.Event) -> None:
    """File events of the operator's folder; where there are none (some containers), looking regularly is enough."""
    from watchfiles import awatch  # noqa: PLC0415 - only the daemon needs it

    folders = [it for it in (path.parent, path.parent / "conf.d") if it.is_dir()]
    with suppress(OSError, RuntimeError):
        async for changes in awatch(*folders, stop_event=stop, debounce=300, step=100, recursive=False):
            if any(name.endswith(".toml") or Path(name).name == path.name for _, name in changes):
                nudge.set()
