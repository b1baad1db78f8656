"""The spellings of a term that a platform must be asked for, because it does not know that they are one to us."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING
from unicodedata import category

from smwatch.query.syntax import Exact, Fuzzy, Variants, Wild, Word
from smwatch.query.terms import chunks, has_wildcard, is_inflected, longest_path, variant_parts
from smwatch.text import fold, is_emoji, is_spaceless, surface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from smwatch.query.syntax import Leaf

MOST = 32  # spellings of one term; one that has more cannot be asked
_PATIENCE = 1024  # spellings looked at, also where the platform takes many of them for one
LONGEST = 150  # characters of one thing that is asked, so that it fits into any string
_TWINS = {"ä": "ae", "ö": "oe", "ü": "ue", "ae": "ä", "oe": "ö", "ue": "ü", "ß": "ss", "ss": "ß"}
# "ue" behind a vowel or q is no ü: neue, Bauer, Quelle
_TWIN = re.compile(r"[äöü]|(?<![aeouäöüq])(?:ae|oe|ue)|ß|ss", re.IGNORECASE)
_LOOSE = re.compile(r"[aouäöü]e?|ß|ss", re.IGNORECASE)
_UMLAUT = {"a": "ä", "o": "ö", "u": "ü"}
_BASE = {umlaut: vowel for vowel, umlaut in _UMLAUT.items()}
_JOINTS = {"-": ("-", ""), "'": ("'", "-", "")}
_HANGUL = ("\uac00", "\ud7a3")

Row = tuple[str, ...]  # words that follow each other directly


@dataclass(frozen=True, slots=True)
class Spelled:
    """`segments` must all be there, each in one of its rows; `whole`: they say all that the term says."""

    segments: tuple[tuple[Row, ...], ...]
    whole: bool = True


def spelled(leaf: Leaf, same: Callable[[str], str], *, inflect: bool, loose: bool) -> Spelled | None:
    """How `leaf` is asked; None where it has no words to ask for, or too many.

    `same` gives the form in which the platform itself compares words: spellings equal in it are asked once.
    """
    if isinstance(leaf, Fuzzy | Wild) or _has_stray_mark(leaf.text):
        return None
    match leaf:
        case Variants():
            rows = tuple(itertools.islice(_variants(leaf, same, loose=loose), MOST + 1))
            return Spelled((rows,)) if 0 < len(rows) <= MOST else None
        case Exact():
            return Spelled(((tuple(_words(leaf.text)),),))
        case Word():
            path = _words(leaf.text)
            genitive = inflect and len(path) == 1 and is_inflected(leaf.text)
            return _phrase([path], same, genitive=genitive, loose=loose)
    return _phrase(_stretches(leaf.text), same, genitive=False, loose=loose)


def _has_stray_mark(text: str) -> bool:
    """Whether a mark of a script without spaces stands on a letter of another: each search reads that differently."""
    return not text.isascii() and any(
        category(char)[0] == "M" and is_spaceless(char) and not is_spaceless(before)
        for before, char in pairwise(f" {surface(text).text}")
    )


def _words(text: str) -> list[str]:
    """The words of a term; of scripts without spaces whole runs, not characters."""
    found: list[str] = []
    for _, shown in longest_path(text):
        if found and is_spaceless(found[-1]) and is_spaceless(shown):
            found[-1] += shown
        else:
            found.append(shown)
    return found


def _stretches(phrase: str) -> list[list[str]]:
    """The words of a phrase between its wildcards."""
    found: list[list[str]] = [[]]
    for chunk in chunks(phrase):
        if has_wildcard(chunk):
            found += [[], []]
        else:
            found[-1] += _words(chunk)
    return found


def _phrase(
    stretches: Sequence[list[str]], same: Callable[[str], str], *, genitive: bool, loose: bool
) -> Spelled | None:
    segments: list[tuple[Row, ...]] = []
    whole = len(stretches) == 1
    for stretch in stretches:
        steps = [_forms(shown, same, genitive=genitive, loose=loose) for shown in stretch]
        known = [step for step in steps if step]
        if prod(map(len, steps)) > MOST or len(known) < len(steps):  # too many ways: each word by itself
            segments += [tuple((form,) for form in step) for step in known]
            whole = False
        elif steps:
            segments.append(tuple(itertools.product(*steps)))
    return Spelled(tuple(segments), whole) if segments else None


def _forms(shown: str, same: Callable[[str], str], *, genitive: bool, loose: bool) -> tuple[str, ...]:
    """One word in all its spellings, as written first; none where they cannot be listed."""
    if _HANGUL[0] <= fold(shown)[-1:] <= _HANGUL[1] or len(shown) > LONGEST:
        return ()  # ours begins a word, a platform's is the whole
    if is_emoji(shown[0]):
        return (shown,)
    found = _distinct(_divided(shown), same)
    found = _distinct((form for word in found for form in _twins(word, loose=loose)), same) if found else ()
    if genitive and found:
        found = _distinct((word + ending for ending in ("", "s", "es") for word in found), same)
    return found


def _distinct(words: Iterable[str], same: Callable[[str], str]) -> tuple[str, ...]:
    """One of each that a platform tells apart; none where they are more than `MOST`."""
    found: dict[str, str] = {}
    for number, word in enumerate(words):
        found.setdefault(same(word), word)
        if len(found) > MOST or number > _PATIENCE:
            return ()
    return tuple(found.values())


def _divided(word: str) -> Iterable[str]:
    """Car-Sharing, Carsharing: with and without the signs that join."""
    pieces = re.split(r"([-'])", word)
    ways = [_JOINTS.get(piece, (piece,)) if number % 2 else (piece,) for number, piece in enumerate(pieces)]
    return ("".join(way) for way in itertools.product(*ways))


def _twins(word: str, *, loose: bool) -> Iterable[str]:
    """Müller, Mueller; Straße, Strasse; with `loose` also Muller."""
    pattern, twins = (_LOOSE, _loose_twins) if loose else (_TWIN, _strict_twins)
    ways: list[Sequence[str]] = []
    done = 0
    for found in pattern.finditer(word):
        ways += [(word[done : found.start()],), [_cased(twin, found[0], word) for twin in twins(found[0])]]
        done = found.end()
    ways.append((word[done:],))
    return ("".join(way) for way in itertools.product(*ways))


def _strict_twins(letters: str) -> list[str]:
    return [letters, _TWINS[letters.lower()]]


def _loose_twins(letters: str) -> list[str]:
    low = letters.lower()
    if low in {"ß", "ss"}:
        return _strict_twins(letters)
    vowel = _BASE.get(low[0], low[0])
    return list(dict.fromkeys((letters, vowel, vowel + "e", _UMLAUT[vowel])))


def _cased(twin: str, letters: str, word: str) -> str:
    if twin in {letters, "ß"} or not letters[0].isupper():
        return twin
    return twin.upper() if word.isupper() else twin.capitalize()


def _variants(leaf: Variants, same: Callable[[str], str], *, loose: bool) -> Iterable[Row]:
    """With a space or joined; a hyphen is a space to platforms. A single word may be divided anywhere."""
    parts = variant_parts(leaf.text)
    if len(parts) == 1:
        whole = parts[0]
        if len(whole) > MOST:
            return
        ways = [[whole], *([whole[:at], whole[at:]] for at in range(1, len(whole)))]
    else:
        gaps = itertools.product((" ", ""), repeat=len(parts) - 1)
        ways = ["".join(itertools.chain(*zip(parts, [*row, ""], strict=True))).split(" ") for row in gaps]
    for way in ways:
        path = [shown for part in way for shown in _words(part)]
        forms = [_forms(shown, same, genitive=False, loose=loose) for shown in path]
        if not all(forms):
            return
        yield from itertools.product(*forms)
