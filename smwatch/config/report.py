"""Collects every mistake with its place, and keeps secrets out of what is said about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from smwatch.errors import Problem
from smwatch.i18n import Text
from smwatch.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.config.document import Document, Spot

LITERAL_TOKENS = re.compile(
    r"xox[a-z]-[\w-]*|xapp-[\w-]*|hooks\.slack(?:-gov)?\.com/[^\s\"'#]*|(?<=://)[^/\s@\"'#]*:[^/\s@\"'#]+(?=@)|"
    r"AIza[\w-]{20,}|gh[pousr]_\w{20,}|sk-[\w-]{16,}|AKIA[A-Z0-9]{12,}|eyJ[\w-]{10,}\.[\w.-]+|-----BEGIN[^\"']*"
)
SECRET_KEYS = re.compile(
    r"(?i)(\b\w*(?:passwor[dt]|passwd|kennwort|token|secret|webhook|geheimnis|api_?key|\bkey)\b[\"']?\s*[=:]\s*)"
    r"(?!\{)(\"[^\"]*\"?|'[^']*'?|[„“”‚‘’][^„“”‚‘’\"]*[„“”‚‘’\"]?|[^\s,}#\[]+)"
)
LONGEST_EXCERPT = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem, and how far it reaches: `watch` is set where it stops only that watch."""

    problem: Problem
    document: Document
    watch: str | None = None


class Report:
    """All findings of one reading. `guard` names a value that must not appear anywhere."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._seen: set[tuple[str, int, int]] = set()
        self._broken_lines: set[tuple[str, int]] = set()
        self._secrets: set[str] = set()

    def guard(self, value: str) -> None:
        """Mask `value` in every excerpt, sentence and suggestion."""
        if value.strip():
            self._secrets.add(value.strip())

    def error(self, spot: Spot, message: Text, suggestion: str | None = None, *, watch: str | None = None) -> None:
        """A mistake; with `watch` it stops only the watch of that name."""
        self._add(spot, "error", message, suggestion, watch)

    def warning(self, spot: Spot, message: Text, suggestion: str | None = None) -> None:
        """Something that runs, but is probably not meant."""
        self._add(spot, "warning", message, suggestion, None)

    def flaws(self, document: Document) -> None:
        """The mistakes in the writing; other problems on the same lines would only repeat them."""
        for flaw in document.flaws:
            self._put(document, flaw.line, flaw.column, flaw.width, "error", flaw.message, flaw.suggestion, None)
        if not any(flaw.suggestion == "UTF-8" for flaw in document.flaws):
            self._broken_lines |= {(str(document.path), flaw.line) for flaw in document.flaws}

    @property
    def has_errors(self) -> bool:
        """Whether anything so far was an error."""
        return any(it.problem.severity == "error" for it in self._found)

    def findings(self) -> tuple[Finding, ...]:
        """All findings by file and place, without any secret."""
        order = {str(found.document.path): n for n, found in reversed(list(enumerate(self._found)))}
        ordered = sorted(
            self._found,
            key=lambda it: (order[str(it.document.path)], it.problem.line, it.problem.column),
        )
        return tuple(replace(it, problem=self._without_secrets(it.problem)) for it in ordered)

    def _add(
        self,
        spot: Spot,
        severity: Literal["error", "warning"],
        message: Text,
        suggestion: str | None,
        watch: str | None,
    ) -> None:
        document = spot.document
        if (str(document.path), spot.line) in self._broken_lines:
            return
        column = _original_column(document, spot)
        self._put(document, spot.line, column, spot.width, severity, message, suggestion, watch)

    def _put(  # noqa: PLR0913, PLR0917 - the parts of a problem
        self,
        document: Document,
        line: int,
        column: int,
        width: int,
        severity: Literal["error", "warning"],
        message: Text,
        suggestion: str | None,
        watch: str | None,
    ) -> None:
        place = (str(document.path), line, column)
        if severity == "error":
            if place in self._seen:
                return
            self._seen.add(place)
        problem = Problem(
            file=str(document.path),
            line=line,
            column=column,
            severity=severity,
            message=message,
            suggestion=suggestion,
            excerpt=document.line(line),
            width=width,
        )
        self._found.append(Finding(problem=problem, document=document, watch=watch))

    def _without_secrets(self, problem: Problem) -> Problem:
        excerpt = self._mask(SECRET_KEYS.sub(_hide, problem.excerpt))
        return replace(
            problem,
            excerpt=excerpt[:LONGEST_EXCERPT],
            message=self._masked(problem.message),
            suggestion=None if problem.suggestion is None else self._mask(SECRET_KEYS.sub(_hide, problem.suggestion)),
        )

    def _masked(self, message: Text) -> Text:
        values = {
            key: self._masked(it) if isinstance(it, Text) else self._mask(it) if isinstance(it, str) else it
            for key, it in message.values.items()
        }
        return replace(message, values=values) if values else message

    def _mask(self, line: str) -> str:
        for value in sorted(self._secrets, key=len, reverse=True):
            line = line.replace(value, MASK)
        return LITERAL_TOKENS.sub(MASK, line)


def masked(line: str) -> str:
    """A line of a file without what looks like a secret."""
    return LITERAL_TOKENS.sub(MASK, SECRET_KEYS.sub(_hide, line))


def _hide(found: re.Match[str]) -> str:
    quote = found[2][0] if found[2][0] in "\"'" else ""
    return f"{found[1]}{quote}{MASK}{quote}"


def _original_column(document: Document, spot: Spot) -> int:
    """The column in the line as people wrote it, where the parser read a mended one."""
    written = document.line(spot.line)
    read = document.parsed[spot.line - 1] if 0 < spot.line <= len(document.parsed) else written
    if written == read:
        return spot.column
    for a, b, size in SequenceMatcher(None, read, written, autojunk=False).get_matching_blocks():
        if a <= spot.column - 1 < a + size:
            return b + spot.column - a
    return min(spot.column, max(len(written), 1))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Only what stops something."""
    return [it for it in findings if it.problem.severity == "error"]


def inner_password(value: str) -> str | None:
    """The password in an address like `https://user:password@host/`."""
    found = re.search(r"(?<=://)[^/\s@]*:([^/\s@]+)(?=@)", value)
    return found[1] if found else None


def holds_literal_token(value: str) -> bool:
    """Whether `value` looks like a token, a Slack webhook address or an address with a password in it."""
    return LITERAL_TOKENS.search(value) is not None
