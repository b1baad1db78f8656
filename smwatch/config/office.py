"""Mistakes of people who edit TOML in office programs: each with its own sentence and, where possible, the repair."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.config import structure
from smwatch.config.diagnosis import Broken, Diagnosis
from smwatch.config.words import GERMAN_KEYS
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TYPOGRAPHIC = "„“”‟‚‘’‛«»‹›"
ODD_SPACES = "\u00a0\u2007\u202f\u2009\u200a\u2003\u2002\u3000\u200b\ufeff"
YES_NO = {"wahr": "true", "ja": "true", "yes": "true", "on": "true", "true": "true"} | {
    "falsch": "false",
    "nein": "false",
    "no": "false",
    "off": "false",
    "false": "false",
}


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
    line = broken.here
    quote = "'" if re.search(r"=\s*'", line) else '"'
    start = line.rfind(quote)
    behind = re.search(r"\s*,?\s*[\]}]*(?:\s+#\s.*|\s{2,}#.*)?\s*$", line[start + 1 :])
    cut = start + 1 + (behind.start() if behind else len(line))
    mended = line[:cut] + quote + line[cut:]
    return Diagnosis(
        message=text("the closing quote is missing in this line"),
        suggestion=mended.partition("=")[2].strip(),
        repair={broken.line: mended},
        column=max(start, 0) + 1,
    )


def _opening_quote(broken: Broken) -> Diagnosis | None:
    """`url = https://…"`."""
    rest = broken.here[broken.column - 1 :]
    found = re.match(r"[^\"'\s\[\]{},=][^\"'=\[\]{}]*([\"'])", rest)
    if found is None or not broken.message.startswith("Invalid value"):
        return None
    mended = f"{broken.here[: broken.column - 1]}{found[1]}{rest}"
    return Diagnosis(
        message=text("the opening quote is missing in this line"),
        suggestion=mended.partition("=")[2].strip(),
        repair={broken.line: mended},
    )


def _equals_missing(broken: Broken) -> Diagnosis | None:
    found = re.fullmatch(r"(\s*[\w-]+)\s+([\"'\[{\d].*)", broken.here)
    if found is None or not broken.message.startswith("Expected '='"):
        return None
    mended = f"{found[1]} = {found[2]}"
    return Diagnosis(
        message=text("“=” is missing between the key and its value"),
        suggestion=mended.strip(),
        repair={broken.line: mended},
    )


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
    structure.left_open,
    structure.second_table,
    structure.second_key,
    _odd_space,
    structure.swallowed,
    _slashes,
    structure.two_on_a_line,
    structure.broken_heading,
    _colon,
    _equals_twice,
    _equals_missing,
    _opening_quote,
    _no_value,
    _bare_key,
    _typographic,
    _backslash,
    _apostrophe,
    _inner_quotes,
    _unclosed_text,
    structure.unclosed_long_text,
    _comma_too_many,
    structure.unclosed_list,
    structure.unclosed_table,
    _yes_no,
    _no_quotes,
)
