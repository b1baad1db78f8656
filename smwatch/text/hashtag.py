"""Hashtags as platforms compare them."""

from __future__ import annotations

import re
from unicodedata import normalize

_TAG = re.compile(r"[\w·]*[^\W\d][\w·]*")
_IN_FULL = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def hashtag_forms(tag: str) -> tuple[str, ...]:
    """A hashtag in small letters without its #, and its form without umlauts ("mueller"); () for what is none."""
    plain = normalize("NFC", tag.strip().lstrip("#")).lower()
    if not _TAG.fullmatch(plain):
        return ()
    return tuple(dict.fromkeys((plain, plain.translate(_IN_FULL))))
