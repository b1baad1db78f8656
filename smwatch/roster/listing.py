"""Every source of the config with what the store knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.due import rhythm, waits_for
from smwatch.i18n import text
from smwatch.reports import reading
from smwatch.source import PushSource
from smwatch.store.place import sqlite_path
from smwatch.store.sources import Named, all_sources, as_state

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from smwatch.config.model import Config
    from smwatch.i18n import Text
    from smwatch.source import Source
    from smwatch.store.sources import SourceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One source for people. `state` is "ok", "new", "failing" …, "paused", or "inactive" (active = false).

    `waits_for` is a host that wants to be left alone, as another source's request heard. `every` is how often it is
    read and `why` the reason for that; None where it is sent what is new, as is `next_poll`. `insecure`: any
    certificate is accepted.
    """

    name: str
    type: str
    client: str | None
    address: str
    group: str | None
    state: str
    reason: Text | None
    since: datetime | None
    last_success: datetime | None
    last_item: datetime | None
    next_poll: datetime | None
    every: timedelta | None
    why: Text
    paused_until: datetime | None
    waits_for: str | None
    insecure: bool


async def standings(config: Config, now: datetime) -> list[Standing]:
    """All sources in the config's order, beside whoever writes the store."""
    path = sqlite_path(config.store)
    rows: dict[tuple[str, str, str], SourceRow] = {}
    if path is None or path.exists():
        async with reading(config) as store, store.read() as connection:
            rows = {(row.client, row.kind, row.key): row for row in await all_sources(connection)}
    return [
        _standing(source, rows.get((source.client or "", source.type, source.key())), now) for source in config.sources
    ]


def named(source: Source) -> Named:
    """What the store knows a source by."""
    return Named(client=source.client or "", kind=source.type, key=source.key(), name=source.name)


def _standing(source: Source, row: SourceRow | None, now: datetime) -> Standing:
    state, often = as_state(row, now) if row else None, rhythm(source, row)
    rests, sent = row is not None and row.paused(now), isinstance(source, PushSource)
    planned = row.due_at if row is not None and source.active and not rests else None
    return Standing(
        name=source.name,
        type=source.type,
        client=source.client,
        address=source.key(),
        group=source.group,
        state="inactive" if not source.active else state.state if state else "new",
        reason=state.reason if state and source.active else None,
        since=state.since if state and source.active else None,
        last_success=row.last_ok_at if row else None,
        last_item=row.newest if row else None,
        next_poll=None if sent else planned,
        every=None if sent else often.every,
        why=text("is sent what is new") if sent else often.reason,
        paused_until=row.paused_until if row and rests else None,
        waits_for=waits_for(row) if row else None,
        insecure=source.tls == "insecure",
    )
