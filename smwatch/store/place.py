"""Where the store is: its address, its folder, and what lies beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from smwatch.errors import UserError, system_reason
from smwatch.i18n import text

SQLITE = "sqlite://"
POSTGRESQL = "postgresql://"


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite store (`sqlite:///abs/path` is `/abs/path`); None for PostgreSQL; raises UserError."""
    if url.startswith(POSTGRESQL):
        return None
    path = url.removeprefix(SQLITE)
    if not url.startswith(SQLITE) or not path.startswith("/") or path == "/":
        sentence = text("store: an address like sqlite:///var/lib/smwatch/smwatch.db, not {url}", url=url)
        raise UserError(sentence)
    return Path(path)


def engine_url(url: str) -> str:
    """The address as SQLAlchemy wants it, with the asynchronous driver."""
    path = sqlite_path(url)
    if path is None:
        return "postgresql+asyncpg://" + url.removeprefix(POSTGRESQL)
    return f"sqlite+aiosqlite:///{path}"


def state_folder(url: str) -> Path:
    """The folder for what lies beside the store: key, lock, last good copies of the config, control socket."""
    path = sqlite_path(url)
    if path is not None:
        return path.parent
    return Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or Path.home() / ".local" / "state" / "smwatch")


def make_folder(folder: Path) -> None:
    """Make `folder` for this user alone; raises UserError with what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        sentence = text("the folder {folder} cannot be made: {error}", folder=str(folder), error=system_reason(error))
        raise UserError(sentence) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(text("the folder {folder} cannot be written by this user", folder=str(folder)))


def free_space(folder: Path) -> int:
    """Bytes that may still be written beside the store."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def refuse_missing(path: Path | None) -> None:
    """Raise UserError where nothing has been stored yet."""
    if path is not None and not path.exists():
        raise UserError(text("there is no store at {path} yet; “smwatch run” makes it", path=str(path)))


def keep_private(path: Path) -> None:
    """Take group and others their rights to the store's files."""
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        with suppress(OSError):
            name.chmod(0o600)
