"""Which files make up a config: the operator's own, `conf.d/*.toml` beside it, and the people's files it includes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.config.document import Raw, Role
from smwatch.config.scan import HEADER
from smwatch.errors import UserError, system_reason
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smwatch.i18n import Text

LONG = 64 * 1024  # characters
GENERAL = re.compile(r"[ \t]*\[[ \t]*smwatch[ \t]*\][ \t]*(?:#.*)?")
COPY = re.compile(
    r"~\$.*|\.~lock\..*|\..*|.*~|Kopie von .*|Copy of .*|.* - (?:Kopie|Copy)(?: ?\(\d+\))?\.toml|"
    r".* ?\(\d+\)\.toml|.*\.(?:bak|tmp|swp)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """All files of a config in reading order; `skipped` are copies and locks of office programs."""

    raws: tuple[Raw, ...]
    skipped: tuple[Path, ...] = ()
    patterns: tuple[str, ...] = ()
    unread: tuple[tuple[Path, Text], ...] = ()


def find(explicit: str | Path | None = None, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Path:
    """The operator's file: `--config` > `$SMWATCH_CONFIG` > `./smwatch.toml` > XDG > `/etc/smwatch/config.toml`.

    Raises UserError where there is none.
    """
    env = os.environ if env is None else env
    named = explicit or env.get("SMWATCH_CONFIG")
    if named:
        path = Path(named)
        if path.exists() and not path.is_file():
            raise UserError(text("{path} is not a file", path=str(path)))
        if not path.is_file():
            raise UserError(text("there is no file {path}", path=str(path)))
        return path
    for path in candidates(env, cwd or Path.cwd()):
        if path.is_file():
            return path
    tried = ", ".join(str(it) for it in candidates(env, cwd or Path.cwd()))
    raise UserError(text("no configuration found; looked at {tried}. “smwatch init” writes one", tried=tried))


def candidates(env: Mapping[str, str], cwd: Path) -> list[Path]:
    """Where a config is looked for, in order, when none was named."""
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME") or "/") / ".config")
    return [cwd / "smwatch.toml", home / "smwatch" / "config.toml", Path("/etc/smwatch/config.toml")]


def standing_files(path: Path) -> list[Path]:
    """The files of the config at `path`; those that say which others there are are only read where they changed."""
    dropped = sorted((path.parent / "conf.d").glob("*.toml"))
    own = [path, *(it for it in dropped if not COPY.fullmatch(it.name))]
    patterns = [pattern for it in own for pattern in _includes_of(it, stamp(it))]
    return [*own, *(it for it in _globbed(patterns, own) if not COPY.fullmatch(it.name))]


def stamp(path: Path) -> tuple[int, int, int] | None:
    """When a file was last changed: (time in ns, size, inode); None where it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=64)
def _includes_of(path: Path, at: tuple[int, int, int] | None) -> tuple[str, ...]:
    """The patterns that a file names as it stood at `at`."""
    try:
        return tuple(includes(Raw(path=path, data=path.read_bytes()))) if at else ()
    except OSError:
        return ()


def collect(path: Path) -> FileSet:
    """Read all files from the disk; raises UserError where the operator's own file cannot be read."""
    try:
        main = Raw(path=path, data=path.read_bytes())
    except OSError as error:
        raise UserError(text("{path} cannot be read: {reason}", path=str(path), reason=system_reason(error))) from error
    dropped = sorted((path.parent / "conf.d").glob("*.toml"))
    unread: list[tuple[Path, Text]] = []
    operators = [main, *_read((it for it in dropped if not COPY.fullmatch(it.name)), Role.OPERATOR, unread)]
    patterns = [it for raw in operators for it in includes(raw)]
    found = _globbed(patterns, [raw.path for raw in operators])
    people = [it for it in found if not COPY.fullmatch(it.name)]
    return FileSet(
        raws=(*operators, *_read(people, Role.PEOPLE, unread)),
        skipped=tuple(it for it in (*dropped, *found) if COPY.fullmatch(it.name)),
        patterns=tuple(patterns),
        unread=tuple(unread),
    )


def _read(paths: Iterable[Path], role: Role, unread: list[tuple[Path, Text]]) -> list[Raw]:
    raws = []
    for path in paths:
        try:
            raws.append(Raw(path=path, data=path.read_bytes(), role=role))
        except OSError as error:
            unread.append((path, system_reason(error)))
    return raws


def includes(raw: Raw) -> list[str]:
    """The patterns of `include`, as absolute paths; whatever is wrong with the file is somebody else's to report."""
    general = peek(raw.data).get("smwatch")
    found = general.get("include") if isinstance(general, dict) else None
    listed: Sequence[Any] = found if isinstance(found, list) else []
    return [str(raw.path.parent / it) for it in listed if isinstance(it, str) and it.strip()]


def peek(data: bytes) -> dict[str, Any]:
    """The values of a file as far as they can be read; never raises."""
    from smwatch.config.reader import read  # noqa: PLC0415 - avoids a circle: the reader knows no files

    if b"smwatch" not in data:
        return {}
    try:
        return tomli.loads(_general(data.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return read(Raw(path=Path(), data=data)).values


def _general(content: str) -> str:
    """Of a large file only the table `[smwatch]`: ten thousand sources are not read for three keys."""
    if len(content) < LONG:
        return content
    found, inside, fence = [], False, ""
    for line in content.split("\n"):
        if not fence and line.lstrip().startswith("["):
            inside = GENERAL.fullmatch(line.rstrip("\r")) is not None or (
                inside and not HEADER.fullmatch(line.rstrip("\r"))
            )
        if inside:
            found.append(line)
        for mark in (fence,) if fence else ('"""', "'''"):
            if line.count(mark) % 2:
                fence = "" if fence else mark
                break
    return "\n".join(found) or content


def _globbed(patterns: Iterable[str], taken: Sequence[Path]) -> list[Path]:
    """Files that match, once each, sorted; no hidden ones, and never the operator's own."""
    own = {it.resolve() for it in taken}
    found = {Path(it) for pattern in patterns for it in glob(pattern, recursive=True)}  # noqa: PTH207 - absolute patterns
    found |= {it for pattern in patterns for it in _locks(pattern)}
    return sorted(it for it in found if it.is_file() and it.resolve() not in own)


def _locks(pattern: str) -> list[Path]:
    """Lock files of office programs begin with a dot, which `*` leaves out; they are told about."""
    folder = Path(pattern).parent
    return list(folder.glob(".~lock*.toml*")) if "*" not in str(folder) and folder.is_dir() else []
