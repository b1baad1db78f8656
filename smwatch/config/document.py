"""One file as it was read: its lines, what could be parsed, and what was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from smwatch.i18n import Text


class Role(StrEnum):
    """Whose file it is: the operator's may hold everything, people's files much less."""

    OPERATOR = "operator"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A file before it is understood."""

    path: Path
    data: bytes
    role: Role = Role.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A mistake in the writing itself, found before anything could be understood."""

    line: int
    column: int
    message: Text
    suggestion: str | None = None
    width: int = 1
    severity: str = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file after parsing.

    `lines` are the original ones, for people; `parsed` are those that the parser took: mended or emptied where `lines`
    were broken, with the same numbers. `lost` are names of keys and tables that had to be left out, so that nobody
    is told they are missing.
    """

    path: Path
    role: Role
    lines: tuple[str, ...]
    parsed: tuple[str, ...]
    values: dict[str, Any]
    flaws: tuple[Flaw, ...] = ()
    lost: frozenset[str] = field(default_factory=frozenset)

    def line(self, number: int) -> str:
        """The original line, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in a file; line and column count from 1, in characters."""

    document: Document
    line: int
    column: int = 1
    width: int = 1
