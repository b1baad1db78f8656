"""What systemd hears."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from smwatch.notify import Notifier, watchdog_interval

if TYPE_CHECKING:
    from pathlib import Path


def told(address: str, *calls: str) -> list[str]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("\0" + address[1:] if address.startswith("@") else address)
        notifier = Notifier(address)
        for call in calls:
            getattr(notifier, call)()
        return [ear.recv(1000).decode() for _ in calls]


def test_a_socket_in_the_file_system(tmp_path: Path) -> None:
    assert told(str(tmp_path / "notify"), "ready", "watchdog", "stopping") == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_socket() -> None:
    assert told(f"@smwatch-test-{os.getpid()}", "ready") == ["READY=1"]


def test_a_reload_says_when_it_began(tmp_path: Path) -> None:
    first, second = told(str(tmp_path / "notify"), "reloading")[0].split("\n")
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    Notifier("").ready()
    Notifier(str(tmp_path / "nobody-listens")).ready()


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"), [("60000000", None, 30.0), ("", None, None), ("60000000", "1", None)]
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert watchdog_interval() == seconds
