"""All examinations in one order, from the ground up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.config import load
from smwatch.doctor import files, libraries, machine, network, service, storage, system
from smwatch.doctor.channels import channels
from smwatch.doctor.finding import Finding, note, wrong
from smwatch.doctor.sources import sources
from smwatch.errors import ConfigError, UserError
from smwatch.i18n import text
from smwatch.store.place import sqlite_path

if TYPE_CHECKING:
    from pathlib import Path

    from smwatch.config.model import Config


async def examine(path: Path | None) -> tuple[Finding, ...]:
    """Everything that can be looked at; without a config, or with a broken one, the machine alone."""
    config, told = _config(path)
    store = _store_file(config)
    zone = config.timezone if config else "UTC"
    here = await system.machine_here(datetime.now(UTC), store)
    found = [*machine.judged(here, zone), libraries.judged(system.libraries_here()), *told]
    if config is None or path is None:
        return (*found, note("rest", text("store, channels and sources are looked at once the configuration is right")))
    unit = await system.unit()
    daemon, runs = await service.daemon(config)
    found += files.plugins(path)
    found += await storage.storage(config)
    found += [
        daemon,
        service.web_port(config, daemon_runs=runs),
        *service.systemd(unit, in_charge=system.has_systemd()),
    ]
    found += await channels(config, daemon_runs=runs)
    if any(one.name == "store" and one.severity == "ok" for one in found):
        found += await sources(config)
    found += await network.network(config, system.name_servers(), unit)
    return (*found, *files.coverage(config))


def _config(path: Path | None) -> tuple[Config | None, tuple[Finding, ...]]:
    if path is None:
        return None, ()
    try:
        told = files.configuration(path)
        return load(path).config, told
    except ConfigError:
        return None, told
    except UserError as error:
        return None, (wrong("config", error.sentence),)


def _store_file(config: Config | None) -> Path | None:
    try:
        return sqlite_path(config.store) if config else None
    except UserError:
        return None
