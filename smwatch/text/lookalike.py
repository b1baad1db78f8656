"""Letters of other alphabets that pass for Latin ones: „Асme“ with a Cyrillic А and с is read as "Acme".

After https://www.unicode.org/reports/tr39/#Confusable_Detection, for what people take for Latin at a glance: Cyrillic
and Greek letters, one for one, so that positions stay what they are.
"""

from __future__ import annotations

import re

_LOOKS = {
    "АВЕНІЈКМОРСТУХЅ": "ABEHIJKMOPCTYXS",
    "авеёһіїјкмнорстухѕԁԛԝӏг": "abeëhiïjkmhopctyxsdqwlr",
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ABEZHIKMNOPTYX",
    "αβεικνορτυχγηω": "aßeikvoptuxynw",
}
TABLE = {ord(theirs): ours for looks, like in _LOOKS.items() for theirs, ours in zip(looks, like, strict=True)}
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile(r"[^\W\d_]*[\u0370-\u03ff\u0400-\u052f][^\W\d_]*")
_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f]")


def unmasked(said: str) -> tuple[str, tuple[str, ...]]:
    """The text with its look-alike words in Latin letters, as long as it was, and those words as they stand.

    A word counts when letters of two alphabets meet in it, or when all of it passes for Latin amid a Latin text; a
    Russian or Greek text stays what it is. Both are quick for texts without such letters.
    """
    if said.isascii() or not _may_be_foreign(said) or not _FOREIGN.search(said):
        return said, ()
    is_latin = len(_LATIN_LETTER.findall(said)) >= len(_FOREIGN.findall(said))
    found: dict[str, None] = {}

    def read(hit: re.Match[str]) -> str:
        word = hit[0]
        latin = word.translate(TABLE)
        if _FOREIGN.search(latin) or not (is_latin or _LATIN_LETTER.search(word)):
            return word
        found[word] = None
        return latin

    return _WORD.sub(read, said), tuple(found)


def _may_be_foreign(said: str) -> bool:
    """Whether a character between U+0300 and U+05FF stands in it; five times as quick as a pattern."""
    high = said.encode("utf-16-le", "surrogatepass")[1::2]
    return b"\x04" in high or b"\x03" in high or b"\x05" in high
