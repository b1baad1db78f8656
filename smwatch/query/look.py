"""Terms found in the plain form of a sheet, without reading the text word by word.

Where a match stands alone between spaces, that is all; where hyphens, dots or tags touch it, only the piece up to the
next white space is read exactly. The result is always the exact one; where it would take more, the answer is None, and
the whole field has to be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.text import fold_marked, tokenise
from smwatch.text.plain import JOINING, SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.query.routes import Probe, Route
    from smwatch.query.sheet import Sheet, Stretch
    from smwatch.query.steps import Step

_REACH = 40  # characters a word of a phrase that are read on either side
_GAP = 60  # characters between two words of a phrase
_FEW, _RARE = 32, 30  # closer looks that a field is worth: some, and one for so many characters
_NEAR = 4  # signs between two words beside each other
_PARTING = re.compile(r"\n[^\S\n]*\n|\u2029|[^\x00-\xff\u2000-\u206f]")  # a blank line or an emoji, perhaps
Place = tuple[int, int]
MISSING: Place = (-1, -1)


def everywhere(sheet: Sheet, stretch: Stretch, way: Route) -> list[Place] | None:
    """Every place of a term in one field, in order; None where the whole field has to be read."""
    clear = _alone(sheet, stretch, way)
    if clear is not None:
        return clear
    places: set[Place] = set()
    most = stretch.looks + worth(stretch)
    for place in _hits(sheet, stretch, way):
        if stretch.looks > most:
            return None
        if way.is_word and sheet.is_word(*place):
            places.add(place)
            continue
        some = at(sheet, stretch, way, *place)
        if some is None:
            return None
        places.update(some)
    for place in _joined_hits(sheet, stretch, way):
        some = near(sheet, stretch, way, *place)
        if some is None:
            return None
        places.update(some)
    if len(places) < 2:  # noqa: PLR2004 - nothing to sort
        return list(places)
    return outer(places) if way.is_wide else sorted(places)


def worth(stretch: Stretch) -> int:
    """How many closer looks a field is worth; more of them cost more than reading the whole field."""
    return _FEW + (stretch.high - stretch.low) // _RARE


def _alone(sheet: Sheet, stretch: Stretch, way: Route) -> list[Place] | None:
    """The same for a word, where nothing needs a closer look."""
    if not way.is_word or sheet.words is None or any(True for _ in _joined_hits(sheet, stretch, way)):
        return None
    return sheet.words.alone(way.anchor.literals, stretch.low - 1, stretch.high + 1)


def at(sheet: Sheet, stretch: Stretch, way: Route, start: int, end: int) -> Sequence[Place] | None:
    """The places of a term around one hit of its anchor; None where the whole field has to be read."""
    is_outside = start < stretch.low or end > stretch.high  # of C++ the signs are blanks, as is what ends a field
    if is_outside or ((way.last or way.first) and _is_elsewhere(sheet, way, start, end)):
        return ()
    single = not way.before and not way.behind
    if single and way.anchor.any_word:
        start, end = sheet.letters(start, end)
    elif not way.anchor.is_word:
        return near(sheet, stretch, way, start, end)
    if not sheet.stands_alone(start, end):
        return near(sheet, stretch, way, start, end)
    if single:
        return ((start, end),) if _accents_fit(sheet, way.anchor.step, start, end) else ()
    found = path(sheet, stretch, way, start, end) if _accents_fit(sheet, way.anchor.step, start, end) else MISSING
    if found is None:
        return _around(sheet, stretch, way, start, end)
    return () if found is MISSING else (found,)


def straight(sheet: Sheet, stretch: Stretch, way: Route, start: int, end: int) -> Place | None:
    """The place of a phrase that stands there to the letter; MISSING where the word beside its anchor is another.

    None where that takes a closer look.
    """
    form, text = sheet.plain, sheet.text
    if not way.heads or not way.tails:
        return None
    head, tail = way.heads[0], way.tails[0]
    if not form.startswith(head, start - len(head)):
        head = next((one for one in way.heads if form.startswith(one, start - len(one))), b"")
    if not form.startswith(tail, end):
        tail = next((one for one in way.tails if form.startswith(one, end)), b"")
    low, high = start - len(head) + 1, end + len(tail) - 1
    if head and tail and text.count(" ", low, high) == len(way.before) + len(way.behind):
        return None if text[low - 1] in JOINING or text[high] in JOINING else (low, high)
    known = _is_another_behind(sheet, stretch, way, end) if way.behind else None
    if known is None and way.before:
        known = _is_another_before(sheet, stretch, way, start)
    return MISSING if known else None


def _is_another_behind(sheet: Sheet, stretch: Stretch, way: Route, end: int) -> bool | None:
    """Whether the word behind the anchor, at most three signs from it, is not the phrase's; None: not clear."""
    form, text, low = sheet.plain, sheet.text, end + 1
    if text[end] in JOINING and not sheet.ends_behind(end):
        return None
    most = min(end + _NEAR, stretch.high)
    while low < most and form[low] == SPACE:
        low += 1
    if low >= stretch.high:
        return True
    high = form.find(b" ", low)
    if high == low or text[low - 1] in JOINING or (text[high] in JOINING and not sheet.ends_behind(high)):
        return None
    return not way.behind[0].holds(form[low:high])


def _is_another_before(sheet: Sheet, stretch: Stretch, way: Route, start: int) -> bool | None:
    """The same for the word before the anchor."""
    form, text, high = sheet.plain, sheet.text, start - 1
    if text[high] in JOINING and not sheet.ends_before(start):
        return None
    least = max(start - _NEAR, stretch.low)
    while high > least and form[high - 1] == SPACE:
        high -= 1
    if high <= stretch.low:
        return True
    low = form.rfind(b" ", 0, high) + 1
    if low == high or text[low - 1] in JOINING or (text[high] in JOINING and not sheet.ends_behind(high)):
        return None
    return not way.before[0].holds(form[low:high])


def _is_elsewhere(sheet: Sheet, way: Route, start: int, end: int) -> bool:
    """Whether one letter tells that a neighbour is another word: by far the most hits of a phrase's anchor."""
    form, text = sheet.plain, sheet.text
    if way.last and text[start - 1] == " ":
        letter = form[start - 2]
        if letter != SPACE and letter not in way.last:
            return True
    if way.first and text[end] == " " and end + 1 < len(form):
        letter = form[end + 1]
        return letter != SPACE and letter not in way.first
    return False


def outer(places: Iterable[Place]) -> list[Place]:
    """Without those inside another; of `Bahn*` in Bahn-Chef the whole word is left."""
    found: list[Place] = []
    for place in sorted(places, key=lambda it: (it[0], -it[1])):
        if not found or place[1] > found[-1][1]:
            found.append(place)
    return found


def _hits(sheet: Sheet, stretch: Stretch, way: Route) -> Iterator[Place]:
    low, high = stretch.low - 1, stretch.high + 1
    for literal in way.anchor.literals:
        left, right = literal.startswith(b" "), literal.endswith(b" ")
        for found in sheet.find(literal, low, high):
            yield found + left, found + len(literal) - right


def _joined_hits(sheet: Sheet, stretch: Stretch, way: Route) -> Iterator[Place]:
    joined = sheet.compounds
    low, high = joined.extent(stretch.low, stretch.high)
    if low == high:
        return
    for literal in way.anchor.literals:
        found = joined.buffer.find(literal, low, high)
        while found >= 0:
            yield joined.place(found + literal.startswith(b" "))
            found = joined.buffer.find(literal, found + 1, high)


def near(sheet: Sheet, stretch: Stretch, way: Route, start: int, end: int) -> Sequence[Place] | None:
    """The exact reading of what stands around a place up to white space, and of more only where that holds a hit."""
    stretch.looks += 1
    if (way.before or way.behind) and way.anchor.is_word:
        return _around(sheet, stretch, way, start, end)
    chunk = sheet.chunk(start, end)
    if chunk is None:
        return None
    first, tokens = chunk
    edges = way.anchor.step.edges(tokens)
    if not edges:
        return ()
    if way.before or way.behind:
        return _around(sheet, stretch, way, start, end)
    return [_moved(tokens.span(edge), first) for edge in edges]


def _around(sheet: Sheet, stretch: Stretch, way: Route, start: int, end: int) -> Sequence[Place] | None:
    """The exact reading of so many words around a place that a phrase has room in them."""
    text, reach = sheet.text, _REACH * len(way.term.steps)
    stretch.looks += 2 * reach // _RARE
    low, high = max(stretch.low, start - reach), min(stretch.high, end + reach)
    if low > stretch.low:
        words = text[low:start].split()[1:]
        if len(words) <= len(way.before) + 1:
            return None
        low = text.index(words[0], low + 1)
    if high < stretch.high:
        words = text[end:high].split()[:-1]
        if len(words) <= len(way.behind) + 1:
            return None
        high = end + text[end:high].rindex(words[-1]) + len(words[-1])
    if not all(_stands_in(sheet, other, low, high) for other in (*way.before, *way.behind)):
        return ()
    tokens = tokenise(text[low:high])
    return [_moved(tokens.span(edge), low) for edge in way.term.edges(tokens)]


def _stands_in(sheet: Sheet, way: Probe, low: int, high: int) -> bool:
    """Whether a word of a phrase may stand in this part of the text."""
    form, joined = sheet.plain, sheet.compounds
    if any(form.find(literal, low - 1, high + 1) >= 0 for literal in way.literals):
        return True
    first, last = joined.extent(low, high) if joined.at else (0, 0)
    return first < last and any(joined.buffer.find(literal, first, last) >= 0 for literal in way.literals)


def _moved(place: Place, by: int) -> Place:
    return place[0] + by, place[1] + by


# phrases


def path(sheet: Sheet, stretch: Stretch, route: Route, start: int, end: int) -> Place | None:
    """The phrase whose anchor stands alone at `start` to `end`: its place, MISSING, or None: needs a closer look."""
    for way in route.before:
        found = _before(sheet, stretch, way, start)
        if found is None or found is MISSING:
            return found
        start = found[0]
    for way in route.behind:
        found = _behind(sheet, stretch, way, end)
        if found is None or found is MISSING:
            return found
        end = found[1]
    return start, end


def _before(sheet: Sheet, stretch: Stretch, way: Probe, at: int) -> Place | None:
    form, end = sheet.plain, at - 1
    if form[end - 1] == SPACE:
        floor = max(stretch.low, at - _GAP)
        end = floor + len(form[floor:at].rstrip(b" "))
        if end == floor:
            return MISSING if floor == stretch.low else None
    start = form.rfind(b" ", 0, end) + 1
    return _judge(sheet, way, start, end, sheet.text[end:at]) if start >= stretch.low else MISSING


def _behind(sheet: Sheet, stretch: Stretch, way: Probe, at: int) -> Place | None:
    form, start = sheet.plain, at + 1
    if start >= stretch.high:
        return MISSING
    if form[start] == SPACE:
        ceiling = min(stretch.high, at + _GAP)
        start = ceiling - len(form[at:ceiling].lstrip(b" "))
        if start >= ceiling:
            return MISSING if ceiling == stretch.high else None
    return _judge(sheet, way, start, form.find(b" ", start), sheet.text[at:start])


def _judge(sheet: Sheet, way: Probe, start: int, end: int, gap: str) -> Place | None:
    """The word beside a phrase: its place, MISSING if it is another, None if that is not clear."""
    alone = sheet.stands_alone(start, end)
    if not way.is_word and alone and not _stands_in(sheet, way, start, end):
        return MISSING
    if not way.is_word or not alone:
        chunk = sheet.chunk(start, end)
        return None if chunk is None or way.step.edges(chunk[1]) else MISSING
    if not way.holds(sheet.plain[start:end]) or not _accents_fit(sheet, way.step, start, end):
        return MISSING
    return None if gap != " " and _PARTING.search(gap) else (start, end)


def _accents_fit(sheet: Sheet, step: Step, start: int, end: int) -> bool:
    marked = getattr(step, "marked", ())
    return not marked or fold_marked(sheet.text[start:end]) in marked
