"""How platforms read a text: their words, their folding, and which texts can be compared with ours at all.

What a platform's documents say is simulated as it stands; where they are silent, the strictest reading counts: the one
that finds least.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from unicodedata import category, normalize

from smwatch.query.syntax import Exact, Phrase, Variants, Wild, Word, walk
from smwatch.query.terms import chunks, has_wildcard, longest_path, variant_parts
from smwatch.text import fold, fold_loose, is_emoji, is_spaceless, surface
from smwatch.text.surface import marks
from smwatch.text.tokens import script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smwatch.model import Item
    from smwatch.query import Query

_BARE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_KEPT = str.maketrans({"ä": "\ue000", "ö": "\ue001", "ü": "\ue002", "ß": "\ue003"})
_BACK = str.maketrans({"\ue000": "ä", "\ue001": "ö", "\ue002": "ü", "\ue003": "ß"})


# folding


def strict(word: str) -> str:
    """Case and accents gone; umlauts and ß are letters of their own."""
    lower = normalize("NFC", word.replace("İ", "I").lower()).translate(_KEPT)
    return _without_accents(lower.casefold()).translate(_BACK)


def latin(word: str) -> str:
    """Umlauts lose their dots too, ß is ss: Lucene's ASCII and ICU folding, Algolia's."""
    return _without_accents(word.replace("İ", "I").casefold())


def _without_accents(word: str) -> str:
    bare = [char for char in normalize("NFKD", word) if not "\u0300" <= char <= "\u036f"]
    return normalize("NFC", "".join(bare)).translate(_BARE)


# words


@cache
def _letters() -> str:
    return rf"(?:[^\W_]|[{marks()}])"


@cache
def _divided() -> re.Pattern[str]:
    return re.compile(rf"{_letters()}+")


@cache
def _by_unicode() -> re.Pattern[str]:
    """UAX 29: a dot or apostrophe between letters, a dot or comma between digits and an underline join."""
    letter = rf"(?:[^\W\d_]|[{marks()}])"
    return re.compile(
        rf"(?:{_letters()}|_|(?<={letter})[.'](?=[^\W\d_])|(?<=\d)[.,'](?=\d))+",
    )


def divided(text: str) -> list[str]:
    """Words end at every sign: X, and the strictest reading of those that say nothing."""
    return list(_pieces(text, _divided()))


def by_unicode(text: str) -> list[str]:
    """Words by Unicode's rules: Lucene's standard tokenizer; marks without a letter before them are none."""
    return [piece for piece in _pieces(text, _by_unicode()) if not _only_marks(piece)]


def _only_marks(piece: str) -> bool:
    return all(category(char)[0] == "M" for char in piece)


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The words; of scripts without spaces each character, each emoji."""
    at = 0
    for found in pattern.finditer(text):
        yield from filter(is_emoji, text[at : found.start()])
        at = found.end()
        if is_spaceless(found[0]):
            yield from _characters(found[0])
        else:
            yield found[0]
    yield from filter(is_emoji, text[at:])


def _characters(word: str) -> list[str]:
    """Each character with its marks; digits stay together."""
    found: list[str] = []
    for char in word:
        if found and (category(char)[0] == "M" or (char.isdigit() and found[-1].isdigit())):
            found[-1] += char
        else:
            found.append(char)
    return found


@dataclass(frozen=True, slots=True)
class Index:
    """The fields of one item in a platform's own words."""

    fields: tuple[tuple[str, ...], ...]
    words: Callable[[str], list[str]]
    folded: Callable[[str], str]

    @staticmethod
    @lru_cache(maxsize=256)
    def of(texts: tuple[str, ...], words: Callable[[str], list[str]], folded: Callable[[str], str]) -> Index:
        return Index(tuple(tuple(filter(None, map(folded, words(text)))) for text in texts), words, folded)

    def has(self, asked: str) -> bool:
        """Whether the words of `asked` stand in one field, directly behind each other."""
        wanted = tuple(filter(None, map(self.folded, self.words(asked))))
        assert wanted, asked
        return any(
            field[at : at + len(wanted)] == wanted
            for field in self.fields
            for at in range(len(field) - len(wanted) + 1)
        )


# texts that can be compared


def comparable(item: Item, query: Query, *, by_unicode: bool) -> Item:
    """`item` as every platform reads it: composed, without what nobody sees, and without what `missed` is about.

    That is: compounds that are divided in another way than the query divides them, and, `by_unicode`, words with a dot
    or an apostrophe inside that the query does not write so itself. A change of script ends a word.
    """
    texts = {name: _plain(getattr(item, name), query, whole=by_unicode) for name in ("title", "lead", "text")}
    return replace(item, **texts)


def _plain(text: str, query: Query, *, whole: bool) -> str:
    text = _apart(surface(text).text)
    cuts = _cuts(query)
    text = _compound().sub(lambda found: found[0] if _is_known(found[0], cuts) else _spaced(found[0], "-'"), text)
    if not whole:
        return text
    text = re.sub(r"(?<!\w)_+|_+(?!\w)", " ", text)
    return _dotted().sub(lambda found: found[0] if _is_whole(found[0], query) else _spaced(found[0], ".,'_"), text)


def _apart(text: str) -> str:
    """A space wherever the script changes."""
    found = ""
    current = ""
    for char in text:
        here = "SPACELESS" if is_spaceless(char) else script(char)
        if here and current and here != current:
            found += " "
        current = here or ("" if char.isspace() else current)
        found += char
    return found


def _spaced(word: str, signs: str) -> str:
    return word.translate(dict.fromkeys(map(ord, signs), " "))


@cache
def _compound() -> re.Pattern[str]:
    return re.compile(rf"{_letters()}+(?:[-']{_letters()}+)+")


@cache
def _dotted() -> re.Pattern[str]:
    return re.compile(rf"{_letters()}*(?:[.,'_]{_letters()}+)+")


@lru_cache(maxsize=16)
def _cuts(query: Query) -> dict[str, set[frozenset[int]]]:
    """The words that a query asks for, folded, each with the places where it may be divided."""
    found: dict[str, set[frozenset[int]]] = {}
    for node in walk(query.root):
        if isinstance(node, Variants):
            parts = variant_parts(node.text)
            for low, high in itertools.combinations(range(len(parts) + 1), 2):
                _add(found, parts[low:high])
            if len(parts) == 1:
                whole = parts[0]
                for at in range(1, len(whole)):
                    _add(found, [whole[:at], whole[at:]])
        elif isinstance(node, Word | Phrase | Exact | Wild):
            for chunk in chunks(node.text):
                for _, shown in longest_path(chunk) if not has_wildcard(chunk) else ():
                    _add(found, re.split("[-']", shown.lstrip("#@$")))
    return found


def _is_whole(dotted: str, query: Query) -> bool:
    """Whether the query asks for `dotted` as it stands, with the same signs, and nowhere for a part of it."""
    own, asked = _folded_pieces(dotted), {chunk: _folded_pieces(chunk) for chunk in _chunks(query)}
    alike = [chunk for chunk, pieces in asked.items() if pieces == own]
    if any(set(own) & set(pieces) for chunk, pieces in asked.items() if chunk not in alike):
        return False
    return alike != [] and all(_signs(chunk) == _signs(dotted) for chunk in alike)


def _signs(word: str) -> list[str]:
    """What stands between the pieces of `word`."""
    return _divided().split(surface(word).text)[1:-1]


def _folded_pieces(word: str) -> tuple[str, ...]:
    return tuple(fold_loose(fold(piece)) for piece in _divided().findall(surface(word).text))


@lru_cache(maxsize=16)
def _chunks(query: Query) -> tuple[str, ...]:
    return tuple(chunk for node in walk(query.root) for chunk in chunks(getattr(node, "text", "")))


def _add(found: dict[str, set[frozenset[int]]], parts: list[str]) -> None:
    folded = [fold_loose(fold(part)) for part in parts]
    found.setdefault("".join(folded), set()).add(_places(folded))


def _places(parts: list[str]) -> frozenset[int]:
    return frozenset(len("".join(parts[:number])) for number in range(1, len(parts)))


def _is_known(compound: str, cuts: dict[str, set[frozenset[int]]]) -> bool:
    parts = [fold_loose(fold(part)) for part in re.split("[-']", compound)]
    for low in range(len(parts)):
        for high in range(low + 2, len(parts) + 1):
            run, places = "".join(parts[low:high]), _places(parts[low:high])
            for key in (run, run[:-1], run[:-2]):
                if any(not places <= known for known in cuts.get(key, ())):
                    return False
    return True
