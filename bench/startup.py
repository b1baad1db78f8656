"""G10: CPU seconds until the commands have answered and the daemon is ready; `check` below 0.3 s, ready below 1.5 s.

Each command is a process of its own; the figure is its user and system time, with its children, when it ends; for the
daemon when it says READY=1 (its parse workers included). Beside them: Python alone, and Python with the libraries that
the daemon cannot do without.

    python bench/startup.py
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from sides import machine, table, versions, write

ROUNDS = 7
CHECK, READY = 0.3, 1.5  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
LIBRARIES = "import aiohttp, sqlalchemy.ext.asyncio, alembic, pydantic, structlog, lxml, click"
CONFIG = """\
[smwatch]
store = "sqlite://{folder}/smwatch.db"
[web]
listen = "127.0.0.1:0"
[channels.terminal]
type = "console"
[[watch]]
name = "Acme"
query = 'acme OR "Acme GmbH"'
alert = ["terminal"]
[[source]]
type = "feed"
url = "http://127.0.0.1:9/feed.xml"
allow_private = true
"""
ITEM = "<item><guid>1</guid><title>Acme ruft zurück</title></item>"
FEED = f"<rss version='2.0'><channel><title>x</title>{ITEM}</channel></rss>"


def command(*words: str) -> float:
    """The CPU seconds of one run, with its children."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def until_ready(config: Path) -> float:
    """The CPU seconds of the daemon and its workers when it says that it is ready."""
    address = str(config.with_name("notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as said:
        said.bind(address)
        said.settimeout(60)
        daemon = subprocess.Popen(
            [*SMWATCH, "run", "--config", str(config)],
            env={**os.environ, "NOTIFY_SOCKET": address}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while b"READY=1" not in said.recv(4096):
                pass
            return sum(map(_used, [daemon.pid, *_children(daemon.pid)]))
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
            Path(address).unlink()


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


SMWATCH = (sys.executable, "-m", "smwatch")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, feed = Path(folder) / "smwatch.toml", Path(folder) / "feed.xml"
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        feed.write_text(FEED, encoding="utf-8")
        named = ("--config", str(config))
        works = {
            "Python alone": lambda: command(sys.executable, "-c", "pass"),
            "Python with aiohttp, SQLAlchemy and others": lambda: command(sys.executable, "-c", LIBRARIES),
            "smwatch --help": lambda: command(*SMWATCH, "--help"),
            "smwatch check": lambda: command(*SMWATCH, "check", *named),
            "smwatch source test FILE": lambda: command(*SMWATCH, "source", "test", "--json", str(feed)),
            "smwatch run, until it is ready": lambda: until_ready(config),
        }
        taken: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                taken[name].append(work())
    medians = {name: statistics.median(times) for name, times in taken.items()}
    goals = {"smwatch check": CHECK, "smwatch run, until it is ready": READY}
    rows = [[name, f"{medians[name]:.2f}", _judged(medians[name], goals.get(name))] for name in works]
    write(
        "startup",
        "Starting (G10)",
        f"CPU seconds, medians of {ROUNDS} rounds.",
        table(["process", "CPU seconds", "goal"], rows),
        f"{machine()}. {versions(['aiohttp', 'sqlalchemy', 'pydantic', 'click'])}.",
    )


def _judged(seconds: float, goal: float | None) -> str:
    return "" if goal is None else f"below {goal}: {'met' if seconds < goal else 'missed'}"


if __name__ == "__main__":
    main()
