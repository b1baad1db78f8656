"""One daemon a store: a lock beside it, which says who holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from typing import TYPE_CHECKING, Self

from smwatch.errors import UserError
from smwatch.i18n import text

if TYPE_CHECKING:
    from pathlib import Path


class StoreBusyError(UserError):
    """Another process writes to this store."""


class Lock:
    """Held while this process may write; the system gives it back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> Self:
        """Take it, or raise StoreBusyError with the holder's name."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 200).decode(errors="replace").strip() or "?"
            os.close(file)
            raise StoreBusyError(text("another smwatch works with this store: {holder}", holder=holder)) from None
        os.ftruncate(file, 0)
        os.write(file, f"pid {os.getpid()}, {socket.gethostname()}\n".encode())
        self._file = file
        return self

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
