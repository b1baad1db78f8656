"""One normal form for words: what counts as the same spelling.

`fold` is the form in which texts and queries meet: case gone, ä as ae, ö as oe, ü as ue, ß as ss, other accents gone.
`fold_marked` keeps the other accents, for query terms that carry one. `fold_loose` also takes ä for a (`umlauts =
"loose"`). None of them is ever shown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, normalize

# An accent is a mark left after decomposition. Thai and Indic vowel signs and Japanese sound marks are letters instead;
# Hebrew points and Arabic vowel marks are left out by most writers and count as accents.
_ACCENTS = (
    *range(0x0300, 0x0370),
    *range(0x0483, 0x048A),
    *range(0x0591, 0x05C8),
    *range(0x0610, 0x061B),
    *range(0x064B, 0x0660),
    0x0670,
    *range(0x06D6, 0x06EE),
    *range(0x1AB0, 0x1B00),
    *range(0x1DC0, 0x1E00),
    *range(0x20D0, 0x2100),
    *range(0xFE20, 0xFE30),
)
ACCENTS = frozenset(map(chr, _ACCENTS))
_DIAERESIS = "\u0308"
_BREVE = "\u0306"
_DOT = "\u0307"
_UMLAUTS = frozenset("aou")
_BARE = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
_SIGNS = frozenset("#@$+&._")  # what a word may carry besides letters and digits
_LOOSE = re.compile(r"([aou])e+")


def fold(word: str) -> str:
    """The form in which words are compared: MÜLLER and Mueller are "mueller", Citroën is "citroen"."""
    return word.lower() if word.isascii() else _fold(word)[0]


def fold_marked(word: str) -> str:
    """Like `fold`, with accents kept: `fold_marked("Niño") == "niño"`; umlauts are ae, oe, ue all the same."""
    return word.lower() if word.isascii() else _fold(word)[1]


def has_accent(word: str) -> bool:
    """Whether `word` carries an accent that `fold` drops; umlauts and ß are letters."""
    return not word.isascii() and _fold(word)[0] != _fold(word)[1]


def fold_loose(folded: str) -> str:
    """A folded word with ä ≡ a ≡ ae: mueller and muller are "muller"."""
    return _LOOSE.sub(r"\1", folded)


@lru_cache(maxsize=1 << 14)
def _fold(word: str) -> tuple[str, str]:
    """The folded word without and with its accents."""
    bare: list[str] = []
    marked: list[str] = []
    decomposed = normalize("NFD", normalize("NFKC", word.replace("İ", "I")).casefold())
    for cluster in _clusters(decomposed):
        plain, full = _fold_cluster(cluster)
        bare.append(plain)
        marked.append(full)
    found, full = normalize("NFC", "".join(bare)), normalize("NFC", "".join(marked))
    return (found, found) if found == full else (found, full)  # one text for the most words


def _clusters(decomposed: str) -> list[str]:
    found: list[str] = []
    for char in decomposed:
        if found and char in ACCENTS:
            found[-1] += char
        elif char in _SIGNS or char.isalnum() or category(char)[0] == "M":
            found.append(char)
    return found


def letters(word: str) -> list[str]:
    """The characters of `word` as people count them: an accent goes with its letter."""
    found: list[str] = []
    for char in word:
        if found and char in ACCENTS:
            found[-1] += char
        else:
            found.append(char)
    return found


def _fold_cluster(cluster: str) -> tuple[str, str]:
    base, marks = cluster[0], cluster[1:]
    if base in ACCENTS:
        return "", cluster
    if base == "и" and _BREVE in marks:  # й is a letter of its own
        base, marks = "й", marks.replace(_BREVE, "", 1)
    elif base in _UMLAUTS and _DIAERESIS in marks:
        base, marks = base + "e", marks.replace(_DIAERESIS, "", 1)
    elif base == "i":
        marks = marks.replace(_DOT, "")
    return _BARE.get(base, base), base + marks
