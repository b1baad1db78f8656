"""Asks the machine: versions, systemd, the resolver's addresses. The only place of this room that starts programs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import ssl
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from smwatch.doctor.libraries import Library, asked_for
from smwatch.doctor.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

UNIT = "smwatch.service"
PATIENCE = 5.0  # seconds for a program of the system
SYSTEMD = Path("/run/systemd/system")  # there where systemd is in charge
CREDENTIALS = Path("/etc/smwatch/credentials")  # LoadCredential= of deploy/smwatch.service
RESOLV_CONF = Path("/etc/resolv.conf")
PROPERTIES = ("LoadState", "ActiveState", "SubState", "Type", "WatchdogUSec", "IPAddressAllow", "IPAddressDeny")


async def machine_here(now: datetime, store: Path | None) -> Machine:
    """This machine; `store` is the file whose time should not be ahead."""
    import pyexpat  # noqa: PLC0415 - part of Python itself, and only looked at here

    return Machine(
        python=sys.version_info[:3],
        expat=pyexpat.version_info,
        sqlite=sqlite3.sqlite_version_info,
        openssl=ssl.OPENSSL_VERSION,
        openssl_version=ssl.OPENSSL_VERSION_INFO[:2],
        now=now,
        synchronised=await _synchronised(),
        newest_file=_written_at(store),
    )


def libraries_here() -> tuple[Library, ...]:
    """What smwatch asks for, and what is installed; nothing where it runs without being installed."""
    try:
        return asked_for(metadata.requires("smwatch") or (), _version)
    except metadata.PackageNotFoundError:
        return ()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _written_at(path: Path | None) -> datetime | None:
    if path is not None:
        with contextlib.suppress(OSError):
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


async def _synchronised() -> bool | None:
    said = await _output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    return {"yes": True, "no": False}.get(said.strip()) if said is not None else None


async def unit() -> Mapping[str, str] | None:
    """The installed service's properties; None where systemd does not know it, or is not in charge."""
    said = await _output("systemctl", "show", UNIT, *(f"--property={name}" for name in PROPERTIES))
    if said is None:
        return None
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return found if found.get("LoadState") == "loaded" else None


def lend_credentials(folder: Path = CREDENTIALS) -> None:
    """Look where systemd takes the service's credentials from, as far as this user may read there."""
    if "CREDENTIALS_DIRECTORY" not in os.environ and os.access(folder, os.R_OK | os.X_OK):
        os.environ["CREDENTIALS_DIRECTORY"] = str(folder)


def has_systemd() -> bool:
    """Whether systemd is in charge of this machine."""
    return SYSTEMD.is_dir()


async def _output(*command: str) -> str | None:
    """What a program says; None where it is not there, fails, or takes too long."""
    if shutil.which(command[0]) is None:
        return None
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return said.decode("utf-8", "replace") if process.returncode == 0 else None


def name_servers(path: Path = RESOLV_CONF) -> tuple[str, ...]:
    """The addresses of the resolvers that this machine asks."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    words = [line.split() for line in lines]
    return tuple(found[1] for found in words if len(found) > 1 and found[0] == "nameserver")
