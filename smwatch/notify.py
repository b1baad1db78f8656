"""sd_notify: tells systemd what the daemon does (https://www.freedesktop.org/software/systemd/man/sd_notify.html).

Without NOTIFY_SOCKET nothing happens. The watchdog is only fed where somebody says that work goes on: a heartbeat from
a thread of its own would go on while the daemon is deaf.
"""

from __future__ import annotations

import os
import socket
import time

MICROSECONDS = 1_000_000


class Notifier:
    """Speaks to the socket that systemd gave us; `address` is for tests."""

    def __init__(self, address: str | None = None) -> None:
        found = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + found[1:] if found.startswith("@") else found

    def ready(self) -> None:
        """The daemon works (after the start, and again after a reload)."""
        self._say("READY=1")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._say("STOPPING=1")

    def watchdog(self) -> None:
        """Scheduler and sender have both made progress."""
        self._say("WATCHDOG=1")

    def status(self, line: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={line}")

    def extend(self, seconds: float) -> None:
        """A migration or a stop needs more time."""
        self._say(f"EXTEND_TIMEOUT_USEC={int(seconds * MICROSECONDS)}")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            try:
                wire.connect(self._address)
                wire.sendall("\n".join(lines).encode())
            except OSError:
                return  # systemd is gone or not ours: never a reason to stop


def watchdog_interval() -> float | None:
    """Seconds between two signs of life that systemd expects at most (half of WatchdogSec); None without a watchdog."""
    wanted = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not wanted.isdecimal() or owner != str(os.getpid()):
        return None
    return int(wanted) / MICROSECONDS / 2
