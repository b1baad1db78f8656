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
    """The folder of versions; without a folder they are only remembered."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._found = sorted(_stored(folder), key=lambda it: it.number) if folder else []

    def all(self) -> tuple[Version, ...]:
        """Oldest first, at most 20."""
        return tuple(self._found)

    @property
    def last(self) -> Version | None:
        """What runs, or ran last."""
        return self._found[-1] if self._found else None

    def add(self, files: Mapping[Path, Copy], saved: datetime, summary: Sequence[Text]) -> Version:
        """Keep a new version; raises OSError where the folder cannot be written."""
        number = self._found[-1].number + 1 if self._found else 1
        version = Version(number=number, saved=saved, files=dict(files), summary=tuple(summary))
        self._found.append(version)
        old, self._found = self._found[:-MOST_VERSIONS], self._found[-MOST_VERSIONS:]
        if self.folder is not None:
            _store(self.folder, version)
            for it in old:
                _path(self.folder, it.number).unlink(missing_ok=True)
        return version


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


def _stored(folder: Path) -> list[Version]:
    """All versions that can be read; a damaged one is as if it were not there."""
    found = []
    for path in sorted(folder.glob("[0-9]*.json")):
        try:
            found.append(_version(int(path.stem), json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


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
