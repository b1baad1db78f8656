"""What a config says, checked and complete: the one shape that the rest of the program sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from smwatch.model import Watch, Where
    from smwatch.plugin import Channel, Source
    from smwatch.silence import Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """`[digest.NAME]`: when and where. `days` is a weekday rule or None where `cron` (a cron line) decides.

    `at` is local time in `timezone`; `days` is one of "daily", "workdays", or a comma list of "mon" … "sun".
    """

    name: str
    at: str
    days: str = "daily"
    cron: str | None = None
    channels: tuple[str, ...] = ()
    period: str = "daily"
    timezone: str = "Europe/Berlin"
    language: str = "de"
    holidays: str | None = None
    client: str | None = None
    shared: bool = False
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`[client.NAME]`: what differs for one client."""

    name: str
    language: str | None = None
    timezone: str | None = None
    holidays: str | None = None
    own_accounts: tuple[str, ...] = ()
    retention: timedelta | None = None
    channels: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """`[http]`: how requests leave the house."""

    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that the files say, with defaults filled in and names resolved.

    `digests` of a watch hold the names resolved (a watch without alert and digest is in every digest of its client).
    `files` are all files that were read, the operator's own first.
    """

    language: str = "de"
    timezone: str = "Europe/Berlin"
    store: str = "sqlite:///var/lib/smwatch/smwatch.db"
    own_accounts: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    plugins_dir: Path | None = None
    ops: tuple[str, ...] = ()
    history: timedelta = timedelta(0)
    retention: timedelta = timedelta(days=90)
    max_age: timedelta = timedelta(hours=24)
    contact: str | None = None
    public_url: str | None = None
    heartbeat_url: str | None = None
    listen: str = "127.0.0.1:8787"
    http: Http = field(default_factory=Http)
    anonymous_cases: bool = False
    channels: Mapping[str, Channel] = field(default_factory=dict)
    watches: tuple[Watch, ...] = ()
    sources: tuple[Source, ...] = ()
    digests: Mapping[str, DigestPlan] = field(default_factory=dict)
    clients: Mapping[str, Client] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    files: tuple[Path, ...] = ()

    def owner_of(self, channel: str) -> str | None:
        """The one client that `channel` is told of; None for a channel of the house, or of several."""
        found = self.channels.get(channel)
        if found is None or found.shared:
            return None
        named = found.client or next((name for name, one in self.clients.items() if channel in one.channels), None)
        told = {one.client for one in self.watches if channel in one.alert}
        told |= {one.client for plan in self.digests.values() if channel in plan.channels for one in self._in(plan)}
        return named or (told.pop() if len(told) == 1 else None)

    def _in(self, plan: DigestPlan) -> tuple[Watch, ...]:
        return tuple(one for one in self.watches if plan.name in one.digest)

    def language_for(self, client: str | None) -> str:
        """The language of what `client` reads."""
        found = self.clients.get(client or "")
        return (found and found.language) or self.language

    def timezone_for(self, client: str | None) -> str:
        """The time zone of what `client` reads."""
        found = self.clients.get(client or "")
        return (found and found.timezone) or self.timezone
