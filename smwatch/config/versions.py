"""The last good copies of all files on the disk: one JSON file a version, the newest is what runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch.config.document import Raw, Role
from smwatch.i18n import Text, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_VERSIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file of a version: the text that runs, and the last one in which every query parsed."""

    text: str
    clean: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """All files at the moment of an accepted save (`saved`, UTC), and what it changed."""

    number: int
    saved: datetime
    files: Mapping[Path, Copy]
    summary: tuple[Text, ...] = field(default_factory=tuple)

    def raws(self, *, clean: bool = False) -> list[Raw]:
        """The files as if they had just been read."""
        return [
            Raw(path=path, data=(it.clean if clean else it.text).encode(), role=it.role)
            for path, it in self.files.items()
        ]


class Versions:
    """The folder of versions, which are read when they are asked for: twenty of a large config take 40 MB and more.

    Those that could not be written there are remembered, all of them where there is no folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._remembered: list[Version] = []

    def all(self) -> tuple[Version, ...]:
        """Oldest first, at most 20."""
        stored = [version for path in self._paths() if (version := _read(path)) is not None]
        return (*stored, *self._remembered)[-MOST_VERSIONS:]

    @property
    def last(self) -> Version | None:
        """What runs, or ran last; the newest that can be read."""
        if self._remembered:
            return self._remembered[-1]
        return next((version for path in reversed(self._paths()) if (version := _read(path)) is not None), None)

    def add(self, files: Mapping[Path, Copy], saved: datetime, summary: Sequence[Text]) -> Version:
        """Keep a new version; raises OSError where the folder cannot be written."""
        before = self.last
        number = before.number + 1 if before else 1
        version = Version(number=number, saved=saved, files=dict(files), summary=tuple(summary))
        self._remembered = [*self._remembered, version][-MOST_VERSIONS:]
        if self.folder is not None:
            _store(self.folder, version)
            self._remembered = []
            for path in self._paths()[:-MOST_VERSIONS]:
                path.unlink(missing_ok=True)
        return version

    def _paths(self) -> list[Path]:
        named = self.folder.glob("[0-9]*.json") if self.folder else ()
        return sorted((path for path in named if path.stem.isdecimal()), key=lambda path: int(path.stem))


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.json"


def _store(folder: Path, version: Version) -> None:
    """Whole or not at all; readable by nobody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stored = {
        "saved": version.saved.isoformat(),
        "summary": [to_json(it) for it in version.summary],
        "files": [
            {"path": str(path), "role": it.role.value, "text": it.text, "clean": it.clean}
            for path, it in version.files.items()
        ],
    }
    path = _path(folder, version.number)
    write_whole(path, json.dumps(stored, ensure_ascii=False, indent=1, default=str), mode=0o600)


def write_whole(path: Path, content: str, *, mode: int) -> None:
    """Write through a new file beside it, so that nobody ever reads half of it."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.chmod(mode)
    fresh.replace(path)


def _read(path: Path) -> Version | None:
    """A version; a damaged one is as if it were not there."""
    try:
        return _version(int(path.stem), json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _version(number: int, stored: Mapping[str, Any]) -> Version:
    return Version(
        number=number,
        saved=datetime.fromisoformat(stored["saved"]),
        summary=tuple(from_json(it) for it in stored["summary"]),
        files={Path(it["path"]): _read_copy(it) for it in stored["files"]},
    )


def _read_copy(stored: Mapping[str, Any]) -> Copy:
    """One text where both are the same: a config may have megabytes."""
    same = stored["text"] == stored["clean"]
    clean = stored["text"] if same else stored["clean"]
    return Copy(text=stored["text"], clean=clean, role=Role(stored["role"]))
