"""What other tools write: each sign recognised, its tool named, and turned into a form that runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import text
from smwatch.query import fields
from smwatch.query.syntax import OPERATORS
from smwatch.text.surface import APOSTROPHES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUOTES = '"“”„‟«»‹›＂'
DASHES = "–—−‒―"
_OPERATOR = r"(?:AND|OR|NOT|UND|ODER|NICHT|and|or|not|und|oder|nicht|-)"
_VALUE = re.compile(rf"[{QUOTES}](?P<words>[^{QUOTES}]*)[{QUOTES}]|\[[^\]]*\]|(?P<word>[^\s()]+)|")
_PARTS = re.compile(rf"[{QUOTES}][^{QUOTES}]*[{QUOTES}]|[()]")
_CUT_BEFORE = re.compile(rf"(?:\b{_OPERATOR}\s+|-)+$")
_SINGLE = re.compile(
    rf"[{APOSTROPHES}‚]+[{QUOTES}]*(?P<content>(?:[^{APOSTROPHES}{QUOTES}]|[{APOSTROPHES}](?=[^\W_]))+)"
    rf"[{QUOTES}]*[{APOSTROPHES}]+"
)
_BANG = re.compile(rf"!\s*(?:[{QUOTES}](?P<words>[^{QUOTES}]+)[{QUOTES}]|(?P<word>[\w.-]+)|(?P<group>\())")
_DOUBLED = re.compile(rf"(?P<opening>[{QUOTES}]{{2,}})(?P<content>[^{QUOTES}]+)(?P<closing>[{QUOTES}]+)")
_WITHIN = re.compile(r"\b(?:w|within)$", re.IGNORECASE)
_CUT_AFTER = re.compile(rf"^\s*(?:{_OPERATOR}\s+)+")


def cased_operators(source: str, start: int, end: int, inner: str) -> QueryError:
    """`cs(A OR B)`: exactness is of terms."""
    told = " ".join(word if word in OPERATORS else f"{{{word}}}" for word in inner.split())
    return QueryError(
        text("cs(…) takes one term; with operators each term is exact by itself"),
        start=start,
        end=end,
        repairs=[f"{source[:start]}({told}){source[end:]}"],
    )


# fields


def no_data(source: str, name: str, start: int, end: int) -> QueryError:
    """A field that another tool has and that no source here gives."""
    tool = fields.FOREIGN.get(name.partition(".")[0].casefold(), "X")
    sentence = text("{name}: is a field of {tool}; there is no data for it here", name=name, tool=tool)
    repairs = [without(source, start, _value(source, end)[1])]
    if source.startswith("(", end):  # or a word beside a group
        repairs.append(f"{source[:end]} {source[end:]}")
    return QueryError(sentence, start=start, end=end, repairs=repairs)


_HAS = {
    "images": "contains:image",
    "videos": "contains:video",
    "links": "contains:link",
    "media": "(contains:image OR contains:video)",
}
_OTHERWISE: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "raw": ("Brandwatch", lambda value: f"{{{value}}}"),
    "to": ("X", lambda value: f"(@{value.lstrip('@')} AND is:reply)"),
    "has": ("X", lambda value: _HAS.get(value.casefold(), "")),
}


def otherwise(source: str, name: str, start: int, end: int) -> QueryError | None:
    """A field of another tool that has another form here: `raw:G.A.P.`, `has:links`."""
    if name.casefold() not in _OTHERWISE:
        return None
    tool, form = _OTHERWISE[name.casefold()]
    low, high = _value(source, end)
    found = _VALUE.fullmatch(source, low, high)
    value = (found["words"] or found["word"] or "").strip() if found else ""
    shown = form(value or "…")
    if not shown:
        return no_data(source, name, start, end)
    return QueryError(
        text("{sign} is {tool}'s way to write {form}", sign=source[start:high], tool=tool, form=shown),
        start=start,
        end=end,
        repairs=[f"{source[:start]}{shown}{source[high:]}"] if value else [],
    )


def unknown_field(source: str, name: str, start: int, end: int) -> QueryError:
    """A field that nobody has; the nearest name, where there is one."""
    near = fields.nearest(name)
    if near:
        sentence = text("there is no field {name}: – did you mean {near}: ?", name=name, near=near)
        repairs = [source[:start] + near + source[end:]]
    else:
        sentence = text("there is no field {name}:", name=name)
        repairs = _as_phrase(source, start, end)
    return QueryError(sentence, start=start, end=end, repairs=repairs)


def no_colon(source: str, name: str, start: int, end: int) -> QueryError:
    """`followers>1000`."""
    return QueryError(
        text("behind {name} a colon is missing: {name}:>1000", name=name),
        start=start,
        end=end,
        repairs=[f"{source[: start + len(name)]}:{source[end:]}"],
    )


def without(source: str, start: int, end: int) -> str:
    """The query without these characters and the operator that joins them."""
    cut = _CUT_BEFORE.sub("", source[:start])
    rest = source[end:] if cut.strip() else _CUT_AFTER.sub(" ", source[end:])
    gap = "" if rest.lstrip().startswith(")") else " "
    return f"{cut.rstrip()}{gap}{rest.lstrip()}".strip()


def _value(source: str, end: int) -> tuple[int, int]:
    """Where the value of a field stands whose name ends at `end`."""
    assign = re.compile(r"\s*[:=]\s*").match(source, end)
    low = assign.end() if assign else end
    if source.startswith("(", low):
        return low, _closing(source, low)
    found = _VALUE.match(source, low)
    return low, found.end() if found else low


def _closing(source: str, start: int) -> int:
    """The end of the group that begins at `start`, or of the query."""
    depth = 0
    for part in _PARTS.finditer(source, start):
        depth += {"(": 1, ")": -1}.get(part.group(), 0)
        if depth == 0:
            return part.end()
    return len(source)


def _as_phrase(source: str, start: int, end: int) -> list[str]:
    """`Achtung:Bahn` was not meant as a field: quoted it is two words."""
    value = re.compile(r"\s*[:=]\s*([\w.-]+)").match(source, end)
    if value is None:
        return []
    return [f'{source[:start]}"{source[start:end]} {value[1]}"{source[value.end() :]}']


# signs


def sign(source: str, start: int) -> QueryError:
    """The error for a sign that means nothing here, at `start`."""
    char = source[start]
    for signs, judge in _JUDGES:
        if char in signs:
            return judge(source, start)
    return _meaningless(source, start)


def _meaningless(source: str, start: int) -> QueryError:
    return QueryError(
        text("the sign {sign} has no meaning here", sign=source[start]), start=start, repairs=_unsigned(source, start)
    )


def _unsigned(source: str, start: int) -> list[str]:
    """The words around the sign as a phrase, or the query without it."""
    left = re.search(r"[\w.'-]+$", source[:start])
    right = re.compile(r"[\w.'-]+").match(source, start + 1)
    if not left or not right:
        return [_swap(source, start, 1, "")]
    return [f'{source[: left.start()]}"{left.group()} {right.group()}"{source[right.end() :]}']


def _minus(source: str, start: int) -> QueryError:
    left, right = source[:start].rstrip(), source[start + 1 :].lstrip()
    return QueryError(
        text("a - with spaces around it has no meaning; -word excludes a word"),
        start=start,
        repairs=[f"{left} -{right}", f"{left} AND {right}"],
    )


def _dash(source: str, start: int) -> QueryError:
    repairs = [_swap(source, start, 1, "-")] if source[start + 1 : start + 2].strip() else []
    sentence = text("{sign} is a dash; to exclude a word write -word", sign=source[start])
    return QueryError(sentence, start=start, repairs=repairs)


def _plus(source: str, start: int) -> QueryError:
    plus = re.compile(r"\++").match(source, start)
    end = plus.end() if plus else start + 1
    bare = _swap(source, start, end - start, "")
    sentence = text(
        "{sign} is Lucene's sign for a word that must occur; here every word must, unless OR joins them", sign="+"
    )
    return QueryError(sentence, start=start, repairs=[bare, _swap(source, start, end - start, "AND ")])


def _ampersand(source: str, start: int) -> QueryError:
    end = start + 1 + source.startswith(source[start] * 2, start)
    word = "AND" if source[start] == "&" else "OR"
    return QueryError(
        text("{sign} is Lucene's way to write {word}", sign=source[start:end], word=word),
        start=start,
        end=end,
        repairs=[_everywhere(source, start, source[start], word)],
    )


def _everywhere(source: str, start: int, signs: str, word: str) -> str:
    """`word` for each of `signs` from `start` on, outside of quotation marks."""
    swapped = swap_unquoted(source, start, rf"\s*[{re.escape(signs)}]+\s*", f" {word} ")
    return source[:start].rstrip() + swapped[len(source[:start]) :]


def swap_unquoted(source: str, start: int, pattern: str, other: str) -> str:
    """`source` with `other` for whatever fits `pattern` from `start` on, outside of quotation marks."""
    pieces = re.split(f"([{QUOTES}][^{QUOTES}]*[{QUOTES}])", source[start:])
    told = (piece if n % 2 else re.sub(pattern, other, piece) for n, piece in enumerate(pieces))
    return source[:start] + "".join(told)


def bracket(source: str, start: int) -> QueryError:
    """`[a OR b]`."""
    close = source.find("]", start)
    repairs = [f"{source[:start]}({source[start + 1 : close]}){source[close + 1 :]}"] if close > 0 else []
    return QueryError(text("square brackets are Sprinklr's; here groups stand in ( )"), start=start, repairs=repairs)


def _comma(source: str, start: int) -> QueryError:
    return QueryError(
        text("{sign} joins nothing: write OR or AND", sign=source[start]),
        start=start,
        repairs=[_everywhere(source, start, source[start], word) for word in ("OR", "AND")],
    )


def _bang(source: str, start: int) -> QueryError:
    word = _BANG.match(source, start)
    if word is None:
        return _meaningless(source, start)
    if word["group"]:
        sentence, forms = text("{sign} is Lucene's way to write {word}", sign="!", word="NOT"), ["NOT ("]
    else:
        forms = [f"{{{word['words'] or word['word']}}}", f"NOT {word[0][1:].strip()}"]
        told = "Pulsar reads ! as exact spelling (here {exact}), Lucene as NOT (here {exclude})"
        sentence = text(told, exact=forms[0], exclude=forms[1])
    repairs = [_swap(source, start, len(word.group()), form) for form in forms]
    return QueryError(sentence, start=start, repairs=repairs)


def _apostrophe(source: str, start: int) -> QueryError:
    """`'x'`, `''x''`, `'"x"'`: an apostrophe before a letter closes nothing ('L'Oréal')."""
    found = _SINGLE.match(source, start)
    content = found["content"].strip() if found else ""
    repairs = [f'{source[:start]}"{content}"{source[found.end() :]}'] if found and content else []
    return QueryError(text('phrases stand in double quotation marks: "…"'), start=start, repairs=repairs)


def doubled_quotes(source: str, start: int) -> QueryError | None:
    """`""Zug""`: the error where two quotation marks open what others close, else None."""
    found = _DOUBLED.match(source, start)
    if found is None or not (content := found["content"].strip()):
        return None
    if len(found["closing"]) == 1 and found["content"][0].isspace():  # an empty phrase, and another one
        return None
    return QueryError(
        text("one quotation mark on each side is enough"),
        start=start,
        end=start + len(found["opening"]),
        repairs=[f'{source[:start]}"{content}"{source[found.end() :]}'],
    )


def _brace(source: str, start: int) -> QueryError:
    return QueryError(text("this bracket closes nothing"), start=start, repairs=[_swap(source, start, 1, "")])


def _slash(source: str, start: int) -> QueryError:
    """`a /5 b`, `a w/s b` and `a within/5 b`, as legal databases write them."""
    found = re.compile(r"/\s*(?:(\d{1,3})|([sSpP]))(?!\w)").match(source, start)
    if found is None:
        return _meaningless(source, start)
    word = _WITHIN.search(source, 0, start)
    low = word.start() if word else start
    if found[2] in {"p", "P"}:
        told = "{sign} is LexisNexis's way to ask for one paragraph; here SENTENCE asks for one sentence"
        sentence = text(told, sign=source[low : found.end()])
        forms = ["SENTENCE", "AND"]
    else:
        forms = [f"NEAR/{found[1]}" if found[1] else "SENTENCE"]
        sentence = text("{sign} is LexisNexis's way to write {form}", sign=source[low : found.end()], form=forms[0])
    before, behind = source[:low].rstrip(), source[found.end() :].lstrip()
    return QueryError(sentence, start=start, end=found.end(), repairs=[f"{before} {it} {behind}" for it in forms])


def _backslash(source: str, start: int) -> QueryError:
    bare = re.sub(r"(?<=\w)\\+(?=\w)", " ", source).replace("\\", "")
    return QueryError(text("no \\ is needed in a query"), start=start, repairs=[bare])


def _swap(source: str, start: int, length: int, other: str) -> str:
    return source[:start] + other + source[start + length :]


_JUDGES: tuple[tuple[str, Callable[[str, int], QueryError]], ...] = (
    ("-", _minus),
    (DASHES, _dash),
    ("+", _plus),
    ("&|", _ampersand),
    ("!", _bang),
    ("[", bracket),
    (",;", _comma),
    (APOSTROPHES + "‚", _apostrophe),
    ("}", _brace),
    ("/", _slash),
    ("\\", _backslash),
)
