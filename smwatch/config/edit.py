"""Machine edits of the files: a table comes or goes, and everything else stays to the letter, remarks too.

A file is only changed where it may be written and is as it was when it was read; otherwise the sentence that is raised
holds the lines to paste. What is written is read again first: an edit never makes a mistake that was not there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import TYPE_CHECKING

import tomli

from smwatch.config.build import build
from smwatch.config.files import collect
from smwatch.config.loading import registry_for
from smwatch.config.report import masked
from smwatch.config.scan import Statement, statements
from smwatch.config.versions import write_whole
from smwatch.errors import ConfigError, UserError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from smwatch.config.build import Kinds
    from smwatch.config.document import Raw, Spot
    from smwatch.config.files import FileSet
    from smwatch.config.model import Config
    from smwatch.config.report import Finding

SOURCE = "[[source]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A file as it was read and as it is to be; `lines` are those that come."""

    path: Path
    before: str
    after: str
    lines: str = ""


class Desk:
    """The files of one config, read once, for edits of their sources."""

    def __init__(self, path: Path, registry: Kinds | None = None) -> None:
        self.files: FileSet = collect(path)
        self.kinds = registry or registry_for(self.files.raws)[0]
        self._built = build(self.files.raws, self.kinds)

    @property
    def config(self) -> Config:
        """What the files say now, as far as they can be read."""
        return self._built.config

    def place_of(self, name: str) -> Spot | None:
        """The table that the source `name` comes from."""
        return self._built.places.get(name)

    def add(self, sources: Sequence[Mapping[str, Any]]) -> Edit:
        """The tables `sources` behind the last source of the first file that has any; else of the operator's own."""
        raw = next((it for it in self.files.raws if _sources_of(_lines(it))), self.files.raws[0])
        before = _text(raw)
        lines = tables(sources)
        return self.checked(raw, Edit(path=raw.path, before=before, after=_with(before, lines), lines=lines))

    def remove(self, name: str) -> Edit:
        """Without the table of the source `name`; raises UserError where it stands for several or is none."""
        spot = self.place_of(name)
        if spot is None:
            raise UserError(text("no source is called {name}", name=name))
        raw = next(it for it in self.files.raws if it.path == spot.document.path)
        shared = [one for one, place in self._built.places.items() if place == spot]
        if len(shared) > 1:
            listed = text("{name} comes from a list of feeds ({file}, line {line}); take it out there", name=name,
                          file=str(spot.document.path), line=spot.line)  # fmt: skip
            raise UserError(listed)
        before = _text(raw)
        header = next((it for it in reversed(_sources_of(_lines(raw))) if it.start <= spot.line), None)
        if header is None:
            by_hand = text("{name} stands in line {line} of {file}, in a list; take it out there", name=name,
                           line=spot.line, file=str(raw.path))  # fmt: skip
            raise UserError(by_hand)
        after = _without(before, header)
        left = after if after.strip() else f"# smwatch source remove {name}\n"  # an empty file looks like one cut off
        return self.checked(raw, Edit(path=raw.path, before=before, after=left))

    def checked(self, raw: Raw, edit: Edit) -> Edit:
        """The edit, once it is sure to make no mistake; raises ConfigError with what would be wrong."""
        try:
            tomli.loads(edit.after.removeprefix("\ufeff"))
        except tomli.TOMLDecodeError:
            wrong = text("{path} cannot be edited as it stands (smwatch check says more)", path=str(edit.path))
            raise UserError(wrong) from None
        raws = [replace(it, data=edit.after.encode()) if it is raw else it for it in self.files.raws]
        known = {_told(it) for it in self._built.findings}
        fresh = [
            it for it in build(raws, self.kinds).findings if it.problem.severity == "error" and _told(it) not in known
        ]
        if fresh:
            raise ConfigError(tuple(it.problem for it in fresh))
        return edit


def _told(finding: Finding) -> tuple[str, str]:
    return str(finding.problem.file), str(finding.problem.message)


def write(edit: Edit) -> None:
    """Write it, or raise UserError with the lines to paste."""
    refuse_unsafe(edit.path, edit.before, edit.after, lines=edit.lines)
    write_whole(edit.path, edit.after, mode=edit.path.stat().st_mode & 0o777)


def refuse_unsafe(path: Path, expected: str | None, wanted: str, *, lines: str = "") -> None:
    """A machine edits only a file that may be written and is unchanged since it was read; raises UserError."""
    try:
        standing = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        standing = None
    shown = lines or "".join(_difference(standing or "", wanted))
    if standing != expected:
        raise UserError(_by_hand(_CHANGED, path, shown))
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise UserError(_by_hand(_ADD if lines else _LOCKED, path, shown))


_CHANGED = text("{path} changed since it was read; please mend it by hand:\n{lines}")
_LOCKED = text("{path} may not be written; please mend it by hand:\n{lines}")
_ADD = text("{path} may not be written; please add these lines to it:\n\n{lines}")


def _by_hand(sentence: Text, path: Path, lines: str) -> Text:
    return Text(sentence.template, {"path": str(path), "lines": lines})


def _difference(old: str, new: str) -> list[str]:
    """The lines to paste; a secret that somebody wrote into the file meanwhile is not among them."""
    lines = unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "", "", n=1)
    return [masked(line) for line in lines][2:]


def tables(sources: Iterable[Mapping[str, Any]]) -> str:
    """`[[source]]` tables as TOML, a blank line between two."""
    import tomlkit  # noqa: PLC0415 - only where a file is edited

    written = []
    for source in sources:
        table = tomlkit.table()
        for key, value in source.items():
            table.add(key, value)
        written.append(f"{SOURCE}\n{table.as_string().strip()}\n")
    return "\n".join(written)


def _with(before: str, added: str) -> str:
    """The text with tables behind its last source, or at its end."""
    newline = "\r\n" if "\r\n" in before else "\n"
    lines = before.splitlines()
    known = _sources_of(lines)
    at = _own_end(lines, known[-1]) if known else len(lines)
    head, tail = lines[:at], lines[at:]
    while not known and head and not head[-1].strip():
        head.pop()
    between = [""] if tail and tail[0].strip() else []
    return newline.join([*head, *([""] if head else []), *added.rstrip("\n").split("\n"), *between, *tail]) + newline


def _without(before: str, header: Statement) -> str:
    """The text without the table of this header."""
    lines = before.splitlines(keepends=True)
    bare = before.splitlines()
    end = _own_end(bare, header)
    if end < len(lines) and not bare[end].strip():
        end += 1  # one of the blank lines around it goes, too
    return "".join([*lines[: header.start - 1], *lines[end:]])


def _sources_of(lines: Sequence[str]) -> list[Statement]:
    """The headers of all sources."""
    return [it for it in statements(list(lines)) if it.header and _heading(lines[it.start - 1]) == SOURCE]


def _heading(line: str) -> str:
    return line.partition("#")[0].replace(" ", "").replace("\t", "").strip()


def _own_end(lines: Sequence[str], header: Statement) -> int:
    """The last line of a table with its own sub-tables; remarks before the next header belong to what follows."""
    found = statements(list(lines))
    later = (it.start for it in found if it.header and it.start > header.start and not _is_part(lines[it.start - 1]))
    following = next(later, len(lines) + 1)
    return max(it.end for it in found if header.start <= it.start < following)


def _is_part(line: str) -> bool:
    return _heading(line).lstrip("[").startswith("source.")


def _text(raw: Raw) -> str:
    return raw.data.decode("utf-8")


def _lines(raw: Raw) -> list[str]:
    return _text(raw).splitlines()
