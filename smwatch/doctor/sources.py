"""The sources that brought nothing when they were last read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.doctor.finding import Finding, warning, wrong
from smwatch.i18n import text
from smwatch.store.db import Store
from smwatch.store.sources import source_states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.config.model import Config
    from smwatch.model import SourceState

HEALTHY = ("ok", "new", "paused")
FOR_PEOPLE = ("refused", "gone")  # trying again does not help


async def sources(config: Config) -> tuple[Finding, ...]:
    """Those that cannot be read, with the reason; `storage` has seen that the store can be."""
    store = await Store.open_to_read(config.store)
    try:
        async with store.read() as connection:
            names = [one.name for one in config.sources if one.active]
            return tuple(judged(await source_states(connection, names, now=datetime.now(UTC))))
    finally:
        await store.close()


def judged(states: Iterable[SourceState]) -> Iterable[Finding]:
    """A source that a person has to look after is an error; what may come back by itself is a warning."""
    for one in states:
        if one.state in HEALTHY:
            continue
        kind = wrong if one.state in FOR_PEOPLE else warning
        how = text("look at it: smwatch source test {source}", source=one.name)
        yield kind(f"source:{one.name}", one.reason or text("it is silent"), how)
