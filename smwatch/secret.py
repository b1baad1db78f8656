"""Secrets: never in files, never in output.

A TOML file names a secret (`{ env = "X" }`, `{ file = "…" }`, `{ credential = "slack" }`); its value is read at use.
Every value that was read is known to `redact`, the last step of every log line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from smwatch.errors import UserError
from smwatch.i18n import text

MASK = "***"
SHORTEST = 6  # a shorter secret would mask ordinary words
_revealed: set[str] = set()


class SecretMissing(UserError):
    """The named secret is not there (now): a state of its channel or source, told to ops."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept; `reveal()` reads it."""

    kind: Literal["env", "file", "credential"]
    place: str

    def reveal(self) -> str:
        """The value, without surrounding white space; raises SecretMissing."""
        value = self._read()
        if not value:
            raise SecretMissing(text("the secret {kind} = {place} is not set", kind=self.kind, place=self.place))
        _revealed.update(form for form in (value, quote(value, safe="")) if len(form) >= SHORTEST)
        return value

    def _read(self) -> str:
        if self.kind == "env":
            return os.environ.get(self.place, "").strip()
        paths = [Path(self.place)] if self.kind == "file" else credential_paths(self.place)
        for path in paths:
            try:
                return path.read_text(encoding="utf-8").strip()
            except OSError:
                continue
        return ""

    def __repr__(self) -> str:
        return MASK


def credential_paths(name: str) -> list[Path]:
    """Where systemd may have put the credential `name`: the unit loads a folder as `smwatch`, so names get a prefix."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return [Path(folder) / f"smwatch_{name}", Path(folder) / name] if folder else []


def redact(line: str) -> str:
    """`line` without any secret that this process has read."""
    for value in _revealed:
        if value in line:
            line = line.replace(value, MASK)
    return line
