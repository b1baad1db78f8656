"""The surface of a text: composed, without what nobody sees, and with the way back to the original.

Soft hyphens, zero-width and direction characters, variation selectors and skin tones are gone; letters and their marks
stand together (NFC); full- and half-width forms are ordinary ones; every apostrophe is ', every hyphen -.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import category, is_normalized, normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

_BMP = 0x10000
APOSTROPHES = "'’‘‛ʼ′`´＇"
HYPHENS = "-\u2010\u2011－"
_ALIKE = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(HYPHENS, "-"))
_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
_WIDE = r"\u3000\uff01-\uff9d\uffa1-\uffee"


@dataclass(frozen=True, slots=True)
class Surface:
    """`text` to tokenise; `at` and `ends` place its characters in the original, None where both are equal."""

    text: str
    at: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the original behind `start` to `end` (half open, not empty) of the surface."""
        if self.at is None or self.ends is None:
            return start, end
        return self.at[start], self.ends[end - 1]


def surface(text: str) -> Surface:
    """The surface of `text`; linear in its length."""
    if text.isascii():
        return Surface(text.translate(_ALIKE) if "`" in text else text)
    if not _odd().search(text) and is_normalized("NFC", text):
        return Surface(text.translate(_ALIKE))
    return _mapped(text)


@cache
def marks() -> str:
    """All combining marks of the basic plane as ranges inside a character class."""
    ranges: list[list[int]] = []
    for code in range(0x300, _BMP):
        if category(chr(code))[0] != "M" or 0xFE00 <= code <= 0xFE0F:  # noqa: PLR2004 - variation selectors
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)  # as themselves: `re` reads escapes slowly


@cache
def unseen() -> str:
    """Characters that nobody sees, as ranges inside a character class."""
    return _UNSEEN


@cache
def _odd() -> re.Pattern[str]:
    """What makes a text need the slow way."""
    return re.compile(f"[{_UNSEEN}{_WIDE}]")


@cache
def _cluster() -> re.Pattern[str]:
    """One thing that people see as one character, and that is not simply itself."""
    extend = f"[{marks()}\\uff9e\\uff9f{_UNSEEN}]"
    jamo = "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]"
    return re.compile(f"(?:{jamo}|[^{_UNSEEN}]){extend}+|{jamo}|[{_UNSEEN}{_WIDE}]")


def _mapped(text: str) -> Surface:
    parts: list[str] = []
    at: list[int] = []
    ends: list[int] = []
    done = 0
    for found in _cluster().finditer(text):
        start, end = found.span()
        parts.append(text[done:start])
        at.extend(range(done, start))
        ends.extend(range(done + 1, start + 1))
        seen, end = _composed(found.group(), start)
        parts.append(seen)
        at.extend([start] * len(seen))
        ends.extend([end] * len(seen))
        done = found.end()
    parts.append(text[done:])
    at.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return Surface("".join(parts).translate(_ALIKE), at, ends)


def _composed(cluster: str, start: int) -> tuple[str, int]:
    """The cluster as it is compared, and where its last visible character ends."""
    seen = "".join(char for char in cluster if not is_unseen(char))
    last = max((n for n, char in enumerate(cluster) if not is_unseen(char)), default=-1)
    wide = "".join(normalize("NFKC", char) if _is_wide(char) else char for char in seen)
    return normalize("NFC", wide), start + last + 1


def _is_wide(char: str) -> bool:
    return "\uff01" <= char <= "\uffee" or char == "\u3000"


def is_unseen(char: str) -> bool:
    """Whether `char` is one that nobody sees: soft hyphen, zero width, direction, variation, skin tone."""
    return _is_unseen().match(char) is not None


@cache
def _is_unseen() -> re.Pattern[str]:
    return re.compile(f"[{_UNSEEN}]")
