"""How the run before this one ended, as far as the store can tell.

A process that is killed loses nothing that was committed. A machine that goes down may lose the store's last moments:
then a message may stand in its channel that the store thinks unsent, and everything unsent is looked up first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from smwatch.store import outbox, records

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.store.db import Store

log = structlog.get_logger(__name__)

BOOT = Path("/proc/sys/kernel/random/boot_id")
_LIFE = "life"


def this_boot() -> str:
    """Another word after each start of the machine; "" where the system does not tell."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


async def begin(store: Store, boot: str, now: datetime) -> int:
    """A run begins; how many unsent messages are looked up because the machine went down under the run before."""
    async with store.write() as connection:
        before = await records.get(connection, _LIFE)
        await records.put(connection, _LIFE, {"boot": boot, "ended": False})
        if not before or before["ended"] or before["boot"] == boot:
            return 0
        doubtful = await outbox.distrust(connection, now)
    log.warning("machine_went_down", unsent=doubtful)
    return doubtful


async def end(store: Store) -> None:
    """The run ends in good order."""
    async with store.write() as connection:
        await records.put(connection, _LIFE, {"boot": this_boot(), "ended": True})
