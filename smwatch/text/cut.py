"""Sentences, excerpts and clean text, with positions in the original."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import category

from smwatch.model import Span
from smwatch.text.tokens import tokenise

if TYPE_CHECKING:
    from collections.abc import Sequence

ELLIPSIS = "…"
MOST_SENTENCES = 2  # German press law: an excerpt of a licensed text stays short
_ABBREVIATIONS = frozenset(
    word
    for row in (
        "abb abs abt allg anm approx aufl apr art aug az bauj bd bes bsp bspw bzgl bzw ca co corp dez dgl",
        "dipl div dr ebd etc dept evtl exkl fa feb ff fig fr geb gem gebr ges gest ggf gmbh habil hbf hr hrsg",
        "inc incl ing inkl int inv jan jh jhd jr jul jun kap kfz lic lt ltd mag max min mind mio mr mrd mrs",
        "ms mt mwst mär nachm nov nr okt op orig oz phil pp prof rd rev rs sa sen sep sept sog sr st std",
        "ave bhf blvd capt di ehem ev gegr gov hg jg kath kgl mi mo sek stv vors",
        "stellv str tel tsd u ua urspr usw v univ verh vers vgl vol vorm vs wg z zb zzgl",
    )
    for word in row.split()
)
_ENDS = ".!?…。！？"
_CLOSERS = "\"'“”’‘»«›‹)]}"
_END = re.compile(
    rf"[{re.escape(_ENDS)}]+[{re.escape(_CLOSERS)}]*(?=\s|$)|[。！？]"
    r"|\n[^\S\n]*\n"  # a blank line
    r"|\n(?=[^\S\n]*(?:[-*•–·]|\d{1,3}[.)])[^\S\n])"  # a list item
)
_LAST_WORD = re.compile(r"[^\s(\[\"„“»]*$")
_MONTHS = re.compile(
    r"\s+(?:jan|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez|jahrhundert|jh|januar|februar|märz|april)", re.IGNORECASE
)
_DATE = re.compile(r"(?:[1-9]|[012]\d|3[01])\.(?:0?[1-9]|1[0-2])")  # 24.12. and 3.10.
_YEAR = 4  # digits; shorter numbers before a dot are ordinal: 24., 100.
_BACK = 24  # the last word before a dot is looked for this far back


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands (half open, without white space around it).

    A sentence ends at . ! ? …, but not after abbreviations and ordinal numbers; at a blank line; before a list item; at
    the end. A single line break ends nothing.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(text):
        if end.group().startswith(".") and _goes_on(text, end.start(), end.end()):
            continue
        _add(found, text, start, end.end())
        start = end.end()
    _add(found, text, start, len(text))
    return found


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        low = start + len(piece) - len(piece.lstrip())
        found.append((low, low + len(bare)))


def _goes_on(text: str, dot: int, after: int) -> bool:
    """Whether the dot at `dot` belongs to an abbreviation or an ordinal number."""
    if text[dot:after] != ".":
        return False
    following = text[after : after + _BACK].lstrip()
    word = _LAST_WORD.search(text[max(dot - _BACK, 0) : dot])
    last = word.group() if word else ""
    if last.isdecimal():
        return bool(following) and (_MONTHS.match(" " + following) is not None or len(last) < _YEAR)
    if len(last) == 1 and last.isalpha():
        return bool(following)  # initials: J. Müller
    if _DATE.fullmatch(last):
        return bool(following)
    short = last.rpartition(".")[2].lstrip("-").casefold()  # Dr.-Ing.
    if short == "no":
        return following[:1].isdecimal()
    return short in _ABBREVIATIONS or ("." in last and len(short) == 1)


def excerpt(text: str, spans: Sequence[Span], limit: int = 280) -> tuple[str, list[Span]]:
    """At most two sentences and `limit` characters of `text` around its first matched words, and the spans inside.

    The cut text has white space folded and control characters gone; `…` marks what was left out. Spans outside the
    cut are dropped.
    """
    spans = sorted(span for span in spans if 0 <= span.start < span.end <= len(text))
    low, high = _around(text, *_window(text, spans, limit), spans, limit)
    while True:
        cut, inside = _tidy(text, low, high, spans)
        if len(cut) <= limit or high - low <= 1:
            return cut, inside
        low, high = _narrow(text, low, high, spans, len(cut) - limit)


def _window(text: str, spans: Sequence[Span], limit: int) -> tuple[int, int]:
    """The sentence that holds the first span and its neighbour, or the beginning."""
    places = sentences(text)
    if not places:
        return 0, 0
    first = spans[0].start if spans else 0
    number = next((n for n, (_, end) in enumerate(places) if first < end), 0)
    last = min(number + MOST_SENTENCES, len(places)) - 1
    if places[last][1] - places[number][0] > limit:
        last = number
    return places[number][0], places[last][1]


def _around(text: str, low: int, high: int, spans: Sequence[Span], limit: int) -> tuple[int, int]:
    """A stretch of a sentence that is too long by itself: the first match, a third of the room before it."""
    if high - low <= limit:
        return low, high
    keep = next((span for span in spans if low <= span.start < high), None)
    first, behind = (keep.start, min(keep.end, high)) if keep else (low, low)
    start = max(low, first - limit // 3)
    start = _border_after(text, start, first) if start > low else low
    end = min(high, max(start + limit, behind))
    return start, _border_before(text, end, max(behind, start + 1)) if end < high else high


def _narrow(text: str, low: int, high: int, spans: Sequence[Span], excess: int) -> tuple[int, int]:
    """Cut at a word's border, behind the match where there is room, else in front of it."""
    keep = next((span for span in spans if low <= span.start < high), None)
    floor, ceiling = (keep.start, min(keep.end, high)) if keep else (low, low)
    if ceiling < high - excess:
        return low, _border_before(text, high - excess, max(ceiling, low + 1))
    if floor > low:
        return _border_after(text, min(low + excess, floor), floor), max(ceiling, high - excess)
    return low, max(low + 1, high - excess)


def _border_before(text: str, at: int, floor: int) -> int:
    for n in range(at, max(floor, at - 40), -1):
        if text[n - 1].isspace():
            return n - 1 if n - 1 > floor else at
    return at


def _border_after(text: str, at: int, ceiling: int) -> int:
    for n in range(at, min(ceiling, at + 40)):
        if text[n].isspace():
            return n + 1
    return at


def _tidy(text: str, low: int, high: int, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """The stretch with white space folded and unseen characters gone, and the spans moved with it."""
    out: list[str] = []
    place: dict[int, int] = {}
    length = 0
    if low > 0 and text[:low].strip():
        out += [ELLIPSIS, *_gap(text, low)]
        length = len(out)
    begin = length
    for at in range(low, high):
        place[at] = length
        seen = _seen(text[at])
        if seen == " " and (length == begin or out[-1] == " "):
            continue
        if seen:
            out.append(seen)
            length += 1
    place[high] = length
    while len(out) > begin and out[-1] == " ":
        out.pop()
        length -= 1
    if text[high:].strip():
        out += [*_gap(text, high), ELLIPSIS]
    return "".join(out), _moved(spans, place, low, high, length)


def _gap(text: str, at: int) -> str:
    """What parts the cut from its `…`: a space between words, nothing inside one (Duden, "Auslassungspunkte")."""
    return "" if len("".join(text[at - 1 : at + 1].split())) > 1 else " "


def _moved(spans: Sequence[Span], place: dict[int, int], low: int, high: int, length: int) -> list[Span]:
    inside = []
    for span in spans:
        if low <= span.start and span.end <= high:
            start, end = min(place[span.start], length), min(place[span.end], length)
            if start < end:
                inside.append(Span(field=span.field, start=start, end=end, term=span.term))
    return inside


def clean(text: str) -> str:
    """`text` on one line: control and direction characters gone, white space folded."""
    return (
        " ".join("".join(map(_seen, text)).split())
        if not text.isascii() or not text.isprintable()
        else (" ".join(text.split()))
    )


@cache
def _is_dropped(char: str) -> bool:
    return category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} and char not in "\u200d\u200c"


def _seen(char: str) -> str:
    """`char` as it may be shown: white space as a space, what steers the display as nothing."""
    if char.isspace():
        return " "
    if char.isprintable() and char.isascii():
        return char
    return "" if _is_dropped(char) else char


def same_text_key(text: str) -> str:
    """A canonical form: equal for texts that differ only in case, accents, white space, signs and unseen characters.

    Words in order with one space between; for hashing ("same text", content hashes), never shown.
    """
    tokens = tokenise(text)
    words: dict[int, str] = {}
    for key, edges in tokens.edges.items():
        for start, end in edges:
            if end == start + 1:
                words[start] = key
    return " ".join(
        words.get(n, "") or text[tokens.starts[n] : tokens.ends[n]] for n in range(len(tokens.starts))
    ).strip()
