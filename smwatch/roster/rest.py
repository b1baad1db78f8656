"""Let a source rest, and let it go on: a row in the store, not a line in the file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.config.named import source_called
from smwatch.reports import alone
from smwatch.store.place import state_folder
from smwatch.surface import rest
from smwatch.web.control import ask_daemon

if TYPE_CHECKING:
    from smwatch.config.model import Config


async def pause(config: Config, name: str, until: datetime | None) -> None:
    """Not read until `until`, or until it is resumed; raises UserError where there is no such source."""
    await _through_the_daemon(config, name, paused=True, until=until)


async def resume(config: Config, name: str) -> None:
    """Read again, at once; raises UserError where there is no such source."""
    await _through_the_daemon(config, name, paused=False, until=None)


async def _through_the_daemon(config: Config, name: str, *, paused: bool, until: datetime | None) -> None:
    source = source_called(config, name)
    told = {"name": name, "paused": paused, "until": until.isoformat() if until else None}
    if await ask_daemon(config.store, state_folder(config.store), "source_rest", **told) is not None:
        return
    async with alone(config) as store:
        await rest(store, source, paused=paused, until=until, now=datetime.now(UTC))
