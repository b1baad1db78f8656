"""The plain form of a text: one byte a character, so that a place in it is the place in the original.

Letters are folded to one byte (É is e, Ä and æ are both ä, ß stays), digits stay, everything else is a space. Most
German and English texts have a plain form throughout; a character that has none (Greek, Chinese, combining marks, soft
hyphens …) is `ODD`, and who reads the plain form has to read that text word by word instead (`tokenise`).
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import category, is_normalized

from smwatch.text.fold import ACCENTS, fold
from smwatch.text.surface import APOSTROPHES, HYPHENS, is_unseen
from smwatch.text.tokens import is_emoji, script

ODD = 1  # the byte of a character without a plain form
SPACE = 32
UNSEEN = 2  # what `code` gives for what nobody sees: a space behind a sign, odd elsewhere
PAIRS = {"ae": 0xE4, "oe": 0xF6, "ue": 0xFC, "ss": 0xDF}  # two letters that may be written as one
JOINING = frozenset(f"{APOSTROPHES}{HYPHENS}.&+_@#$")  # signs that may make a longer word of what stands beside them
GLUE = "".join(sorted(({*APOSTROPHES} | {*HYPHENS}) - {"＇", "－"}))  # the wide ones have no plain form
_MOST_VARIANTS = 64
_FEW_VARIANTS = 16
_SELDOM = 4  # letters that do not stand in every text
_PAIR = re.compile("[aou]e|s{2,}")


def plain(text: str) -> bytes:
    """The plain form of `text`, as long as it; linear in its length."""
    if text.isascii():
        return text.encode("ascii").translate(_table())
    raw = text.encode("latin-1", "replace")
    form = raw.translate(_table())
    if raw.count(b"?") == text.count("?"):
        return form
    return _with_foreign(text, raw, form)


def _with_foreign(text: str, raw: bytes, form: bytes) -> bytes:
    """`form` with the characters beyond Latin-1 that are no mere space put in."""
    codes, places = _codes, []
    at = raw.find(b"?")
    while at >= 0:
        char = text[at]
        known = codes.get(char)
        if known is None:
            known = codes[char] = code(char)
        if known != SPACE and not (known == UNSEEN and ends_nothing(text, at)):
            places.append((at, ODD if known == UNSEEN else known))
        at = raw.find(b"?", at + 1)
    if not places:
        return form
    changed = bytearray(form)
    for at, byte in places:
        changed[at] = byte
    return bytes(changed)


def variants(key: str, *, left: bool = True, right: bool = True) -> list[bytes] | None:
    """The plain forms of every text that folds to `key`; None where it has none, no letter, or too many.

    Without `left` (or `right`) the key may begin (end) inside a word, and so inside a letter: "eller" in Müller. Signs
    inside a key (h&m, #bahn) are spaces.
    """
    found = _spellings(key)
    if found is None or not any(map(bytes.strip, found)):
        return None
    if not left:
        found += [bytes([code]) + rest[1:] for rest in found for code in _halves(rest[:1], 1)]
    if not right:
        found += [rest[:-1] + bytes([code]) for rest in found for code in _halves(rest[-1:], 0)]
    return list(dict.fromkeys(found)) if len(found) <= _MOST_VARIANTS else None


def partial(key: str, *, part: bool = False) -> list[bytes]:
    """Literals of which every plain form of a word that folds to `key` holds one, for keys with too many variants.

    The longest part that is written the same in all of them, or all spellings of its beginning, behind a space unless
    the key is itself a `part` of a word. Empty where the key has no plain form.
    """
    if any(key_byte(char) is None for char in key):
        return []
    longest = max(_PAIR.split(key), key=len)
    if not part and len(longest) >= _SELDOM and longest.isalnum():
        return [plain_key(longest)]
    beginnings = (variants(key[:size], left=not part, right=False) for size in range(len(key), 0, -1))
    few = next((found for found in beginnings if found and len(found) <= _FEW_VARIANTS), [])
    return few if part else [b" " + one for one in few]


def _halves(letter: bytes, half: int) -> list[int]:
    """The one-byte letters of which `letter` is the first (0) or second (1) half."""
    return [code for pair, code in PAIRS.items() if letter and pair[half] == letter.decode("latin-1")]


def _spellings(key: str) -> list[bytes] | None:
    if key.isascii() and key.isalnum() and not _PAIR.search(key):
        return [key.encode("ascii")]
    done: list[bytes] = [b""]
    ends: dict[int, list[bytes]] = {0: done}
    for here in range(len(key)):
        before = ends.pop(here, [])
        code = key_byte(key[here])
        if code is None or len(before) > _MOST_VARIANTS:
            return None
        ends.setdefault(here + 1, []).extend(one + bytes([code]) for one in before)
        if pair := PAIRS.get(key[here : here + 2]):
            ends.setdefault(here + 2, []).extend(one + bytes([pair]) for one in before)
    return ends[len(key)]


def plain_key(key: str) -> bytes:
    """A folded key as it stands in plain forms; spaces for signs, and for what has no plain form."""
    if key.isascii():
        return key.encode("ascii").translate(_table())
    return bytes(key_byte(char) or SPACE for char in key)


def key_byte(char: str) -> int | None:
    """The byte of one character of a folded key; None where it has no plain form."""
    if char.isascii():
        return ord(char) if char.isalnum() else SPACE
    byte = _table()[ord(char)] if char <= "\xff" else code(char)
    return byte if byte > SPACE and char == fold(char) else None


# one character

_codes: dict[str, int] = {}


@cache
def _table() -> bytes:
    return bytes(code(chr(number)) for number in range(256))


def code(char: str) -> int:
    """The byte of a character as it stands in a text."""
    if char in APOSTROPHES or char in HYPHENS:
        return SPACE if char not in "＇－" else ODD
    if is_unseen(char):
        return UNSEEN if char > "\xff" else ODD
    if not (char.isalnum() or category(char).startswith("M")):
        return SPACE if is_normalized("NFKC", char) or not _is_wide(char) else ODD
    return _letter(char)


def _letter(char: str) -> int:
    folded = fold(char)
    if char.isascii() or (script(char) in {"LATIN", ""} and char.isdigit() and folded.isascii() and len(folded) == 1):
        return ord(folded)
    if char in ACCENTS or script(char) != "LATIN" or not is_normalized("NFC", char) or _is_wide(char):
        return ODD
    if folded in PAIRS:
        return PAIRS[folded]
    if len(folded) == 1 and (folded.isascii() or folded <= "\xff"):
        return ord(folded)
    return ODD


def _is_wide(char: str) -> bool:
    return "\uff01" <= char <= "\uffee" or char == "\u3000"


def ends_nothing(text: str, at: int) -> bool:
    """Whether the unseen character at `at` stands behind a sign, so that it parts and joins no words."""
    while at > 0:
        at -= 1
        if not is_unseen(text[at]):
            return is_emoji(text[at])
    return False
