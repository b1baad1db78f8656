"""A place where the parser stopped, and what somebody who knows office programs says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smwatch.config.scan import Statement
    from smwatch.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the parser stopped: its words, its place, and the statement it was reading."""

    lines: list[str]
    message: str
    line: int
    column: int
    statement: Statement | None

    @property
    def here(self) -> str:
        """The line where the parser stopped."""
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""

    @property
    def first(self) -> str:
        """The first line of the statement."""
        return self.lines[self.statement.start - 1] if self.statement else self.here


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong in words; `repair` maps line numbers to the lines as they should be.

    `lost` is what has to be left out where no repair helps, if it is not the statement where the parser stopped.
    """

    message: Text
    suggestion: str | None = None
    repair: dict[int, str] | None = None
    column: int | None = None
    lost: Statement | None = None
