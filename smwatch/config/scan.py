"""Where statements begin and end in a TOML text, also in a broken one.

The parser says what is wrong and where; this says what belongs together, so that everything else in the file can still
be checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = re.compile(r"[ \t]*\[\[?[ \t]*[A-Za-z\"'][^\[\]=,{}]*\]\]?[ \t]*(?:#.*)?")
ASSIGNMENT = re.compile(r"[ \t]*[\w.\"'-]+[ \t]*=[ \t]*(?:[\"'\[{\d]|true|false|$)")
CLOSERS = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One header or assignment: lines `start` to `end`, counted from 1, both included."""

    start: int
    end: int
    header: bool


def statements(lines: tuple[str, ...] | list[str]) -> list[Statement]:
    """All statements in order; an unclosed string or list ends before the next line that looks like a new statement."""
    return list(_statements(lines))


def at(lines: tuple[str, ...] | list[str], line: int) -> Statement | None:
    """The statement that covers `line`, or else the last one before it."""
    before = [it for it in statements(lines) if it.start <= line]
    return before[-1] if before else None


def block(lines: tuple[str, ...] | list[str], header: Statement) -> Statement:
    """A header with all that stands below it, up to the next header."""
    later = [it.start for it in statements(lines) if it.header and it.start > header.start]
    return Statement(start=header.start, end=(later[0] - 1 if later else len(lines)), header=True)


def left_open(lines: tuple[str, ...] | list[str], statement: Statement) -> str:
    """The bracket that an assignment still needs: "]", "}" or nothing."""
    if statement.header:
        return ""
    state = _Open()
    for number in range(statement.start - 1, statement.end):
        state.read(lines[number] if number >= statement.start else lines[number].partition("=")[2])
    return CLOSERS[state.brackets[-1]] if state.brackets and not state.fence else ""


def without_remark(line: str) -> str:
    """The line without the remark at its end and the blanks before it."""
    at = 0
    while at < len(line) and line[at] != "#":
        at = _after_string(line, at) if line[at] in "\"'" else at + 1
    return line[:at].rstrip()


def _statements(lines: tuple[str, ...] | list[str]) -> Iterator[Statement]:
    number = 0
    while number < len(lines):
        line = lines[number].strip(" \t\r")
        if not line or line.startswith("#"):
            number += 1
            continue
        header = line.startswith("[")
        end = number if header else _end(lines, number)
        yield Statement(start=number + 1, end=end + 1, header=header)
        number = end + 1


def _end(lines: tuple[str, ...] | list[str], start: int) -> int:
    """The index of the last line of the assignment that begins at index `start`."""
    state = _Open()
    for number in range(start, len(lines)):
        line = lines[number]
        if number > start and state.stands_for_nothing(line):
            return number - 1
        state.read(line if number > start else line.partition("=")[2])
        if state.closed:
            return number
    return _give_up(lines, start)


def _give_up(lines: tuple[str, ...] | list[str], start: int) -> int:
    """The end of something that is never closed: the line before the next header or assignment."""
    for number in range(start + 1, len(lines)):
        if HEADER.fullmatch(lines[number]) or ASSIGNMENT.match(lines[number]):
            return number - 1
    return len(lines) - 1


class _Open:
    """What is still open while a value is read line by line: brackets, or a string of several lines."""

    def __init__(self) -> None:
        self.brackets: list[str] = []
        self.fence = ""
        self.last = ""  # the last sign outside of strings and remarks

    @property
    def closed(self) -> bool:
        return not self.brackets and not self.fence

    def stands_for_nothing(self, line: str) -> bool:
        """Whether an open list cannot go on with this line: somebody forgot its bracket."""
        if not self.brackets or self.fence:
            return False
        goes_on = self.brackets[-1] == "{" and self.last in ("{", ",")
        return HEADER.fullmatch(line) is not None or (not goes_on and ASSIGNMENT.match(line) is not None)

    def read(self, line: str) -> None:
        at = 0
        while at < len(line):
            at = self._string_on(line, at) if self.fence else self._token(line, at)

    def _string_on(self, line: str, at: int) -> int:
        """Go on inside a string of several lines."""
        if self.fence == '"""' and line[at] == "\\":
            return at + 2
        if line.startswith(self.fence, at):
            at += 3
            while line.startswith(self.fence[0], at):  # up to two more quotes belong to the string
                at += 1
            self.fence = ""
            return at
        return at + 1

    def _token(self, line: str, at: int) -> int:
        sign = line[at]
        if sign == "#":
            return len(line)
        self.last = sign.strip() or self.last
        if line.startswith(('"""', "'''"), at):
            self.fence = line[at : at + 3]
            return at + 3
        if sign in "\"'":
            return _after_string(line, at)
        if sign in "[{":
            self.brackets.append(sign)
        elif self.brackets and sign == CLOSERS[self.brackets[-1]]:
            self.brackets.pop()
        return at + 1


def _after_string(line: str, at: int) -> int:
    """The offset behind a one-line string; an unclosed one ends with its line."""
    quote, place = line[at], at + 1
    while place < len(line) and line[place] != quote:
        place += 2 if quote == '"' and line[place] == "\\" else 1
    return place + 1
