"""The daemon as a process of its own, as systemd would start it: signals, notify socket, exit code, children."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp


def free_port():
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        return wire.getsockname()[1]


class NotifySocket:
    """What the daemon says to systemd, line by line."""

    def __init__(self, path):
        self.path = path
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._wire.bind(str(path))
        self._wire.setblocking(False)
        self.said = []
        asyncio.get_running_loop().add_reader(self._wire, self._read)

    def _read(self):
        self.said += self._wire.recv(4096).decode().splitlines()

    def count(self, line):
        return self.said.count(line)

    def close(self):
        if self._wire.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._wire)
            self._wire.close()
            self.path.unlink(missing_ok=True)


class Daemon:
    """One run of `smwatch run -c FILE`; its log goes to `log`."""

    def __init__(self, config: Path, **env):
        self.config, self.env = config, env
        self.log = config.with_suffix(".log")
        self.notify = None
        self.process = None

    async def start(self):
        self.notify = NotifySocket(self.config.with_suffix(f".{os.urandom(4).hex()}.sock"))
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "smwatch", "run", "-c", str(self.config),
                env={**os.environ, "NOTIFY_SOCKET": str(self.notify.path), **self.env},
                stdout=log,
                stderr=log,
            )  # fmt: skip
        return self

    async def until(self, true, what, patience=40.0):
        """Wait until `true()`, unless the daemon ends before."""
        async with asyncio.timeout(patience):
            while not true():
                assert self.process.returncode is None, f"it ended before {what}:\n{self.said()}"
                await asyncio.sleep(0.02)

    async def ready(self):
        await self.until(lambda: self.notify.count("READY=1"), "READY=1")
        return self

    def sends(self, number=signal.SIGTERM):
        """Not by `send_signal`, which looks first whether it has ended, and takes its exit code from who waits for it."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    async def ends(self, within=20.0):
        """Its exit code."""
        async with asyncio.timeout(within):
            code = await self.process.wait()
        self.notify.close()
        return code

    async def close(self):
        """Whatever has happened: nothing of it is left."""
        if self.process is not None and self.process.returncode is None:
            self.sends(signal.SIGKILL)
            await self.ends()
        elif self.notify is not None:
            self.notify.close()

    def said(self):
        return self.log.read_text()

    def children(self):
        """The process ids of everything that it has started."""
        return [
            int(pid)
            for task in Path(f"/proc/{self.process.pid}/task").iterdir()
            for pid in (task / "children").read_text().split()
        ]

    def cpu(self):
        """Seconds of CPU that it has used, its children not counted."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """MiB in use by it and its children."""
        return sum(_memory(pid) for pid in (self.process.pid, *self.children()))


def _memory(pid):
    try:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    except OSError:
        return 0
    return int(fields["VmRSS"].split()[0]) / 1024 if "VmRSS" in fields else 0


async def get(port, path):
    """Status and text of a page of the daemon's web server."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


def alive(pid):
    return Path(f"/proc/{pid}").exists() and "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text()
