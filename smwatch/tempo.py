"""Time as the daemon sees it, so that a test can bring its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.deliver.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """The moment in UTC, pauses between two looks, and how fast channels are written to."""

    clock: Callable[[], datetime] = _utc_now
    nap: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: Pace = field(default_factory=Pace)
