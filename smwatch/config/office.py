"""Mistakes of people who edit TOML in office programs: each with its own sentence and, where possible, the repair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.config import scan
from smwatch.config.words import GERMAN_KEYS, GERMAN_TABLES
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smwatch.config.scan import Statement

TYPOGRAPHIC = "„“”‟‚‘’‛«»‹›"
ODD_SPACES = "\u00a0\u2007\u202f\u2009\u200a\u2003\u2002\u3000\u200b\ufeff"
YES_NO = {"wahr": "true", "ja": "true", "yes": "true", "on": "true", "true": "true"} | {
    "falsch": "false",
    "nein": "false",
    "no": "false",
    "off": "false",
    "false": "false",
}
KEY = r"[\w\"'.-]+"


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
    """What is wrong in words; `repair` maps line numbers to the lines as they should be."""

    message: Text
    suggestion: str | None = None
    repair: dict[int, str] | None = None
    column: int | None = None


def diagnose(broken: Broken) -> Iterator[Diagnosis]:
    """The likeliest explanations, best first; the last one always holds and repairs nothing."""
    for recognise in RECOGNISERS:
        found = recognise(broken)
        if found is not None:
            yield found
    yield Diagnosis(message=_in_other_words(broken))


def _odd_space(broken: Broken) -> Diagnosis | None:
    at = next((n for n, sign in enumerate(broken.here) if sign in ODD_SPACES), None)
    if at is None or not _outside_strings(broken.here, at):
        return None
    mended = "".join(
        " " if s in ODD_SPACES and _outside_strings(broken.here, n) else s for n, s in enumerate(broken.here)
    )
    return Diagnosis(
        message=text("a special space (from Word or a web page) stands here; write an ordinary one"),
        suggestion=mended.strip(),
        repair={broken.line: mended},
        column=at + 1,
    )


def _outside_strings(line: str, at: int) -> bool:
    quotes = [sign for sign in line[:at] if sign in "\"'"]
    return len(quotes) % 2 == 0


def _typographic(broken: Broken) -> Diagnosis | None:
    line = broken.here
    at = next((n for n, sign in enumerate(line) if n >= broken.column - 1 and sign in TYPOGRAPHIC), None)
    if at is None or (broken.column - 1 < len(line) and line[broken.column - 1] not in TYPOGRAPHIC):
        return None
    mended = re.sub(rf"[{TYPOGRAPHIC}]([^\"{TYPOGRAPHIC}]*)[{TYPOGRAPHIC}\"]", r'"\1"', line)
    return Diagnosis(
        message=text('typographic quotes („…“) do not work in TOML; write straight ones: "…"'),
        suggestion=mended.partition("=")[2].strip() or mended.strip(),
        repair={broken.line: mended},
        column=at + 1,
    )


def _apostrophe(broken: Broken) -> Diagnosis | None:
    found = re.fullmatch(r"(\s*[\w.\"-]+\s*=\s*)'(?!'')(.*)'(\s*(?:#[^']*)?)", broken.here)
    if found is None or "'" not in found[2]:
        return None
    value = f"'''{found[2]}'''"
    return Diagnosis(
        message=text("an apostrophe ends a text in '…'; write three on both sides: '''…'''"),
        suggestion=value,
        repair={broken.line: f"{found[1]}{value}{found[3]}"},
    )


def _inner_quotes(broken: Broken) -> Diagnosis | None:
    found = re.fullmatch(r"(\s*[\w.'-]+\s*=\s*)\"(?!\"\")(.*)\"(\s*(?:#[^\"]*)?)", broken.here)
    if found is None or '"' not in found[2] or "'''" in found[2]:
        return None
    value = f"'''{found[2]}'''"
    return Diagnosis(
        message=text("the text in \"…\" holds quotes itself; write three apostrophes around it: '''…'''"),
        suggestion=value,
        repair={broken.line: f"{found[1]}{value}{found[3]}"},
    )


def _backslash(broken: Broken) -> Diagnosis | None:
    if "hex value" not in broken.message and "Unescaped" not in broken.message:
        return None
    mended = re.sub(r'"([^"\']*\\[^"\']*)"', r"'\1'", broken.here)
    return Diagnosis(
        message=text("a backslash means something else in \"…\"; write the text in '…'"),
        suggestion=mended.partition("=")[2].strip() or None,
        repair={broken.line: mended},
    )


def _unclosed_text(broken: Broken) -> Diagnosis | None:
    if not broken.message.startswith("Illegal character '\\n'"):
        return None
    tail = re.search(r"(\s*[\]}]+)?\s*$", broken.here)
    bracket = tail[1] or "" if tail else ""
    cut = len(broken.here.rstrip()) - len(bracket)
    quote = "'" if re.search(r"=\s*'", broken.here) else '"'
    mended = broken.here[:cut].rstrip(",") + quote + bracket
    return Diagnosis(
        message=text("the closing quote is missing in this line"),
        suggestion=mended.partition("=")[2].strip(),
        repair={broken.line: mended},
        column=max(broken.here.find(quote), 0) + 1,
    )


def _unclosed_long_text(broken: Broken) -> Diagnosis | None:
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


def _swallowed(broken: Broken) -> Diagnosis | None:
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


def _second_table(broken: Broken) -> Diagnosis | None:
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


def _second_key(broken: Broken) -> Diagnosis | None:
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


def _list(broken: Broken) -> Diagnosis | None:
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


def _inline_table(broken: Broken) -> Diagnosis | None:
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


def _comma_too_many(broken: Broken) -> Diagnosis | None:
    line = broken.here
    doubled = re.sub(r",\s*,", ",", line)
    if doubled == line:
        doubled = re.sub(r"([\[{])\s*,", r"\1", line)
    if doubled == line and broken.message.startswith("Expected newline"):
        doubled = re.sub(r"\s*[,;]\s*(#.*)?$", r" \1", line).rstrip()
    if doubled == line or "," not in line + ";":
        return None
    sign = ";" if re.search(r";\s*(#.*)?$", line) else ","
    sentence = text("a comma too many") if sign == "," else text("no semicolon is needed at the end of a line")
    at = line.find(",", max(broken.column - 2, 0)) if sign == "," else line.rfind(";")
    return Diagnosis(
        message=sentence, suggestion=doubled.strip(), repair={broken.line: doubled}, column=at + 1 if at >= 0 else None
    )


def _colon(broken: Broken) -> Diagnosis | None:
    found = re.fullmatch(r"(\s*[\w-]+\s*):\s*(.+)", broken.here)
    if found is None or not broken.message.startswith("Expected '='"):
        return None
    mended = f"{found[1].rstrip()} = {found[2]}"
    return Diagnosis(
        message=text("“=” stands between a key and its value, not “:”"),
        suggestion=mended.strip(),
        repair={broken.line: mended},
    )


def _equals_twice(broken: Broken) -> Diagnosis | None:
    if not re.match(r"\s*[\w.-]+\s*==", broken.here):
        return None
    mended = broken.here.replace("==", "=", 1)
    return Diagnosis(message=text("one “=” is enough"), suggestion=mended.strip(), repair={broken.line: mended})


def _bare_key(broken: Broken) -> Diagnosis | None:
    """A key with umlauts or spaces: TOML wants quotes, but surely an English key was meant."""
    found = re.match(r"\s*([^\W\d][\w -]*?)\s*=", broken.here)
    if found is None or not broken.message.startswith(("Expected '='", "Invalid statement")):
        return None
    key = found[1]
    right = GERMAN_KEYS.get(key.casefold())
    mended = broken.here.replace(key, f'"{key}"' if right is None else right[0], 1)
    if right is None:
        sentence = text("“{key}” is no key: keys are single English words", key=key)
        return Diagnosis(message=sentence, repair={broken.line: mended}, column=found.start(1) + 1)
    sentence = text("“{key}” is called “{right}” here", key=key, right=right[0])
    return Diagnosis(message=sentence, suggestion=right[0], repair={broken.line: mended}, column=found.start(1) + 1)


def _header(broken: Broken) -> Diagnosis | None:
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


def _two_on_a_line(broken: Broken) -> Diagnosis | None:
    if not broken.message.startswith("Expected newline") or not broken.here.strip().startswith("["):
        return None
    cut = broken.here.rfind("]", 0, broken.column) + 1
    return Diagnosis(
        message=text("only the heading may stand on this line; put the rest on the next one"),
        suggestion=broken.here[:cut].strip(),
        repair={broken.line: broken.here[:cut]},
    )


def _slashes(broken: Broken) -> Diagnosis | None:
    found = re.match(r"\s*(//|--|;|/\*)", broken.here)
    if found is None:
        return None
    mended = "#" + broken.here.strip()[len(found[1]) :]
    return Diagnosis(message=text("a remark begins with “#”"), suggestion=mended, repair={broken.line: mended})


def _no_value(broken: Broken) -> Diagnosis | None:
    if not re.fullmatch(r"\s*[\w.\"-]+\s*=\s*(#.*)?", broken.here):
        return None
    key = broken.here.partition("=")[0].strip()
    return Diagnosis(message=text("“{key}” has no value", key=key))


def _yes_no(broken: Broken) -> Diagnosis | None:
    found = re.fullmatch(r"(\s*[\w.-]+\s*=\s*)([A-Za-z]+)(\s*(?:#.*)?)", broken.here)
    right = YES_NO.get(found[2].casefold()) if found else None
    if found is None or right is None:
        return None
    return Diagnosis(
        message=text("write {right} instead of {word}", right=right, word=found[2]),
        suggestion=right,
        repair={broken.line: f"{found[1]}{right}{found[3]}"},
    )


def _no_quotes(broken: Broken) -> Diagnosis | None:
    """`name = Acme`, `at = 8:00`, `alert = [pr]`."""
    found = re.fullmatch(r"(\s*[\w.-]+\s*=\s*)([^\s\"'\[{#][^\"'\[{#]*?|#\w+)(\s*(?:#.*)?)", broken.here)
    if found:
        value = f'"{found[2].strip()}"'
        mended = f"{found[1]}{value}{found[3]}"
    else:
        value = mended = re.sub(r"(?<=[\[,])\s*([^\s\"'\[\]{},#][^\"'\[\]{},#]*?)\s*(?=[\],])", r' "\1"', broken.here)
        value = value.partition("=")[2].strip()
    if mended == broken.here:
        return None
    return Diagnosis(
        message=text("text and times stand in quotes: {right}", right=value),
        suggestion=value,
        repair={broken.line: mended},
    )


def _control(broken: Broken) -> Diagnosis | None:
    at = next((n for n, sign in enumerate(broken.here) if sign < " " and sign != "\t"), None)
    if at is None:
        return None
    mended = "".join(sign for sign in broken.here if sign >= " " or sign == "\t")
    return Diagnosis(
        message=text("an invisible control character stands here; delete it and type the line anew"),
        repair={broken.line: mended},
        column=at + 1,
    )


def _in_other_words(broken: Broken) -> Text:
    """The parser's remark in our words."""
    for beginning, sentence in OTHER_WORDS.items():
        if broken.message.startswith(beginning):
            return sentence
    return text("this is not TOML; please look at the line and the one before")


OTHER_WORDS: dict[str, Text] = {
    "Expected newline": text("something stands behind the value here that does not belong there"),
    "Expected '='": text("a key, then “=”, then a value is expected here"),
    "Invalid value": text("a value is expected here: text in quotes, a number, true, false or a list"),
    "Invalid statement": text("a line begins with a key or with “[”"),
    "Unclosed array": text("a list is not closed: “]” is missing"),
    "Cannot": text("this is defined twice"),
    "Invalid date or datetime": text("there is no such date or time"),
    "TOML parser": text("too many brackets inside one another"),
}

RECOGNISERS: tuple[Callable[[Broken], Diagnosis | None], ...] = (
    _control,
    _second_table,
    _second_key,
    _odd_space,
    _swallowed,
    _slashes,
    _two_on_a_line,
    _header,
    _colon,
    _equals_twice,
    _no_value,
    _bare_key,
    _typographic,
    _backslash,
    _apostrophe,
    _inner_quotes,
    _unclosed_text,
    _unclosed_long_text,
    _comma_too_many,
    _list,
    _inline_table,
    _yes_no,
    _no_quotes,
)
