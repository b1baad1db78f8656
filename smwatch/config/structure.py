"""Mistakes of structure: headings, lists, things that stand twice or are never closed."""

from __future__ import annotations

import re

from smwatch.config import scan
from smwatch.config.diagnosis import Broken, Diagnosis
from smwatch.config.words import GERMAN_TABLES
from smwatch.i18n import Text, text

KEY = r"[\w\"'.-]+"


def swallowed(broken: Broken) -> Diagnosis | None:
    """A ''' text that swallowed the next lines up to the next ''' in the file."""
    if not broken.message.startswith("Expected newline"):
        return None
    for line in range(broken.line - 1, 0, -1):
        fence = next((it for it in ("'''", '"""') if broken.lines[line - 1].count(it) % 2), None)
        if fence is None:
            continue
        end = scan.at(broken.lines[:line], line)
        start = end.start if end else line
        mended = broken.lines[line - 1] + fence
        sentence = text("the text that begins in line {line} with {fence} is not closed", line=start, fence=fence)
        return Diagnosis(message=sentence, suggestion=fence, repair={line: mended})
    return None


def unclosed_long_text(broken: Broken) -> Diagnosis | None:
    """A ''' text that goes on to the end of the file."""
    if not broken.message.startswith(("Expected \"'''\"", 'Expected \'"""\'')) or broken.statement is None:
        return None
    fence = "'''" if "'''" in broken.message else '"""'
    odd = [it for it in scan.statements(broken.lines) if broken.lines[it.start - 1].count(fence) % 2]
    opening = odd[-1] if odd else broken.statement
    end = opening.end
    while end > opening.start and not broken.lines[end - 1].strip():
        end -= 1
    mended = broken.lines[end - 1] + fence
    sentence = text("the text that begins in line {line} with {fence} is not closed", line=opening.start, fence=fence)
    return Diagnosis(message=sentence, suggestion=fence, repair={end: mended})


def second_table(broken: Broken) -> Diagnosis | None:
    """A heading that was there before."""
    if not broken.here.strip().startswith("[") or not broken.message.startswith(("Cannot declare", "Cannot overwrite")):
        return None
    name = broken.here.partition("#")[0].strip()
    inner = name.strip("[]").strip()
    earlier = [n for n, it in enumerate(broken.lines[: broken.line - 1], 1) if it.strip().strip("[]").strip() == inner]
    if not earlier:
        return Diagnosis(message=text("{name} collides with a key of that name above", name=name))
    first = broken.lines[earlier[0] - 1].partition("#")[0].strip()
    if first.startswith("[[") != name.startswith("[["):
        return Diagnosis(
            message=text(
                "{name} in line {line} and {other} here: write both the same way",
                name=first,
                line=earlier[0],
                other=name,
            ),
            suggestion=f"[[{inner}]]",
        )
    sentence = text(
        "{name} stands twice; the first is in line {line}: put its keys together", name=name, line=earlier[0]
    )
    return Diagnosis(message=sentence, column=_indent(broken.here))


def second_key(broken: Broken) -> Diagnosis | None:
    """A key that was there before."""
    if not broken.message.startswith("Cannot overwrite") and "Duplicate" not in broken.message:
        return None
    key = broken.first.partition("=")[0].strip()
    for line in range(broken.line - 1, 0, -1):
        if broken.lines[line - 1].partition("=")[0].strip() == key:
            sentence = text("“{key}” stands twice in this table; the first is in line {line}", key=key, line=line)
            return Diagnosis(message=sentence, column=_indent(broken.first))
    return Diagnosis(message=text("“{key}” stands twice in this table", key=key))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) + 1


def _opened_before(broken: Broken) -> int:
    """The first line of what is not closed: the parser may have stopped at the statement after it."""
    before = [it.start for it in scan.statements(broken.lines) if it.start <= broken.line]
    stopped_at_next = not broken.here[: broken.column - 1].strip() and len(before) > 1 and before[-1] == broken.line
    return (before[-2] if stopped_at_next else before[-1]) if before else broken.line


def unclosed_list(broken: Broken) -> Diagnosis | None:
    """A list that goes wrong: a comma or a bracket is missing."""
    if broken.message != "Unclosed array" or broken.statement is None:
        return None
    before = broken.here[: broken.column - 1].rstrip()
    rest = broken.here[broken.column - 1 :]
    new_statement = scan.ASSIGNMENT.match(broken.here) is not None and broken.line != broken.statement.start
    if not new_statement and re.match(r"\s*[\"'\d]", rest):
        return _comma_missing(broken, before, rest)
    return _bracket_missing(
        broken,
        "]",
        text("the list that begins in line {line} is not closed: “]” is missing", line=_opened_before(broken)),
    )


def left_open(broken: Broken) -> Diagnosis | None:
    """The statement before the one where the parser stopped lacks its bracket."""
    before = [it for it in scan.statements(broken.lines) if it.start < broken.line]
    bracket = scan.left_open(broken.lines, before[-1]) if before else ""
    if not bracket:
        return None
    end = before[-1].end
    while end > before[-1].start and not scan.without_remark(broken.lines[end - 1]).strip():
        end -= 1
    line = broken.lines[end - 1]
    code = scan.without_remark(line)
    repair = {end: f"{code}{bracket}{line[len(code) :]}"}
    return Diagnosis(message=_not_closed(bracket, before[-1].start), suggestion=bracket, repair=repair, lost=before[-1])


def _not_closed(bracket: str, line: int) -> Text:
    if bracket == "]":
        return text("the list that begins in line {line} is not closed: “]” is missing", line=line)
    return text("“}}” is missing in line {line}", line=line)


def _comma_missing(broken: Broken, before: str, rest: str) -> Diagnosis:
    sentence = text("a comma is missing between two entries of the list")
    if before:
        mended = f"{before}, {rest.lstrip()}"
        return Diagnosis(message=sentence, suggestion=",", repair={broken.line: mended})
    earlier = _filled_before(broken)
    return Diagnosis(message=sentence, suggestion=",", repair={earlier: broken.lines[earlier - 1].rstrip() + ","})


def _filled_before(broken: Broken) -> int:
    line = min(broken.line - 1, len(broken.lines))
    while line > 1 and not broken.lines[line - 1].strip():
        line -= 1
    return max(line, 1)


def _bracket_missing(broken: Broken, bracket: str, sentence: Text) -> Diagnosis:
    at_key = broken.column == 1 or not broken.here[: broken.column - 1].strip()
    line = _filled_before(broken) if at_key and broken.line > 1 else broken.line
    mended = broken.lines[line - 1].rstrip() + f" {bracket}"
    return Diagnosis(message=sentence, suggestion=bracket, repair={line: mended})


def unclosed_table(broken: Broken) -> Diagnosis | None:
    """`{ … }` without its end, or without a comma."""
    if broken.message != "Unclosed inline table" or broken.statement is None:
        return None
    rest = broken.here[broken.column - 1 :]
    if re.match(rf"\s*{KEY}\s*=", rest) and broken.here[: broken.column - 1].strip():
        mended = f"{broken.here[: broken.column - 1].rstrip()}, {rest.lstrip()}"
        return Diagnosis(
            message=text("a comma is missing between two entries in { … }"),
            suggestion=",",
            repair={broken.line: mended},
        )
    return _bracket_missing(broken, "}", text("“}}” is missing in line {line}", line=_opened_before(broken)))


def broken_heading(broken: Broken) -> Diagnosis | None:
    """`[[watch]`, `[überblick.morgens]`."""
    found = re.fullmatch(r"\s*(\[{0,2})\s*([^\[\]#=]+?)\s*(\]{0,2})\s*(#.*)?", broken.here)
    if found is None or not (found[1] or found[3]):
        return None
    name, double = found[2], "[[" in (found[1], *[found[1]]) or found[3] == "]]"
    head = name.split(".")[0].casefold()
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        right = GERMAN_TABLES.get(head)
        name = ".".join([right or head, *(f'"{part}"' for part in name.split(".")[1:])])
    mended = f"[[{name}]]" if double else f"[{name}]"
    if found[1] and found[3] and len(found[1]) == len(found[3]):
        sentence = text("a table's name with spaces or umlauts needs quotes: {right}", right=mended)
    else:
        sentence = text("the brackets of this heading do not match: write {right}", right=mended)
    return Diagnosis(message=sentence, suggestion=mended, repair={broken.line: mended})


def two_on_a_line(broken: Broken) -> Diagnosis | None:
    """`[[watch]] name = "x"`."""
    if not broken.message.startswith("Expected newline") or not broken.here.strip().startswith("["):
        return None
    cut = broken.here.rfind("]", 0, broken.column) + 1
    return Diagnosis(
        message=text("only the heading may stand on this line; put the rest on the next one"),
        suggestion=broken.here[:cut].strip(),
        repair={broken.line: broken.here[:cut]},
    )
