"""A full disk: what is thrown overboard first, and what goes on.

On a full disk SQLite can neither write nor delete, so room is kept in advance: a file that holds nothing. When the disk
is full it goes, reading pauses, and what is stored already is delivered; once there is room again, both come back.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import structlog

from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from smwatch.i18n import Text

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
SIZE = 32 * MIB
FULL = 8 * MIB  # less is full: the store's next checkpoint may need as much
ROOMY = SIZE + 64 * MIB  # free space at which it is over, and the file may lie there (again)


class Ballast:
    """The file; `lay` and `throw` never fail."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def lay(self, free: int) -> None:
        """Reserve the room, where there is plenty."""
        if free < ROOMY or self._path.exists():
            return
        with suppress(OSError), self._path.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, SIZE)

    def throw(self) -> bool:
        """Give the room back; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


class Polls(Protocol):
    """What pauses: the scheduler."""

    held: bool


class Disk:
    """Watches the free space; `tell` says to people what follows from it."""

    def __init__(self, ballast: Ballast, polls: Polls, tell: Callable[[Text], Awaitable[None]]) -> None:
        self._ballast = ballast
        self._polls = polls
        self._tell = tell
        self.full = False

    async def step(self, free: int) -> None:
        """`free` bytes are left for the store."""
        if not self.full and free < FULL:
            self.full = True
            thrown = self._ballast.throw()
            self._polls.held = True
            log.warning("disk_full", ballast=thrown)
            await self._tell(text("the disk is full: nothing is read until there is room; what is stored is delivered"))
        elif self.full and free >= ROOMY:
            self.full = False
            self._polls.held = False
            log.info("disk_has_room")
            await self._tell(text("there is room on the disk again: reading goes on"))
        if not self.full:
            self._ballast.lay(free)
