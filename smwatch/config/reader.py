"""Bytes to a document: encoding, TOML, and everything that can still be read in a broken file."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.config import scan
from smwatch.config.diagnosis import Broken, Diagnosis
from smwatch.config.document import Document, Flaw, Raw
from smwatch.config.office import diagnose
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FLAWS = 30  # beyond this a file is something else than a config
LARGEST = 4 * 1024 * 1024  # bytes


def read(raw: Raw) -> Document:
    """The document, with a flaw for each mistake in the writing; never raises."""
    if len(raw.data) > LARGEST:
        flaw = Flaw(line=1, column=1, message=text("the file is larger than 4 MiB: it is not a configuration"))
        return Document(path=raw.path, role=raw.role, lines=("",), parsed=("",), values={}, flaws=(flaw,))
    decoded, flaws = _decode(raw.data)
    lines = decoded.replace("\r\n", "\n").split("\n")
    reading = _Reading(lines)
    values = reading.values()
    return Document(
        path=raw.path,
        role=raw.role,
        lines=tuple(lines),
        parsed=tuple(reading.lines),
        values=values,
        flaws=(*flaws, *reading.flaws),
        lost=frozenset(reading.lost),
    )


def _decode(data: bytes) -> tuple[str, list[Flaw]]:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            message = text("the file is in UTF-16; save it as UTF-8")
            return data.decode(encoding, "replace").lstrip("\ufeff"), [
                Flaw(line=1, column=1, message=message, suggestion="UTF-8")
            ]
    try:
        return data.decode("utf-8-sig"), []  # a byte order mark is accepted
    except UnicodeDecodeError as error:
        return _windows(data, error.start)


def _windows(data: bytes, start: int) -> tuple[str, list[Flaw]]:
    """A file from a Windows program; `start` is the first byte that is not UTF-8."""
    before = data[:start].decode("utf-8-sig", "replace")
    flaw = Flaw(
        line=before.count("\n") + 1,
        column=len(before) - (before.rfind("\n") + 1) + 1,
        message=text("the file is in an old Windows encoding (Windows-1252); save it as UTF-8"),
        suggestion="UTF-8",
    )
    mixed = "".join(_line(line) for line in data.splitlines(keepends=True))
    return mixed.removeprefix("\ufeff"), [flaw]


def _line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


class _Reading:
    """Parses, mends or empties what the parser stumbles over, and parses again."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self.flaws: list[Flaw] = []
        self.lost: set[str] = set()

    def values(self) -> dict[str, Any]:
        for _ in range(MOST_FLAWS):
            found = self._parsed(self.lines)
            if isinstance(found, dict):
                return found
            self._get_over(found)
        self.lost.add("*")
        return {}

    @staticmethod
    def _parsed(lines: Sequence[str]) -> dict[str, Any] | tomli.TOMLDecodeError:
        """The values, or what the parser says. It may also give up on numbers and depths that no config has."""
        try:
            return tomli.loads("\n".join(lines))
        except tomli.TOMLDecodeError as error:
            return error
        except (ValueError, RecursionError) as error:
            return tomli.TOMLDecodeError("TOML parser: " + type(error).__name__, "\n".join(lines), 0)

    def _get_over(self, error: tomli.TOMLDecodeError) -> None:
        line = min(error.lineno, len(self.lines))
        broken = Broken(
            lines=self.lines,
            message=error.msg,
            line=line,
            column=error.colno if line == error.lineno else 1,
            statement=scan.at(self.lines, line),
        )
        diagnoses = list(diagnose(broken))
        for diagnosis in diagnoses:
            if self._mend(diagnosis, line):
                return self._note(broken, diagnosis)
        likely = (
            diagnoses[0] if diagnoses[0].lost else next((it for it in diagnoses if it.repair is None), diagnoses[-1])
        )
        self._empty(broken, likely.lost or broken.statement)
        return self._note(broken, likely)

    def _mend(self, diagnosis: Diagnosis, line: int) -> bool:
        """Take the repair if the parser then gets further."""
        if not diagnosis.repair:
            return False
        mended = [diagnosis.repair.get(number, it) for number, it in enumerate(self.lines, 1)]
        if mended == self.lines:
            return False
        error = self._parsed(mended)
        if not isinstance(error, dict) and error.lineno <= line:
            return False
        self.lines = mended
        return True

    def _empty(self, broken: Broken, statement: scan.Statement | None) -> None:
        """Leave out the broken statement; below a broken heading, everything up to the next one."""
        found = statement or scan.Statement(start=broken.line, end=broken.line, header=False)
        if found.header:
            found = scan.block(self.lines, found)
        end = found.end if found.header or found is not broken.statement else max(found.end, broken.line)
        for number in range(found.start, min(end, len(self.lines)) + 1):
            self._lose(self.lines[number - 1])
            self.lines[number - 1] = ""

    def _lose(self, line: str) -> None:
        """Remember the names of keys and tables in a line that is left out."""
        self.lost.update(re.findall(r"[\w-]+", line.partition("=")[0]))

    def _note(self, broken: Broken, diagnosis: Diagnosis) -> None:
        self.flaws.append(
            Flaw(
                line=broken.line,
                column=diagnosis.column or broken.column,
                message=diagnosis.message,
                suggestion=diagnosis.suggestion,
            )
        )
