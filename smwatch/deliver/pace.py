"""One message a second: per channel of the config, and per real place behind it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta


@dataclass(slots=True)
class Pace:
    """Counts from the end of one call to the start of the next, so that what arrives is never closer together.

    `clock` is monotonic, in seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _free: dict[str, float] = field(default_factory=dict)

    def wait(self, place: str) -> float:
        """Seconds until `place` may be written to; 0.0 is now."""
        return max(0.0, self._free.get(place, 0.0) - self.clock())

    def took(self, place: str, gap: timedelta) -> None:
        """A call to `place` has just ended."""
        self._free[place] = self.clock() + gap.total_seconds()

    def taken(self, place: str) -> None:
        """A call to `place` begins: nobody else may start until `took` says that it ended."""
        self._free[place] = float("inf")
