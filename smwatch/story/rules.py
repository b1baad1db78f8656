"""Whether two items say the same, and why: the rules (pure).

A copy holds a good part of the other's text, whatever was cut, put before or added. What a publisher writes again and
again with other names and figures (police reports, weather, shares) does so too and is no copy: there many small
places differ, and the headlines speak of different things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.story.words import SHORT_RUN, runs_of, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.story.window import Candidate
    from smwatch.story.words import Said

CONTAINED = 0.4  # of the shorter text's runs of five words
NEARLY_ALL = 0.97  # then the headlines may say what they like
MOSTLY = 0.6
PUBLISHED_TWICE = 0.8  # where both are of one publisher and begin with something of their own
ALL_BUT_SAME = 0.67  # of the headlines' words …
RELATED = 0.5
AKIN = 0.34
HINT = 0.15
HEAD, HALF = 12, 0.5  # words with which a text begins, and how much of them has to stand in the other one
ALIKE = 0.7  # of the shorter text's runs of three words, where it is short
QUOTED = 0.9
NEAR = 0.5
LONG = 40  # words of a text that is not short
TEASER = 8  # words that a short text has at least
SAME_TITLE = 0.8  # of the headlines' words
LENIENT = 16  # words of a short text in which one figure may be another one: an update
LOOKED_AT = 300  # words that are laid side by side
SLOT = 5  # words that differ in one place of a pattern
FEW, OFTEN = 3, 0.04  # places that differ, and their share of the words that agree
FIGURES = re.compile(r"\d")
UMLAUTS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss"))
OWN_WORDS = 12  # that a post may add to the link that it passes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Why two items belong together: `code` for counting, `reason` for reading, `weight` to choose the best one."""

    code: str
    reason: Text
    weight: float = 1.0


SAME_LINK = Tie(code="link", reason=text("the same link"), weight=3)
SAME_TEXT = Tie(code="text", reason=text("the same text"), weight=3)
SAME_THREAD = Tie(code="thread", reason=text("part of the same conversation"), weight=2)
PASSED_ON = Tie(code="shares", reason=text("passes on the same link"), weight=1)
CERTAIN = {"link": SAME_LINK, "text": SAME_TEXT, "thread": SAME_THREAD}


def tie(one: Said, other: Said) -> Tie | None:
    """Why two items belong together by what they say; None: they do not."""
    if not (one.words and other.words):
        return _headlines(one, other)
    if one.publisher == other.publisher and _numbered(one.title.split(), other.title.split()):
        return None
    short = min(len(one.words), len(other.words))
    found = _copy(one, other) if short >= LONG else _excerpt(one, other)
    return None if found is None or serial(one.raw, other.raw) else found


def ties(words: Said, candidates: Sequence[Candidate], said: Mapping[int, Said]) -> list[tuple[Tie, Candidate]]:
    """The candidates that `words` go with and why, one a story, the best one first; `said` is what they say."""
    if candidates and candidates[0].certain:
        return [(CERTAIN[candidates[0].certain], candidates[0])]
    found: dict[int, tuple[Tie, Candidate]] = {}
    for one in candidates:
        other = said.get(one.item_id)
        if one.known.story_id not in found and other and (why := _why(words, other, passed_on=one.passed_on)):
            found[one.known.story_id] = (why, one)
    return sorted(found.values(), key=lambda pair: pair[0].weight, reverse=True)


def _why(words: Said, other: Said, *, passed_on: bool) -> Tie | None:
    return (passes_on(words, other) if passed_on else None) or tie(words, other)


def passes_on(one: Said, other: Said) -> Tie | None:
    """Whether one of two items that lead to the same page only passes it on."""
    fewer, more = sorted((one, other), key=lambda each: len(each.words))
    own = [word for word in fewer.words if word not in set(more.words) | set(more.title.split())]
    return PASSED_ON if len(own) <= OWN_WORDS else None


def _numbered(mine: Sequence[bytes], theirs: Sequence[bytes]) -> bool:
    """Whether two headlines differ in nothing but figures: part one and part two of something."""
    return mine != theirs and [one for one in mine if not one.isdigit()] == [one for one in theirs if not one.isdigit()]


def _headlines(one: Said, other: Said) -> Tie | None:
    """Where one of them is a headline alone, only the very same one is the same news."""
    alike = one.title == other.title and len(one.told) >= SHORT_RUN and one.publisher != other.publisher
    return Tie(code="title", reason=text("the same headline"), weight=1) if alike else None


def _copy(one: Said, other: Said) -> Tie | None:
    part = contained(one.runs, other.runs)
    if part < CONTAINED:
        return None
    return _told("copy", part) if part >= NEARLY_ALL or related(one, other) >= _needed(one, other, part) else None


def _needed(one: Said, other: Said, part: float) -> float:
    """How much the headlines have to agree: more where only the ends of two texts do, as closing texts do."""
    twice = one.publisher == other.publisher
    if _begin_alike(one, other):
        return HINT if part >= MOSTLY else AKIN
    return ALL_BUT_SAME if twice and part < PUBLISHED_TWICE else RELATED


def _begin_alike(one: Said, other: Said) -> bool:
    """Whether the beginning of one text stands in the other one, and not somewhere in a much longer one."""
    shorter, longer = sorted((one, other), key=lambda each: len(each.words))
    if _begins_in(longer, shorter):
        return True
    return len(shorter.words) >= MOSTLY * len(longer.words) and _begins_in(shorter, longer)


def _begins_in(one: Said, other: Said) -> bool:
    head = runs_of(one.words[:HEAD], SHORT_RUN)
    return len(head & other.short_runs) >= HALF * len(head)


def _excerpt(one: Said, other: Said) -> Tie | None:
    """A short text that stands in the other one: its teaser, a quotation, a cross-post."""
    part = contained(one.short_runs, other.short_runs)
    fewest = min(len(one.words), len(other.words))
    if part < ALIKE or _figures(one, other) > (part >= ALIKE and fewest >= LENIENT):
        return None
    if _same_headline(one, other):
        return _told("teaser", part)
    if fewest < TEASER or (one.title and other.title and one.publisher == other.publisher):
        return None
    needed = HINT if part >= QUOTED else RELATED
    return _told("teaser", part) if related(one, other) >= needed else None


def _same_headline(one: Said, other: Said) -> bool:
    """Whether two headlines differ by a word at most."""
    if not (one.told and other.told):
        return one.title == other.title != b""
    return len(one.told & other.told) / len(one.told | other.told) >= SAME_TITLE


def _told(code: str, part: float) -> Tie:
    percent = round(part * 100)
    reason = text("{percent}% of the shorter text stand in both", percent=percent)
    return Tie(code=code, reason=reason, weight=part)


def contained(mine: frozenset[bytes], theirs: frozenset[bytes]) -> float:
    """How much of the shorter text stands in the other one, by runs of words: 0.0 to 1.0."""
    fewest = min(len(mine), len(theirs))
    return len(mine & theirs) / fewest if fewest else 0.0


def near_duplicate(one: str, other: str) -> bool:
    """Whether two texts say the same up to a sentence: half of all their runs of three words, in any order."""
    mine, theirs = runs_of(words_of(one), SHORT_RUN), runs_of(words_of(other), SHORT_RUN)
    both = len(mine & theirs)
    return bool(both) and both / len(mine | theirs) >= NEAR


def related(one: Said, other: Said) -> float:
    """How far the headlines speak of the same: in the same words, or each in words of the other's text."""
    if not (one.told and other.told):
        return 1.0
    mine = len(one.told & other.spoken) / len(one.told)
    theirs = len(other.told & one.spoken) / len(other.told)
    return max(_share(one.told, other.told), min(mine, theirs))


def _share(mine: frozenset[bytes], theirs: frozenset[bytes]) -> float:
    fewest = min(len(mine), len(theirs))
    return len(mine & theirs) / fewest if fewest else 0.0


def _figures(one: Said, other: Said) -> int:
    """How many figures the shorter text names that the other one does not."""
    fewer, more = sorted((one, other), key=lambda each: len(each.words))
    named = {word for word in (*fewer.words, *fewer.title.split()) if word.isdigit()}
    return len(named - {*more.words, *more.title.split()})


def serial(one: str, other: str) -> bool:
    """Whether two texts are one pattern filled in twice: many small places differ, and names or figures in them."""
    mine, theirs = _spelt(one), _spelt(other)
    if min(_own_names(mine, theirs), _own_names(theirs, mine)) < FEW:
        return False
    agreed = slots = 0
    for what, start, end, begin, until in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if what == "equal":
            agreed += end - start
        elif what == "replace" and max(end - start, until - begin) <= SLOT:
            slots += _names(mine[start:end]) and _names(theirs[begin:until])
    return slots >= FEW and slots >= OFTEN * agreed


def _own_names(mine: list[str], theirs: list[str]) -> int:
    return sum(_names([word]) for word in set(mine).difference(theirs))


def _spelt(raw: str) -> list[str]:
    """The first words, capitals kept, umlauts written out."""
    if not raw.isascii():
        for umlaut, letters in UMLAUTS:
            raw = raw.replace(umlaut, letters)
    return raw.split()[:LOOKED_AT]


def _names(words: list[str]) -> bool:
    """Whether names or figures are among these words."""
    return any(word[:1].isupper() or (not word.isalpha() and FIGURES.search(word)) for word in words)
