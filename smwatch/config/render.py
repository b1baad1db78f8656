"""Problems for people: the place, the line with a caret, the sentence, what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.errors import Problem

RED, YELLOW, BOLD, DIM, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
UNSEEN = {"Cc", "Cf", "Cs"}  # controls, directions, half pairs
WIDEST = 100  # characters of a line that are shown


def render_problems(problems: Sequence[Problem], language: str, *, colour: bool = False) -> str:
    """All problems as text with a summary line; "" where there are none."""
    if not problems:
        return ""
    blocks = ["\n".join(_lines(it, language, colour=colour)) for it in problems]
    return "\n\n".join([*blocks, _summary(problems, language)]) + "\n"


def _lines(problem: Problem, language: str, *, colour: bool) -> Iterator[str]:
    error = problem.severity == "error"
    tint = (lambda code, it: f"{code}{it}{PLAIN}") if colour else (lambda _, it: it)
    kind = text("error") if error else text("warning")
    place = f"{problem.file}:{problem.line}:{problem.column}"
    said = problem.message.render(language)
    yield f"{tint(BOLD, place)}: {tint(RED if error else YELLOW, kind.render(language))}: {said}"
    if problem.excerpt.strip():
        line, column = _window(_seen(problem.excerpt), problem.column)
        gutter = f"{problem.line:>5} | "
        yield tint(DIM, gutter) + line
        carets = "^" * max(1, min(problem.width, len(line) - column + 1))
        yield tint(DIM, " " * 5 + " | ") + _blank(line[: column - 1]) + tint(RED if error else YELLOW, carets)
    if problem.suggestion is not None:
        shown = text("suggestion: {it}", it=problem.suggestion).render(language)
        yield tint(DIM, " " * 5 + " = ") + shown.replace("\n", "\n" + " " * 8)


def _seen(excerpt: str) -> str:
    """The line with a point for each sign that is not seen: it goes to a terminal, and may be of any file."""
    return "".join("·" if category(sign) in UNSEEN and sign not in "\t\r\n" else sign for sign in excerpt)


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around the column, and the column in it."""
    line = line.rstrip("\r\n")
    if len(line) <= WIDEST:
        return line, min(column, len(line) + 1)
    start = max(0, min(column - 1 - WIDEST // 3, len(line) - WIDEST))
    cut = line[start : start + WIDEST]
    return ("…" if start else "") + cut + ("…" if start + WIDEST < len(line) else ""), column - start + bool(start)


def _blank(before: str) -> str:
    """White space as wide as `before`: tabs stay tabs."""
    return "".join(sign if sign == "\t" else " " for sign in before)


def _summary(problems: Sequence[Problem], language: str) -> str:
    wrong = sum(it.severity == "error" for it in problems)
    doubtful = len(problems) - wrong
    parts = []
    if wrong:
        parts.append(texts("{n} error", "{n} errors", n=wrong).render(language))
    if doubtful:
        parts.append(texts("{n} warning", "{n} warnings", n=doubtful).render(language))
    return ", ".join(parts)
