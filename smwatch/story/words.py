"""The words of an item in the one form in which stories are compared (pure).

Small letters, umlauts written out, one blank between words, as UTF-8. What agencies and press portals add to a text
("Berlin (dpa) -", "Pressekontakt: …") is no part of what it says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.model import Item

MOST = 40_000  # characters of a text that are looked at
LONG_RUN, SHORT_RUN = 5, 3
RAW = 4_000  # characters kept as they stand
FEWEST = 12  # words of news, at least, before what a publisher adds to the end

_AGENCIES = (
    r"(?:dpa|afp|reuters|rtr|apa|ap|sid|epd|kna|ots|dts|dapd|ddp|dj|newsaktuell|awp|sda|keystone-sda|ansa|tass|upi|pa|"
    r"bloomberg|presseportal|agenturen|red|afx)"
)
_TAGS = rf"{_AGENCIES}(?:\s?[-/,]\s?[\w-]+)*"
_PLACE = r"[A-ZÄÖÜ][\w.'’-]*(?:[ /][A-ZÄÖÜa-zäöü][\w.'’-]*){0,4}(?:,\s?[^()\n]{1,24})?"
_DATELINE = re.compile(rf"\s*(?:{_PLACE}\s*)?\((?i:{_TAGS})\)\s*[-–—.:|]*\s*")
_TAG = re.compile(rf"\(\s*(?i:{_TAGS})\s*\)")
_OWNED = re.compile(rf"(?:©|\(c\))\s*(?i:{_AGENCIES})\b[^\n]{{0,60}}|\bdpa:\d[\d-]+/\d+")
_ADDED = re.compile(
    r"[ \t]*(?:"
    r"presse(?:kontakt|stelle)|(?:presse|medien)?kontakt(?: für (?:medien|journalisten|die presse))?\s*:|"
    r"(?:medien|presse)kontakt|rückfragen (?:bitte|von|der)|rückfragehinweis|ansprechpartner|"
    r"original-content von|weiteres material|alle meldungen|bildrechte|hinweis an die redaktion|"
    r"über (?:die |das |den )?[^\n.!?]{2,60}(?::|$)|about [^\n.!?]{2,60}(?::|$)|"
    r"(?:press|media) contacts?|notes? to editors|forward-looking statements|copyright|©|"
    r"lesen sie (?:auch|mehr)|mehr zum thema|read more|source:|quelle:"
    r")",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w{2,}|\b(?:tel(?:efon)?|fax|phone|mobil)\b\.?:?\s*[+(\d]|https?://|www\.", re.IGNORECASE
)
_LINK = re.compile(r"https?://\S+|\bwww\.\S+|\b(?:RT|via)?\s*@[\w.@-]+:?", re.IGNORECASE)
_HOST = re.compile(r"\s*[A-Za-z][\w+.-]*://(?:[^/?#\s]*@)?([^/?#\s]+)")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_UMLAUTS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"))
_SIGNS = "„“”‚‘’–—…»«›‹·•\u00a0\u202f\u2009\u2028"
_UNSEEN = "\u00ad\u200b\u200c\u200d\ufeff\u2060"
_TABLE = bytes(n if chr(n).isascii() and chr(n).isalnum() else 32 for n in range(256))
_STEM = 6
_OFTEN = """
about after again alle aber against also auch before beim bereits could dass dazu denn dieser dieses durch eine einem
einen einer eines erst first fuer from gegen gibt haben hatte have heute hier ihre ihren immer into jetzt kann keine
kommt mehr mein meldung more nach neue neuer neues news nicht noch oder over said says sein seine seit sich sind soll
sollen sowie than that their there they this ueber unter update under viele waren warum weiter wenn werden what when
which will wird wurde wuerde with would your zeigt zwei zwischen
"""
_COMMON = frozenset(word.encode() for word in _OFTEN.split())


def folded(text: str) -> bytes:
    """Words with one blank between, as UTF-8: `folded("Über 3.000 Müsli!")` is b"ueber 3 000 muesli"."""
    return b" ".join(words_of(text))


def words_of(text: str) -> list[bytes]:
    """The words of a text, folded."""
    text = text[:MOST]
    if not text.isascii():
        for sign in _SIGNS:
            text = text.replace(sign, " ")
        for sign in _UNSEEN:
            text = text.replace(sign, "")
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    for umlaut, letters in _UMLAUTS:
        text = text.replace(umlaut, letters)
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    if text.isascii():
        return text.encode().translate(_TABLE).split()
    return [word.encode("utf-8", "replace") for word in _WORD.findall(text)]


def runs_of(words: Sequence[bytes], run: int) -> frozenset[bytes]:
    """All runs of `run` words; a shorter text is one run."""
    if len(words) <= run:
        return frozenset({b" ".join(words)}) if words else frozenset()
    return frozenset(map(b" ".join, zip(*(words[at:] for at in range(run)), strict=False)))


def news_of(text: str) -> str:
    """`text` without dateline, agency tags, and what a publisher adds to the end of everything."""
    text = _untagged(text[:MOST])
    if "\n" not in text:
        return text
    lines = text.rstrip().split("\n")
    news = next((at for at, line in enumerate(lines) if _ADDED.match(line) and _enough(lines[:at])), len(lines))
    kept = lines[:news]
    while len(kept) > 1 and (not kept[-1].strip() or _CONTACT.search(kept[-1])):
        kept.pop()
    return "\n".join(kept if _enough(kept) else lines)


def _enough(lines: list[str]) -> bool:
    return sum(len(line.split()) for line in lines) >= FEWEST


def _untagged(text: str) -> str:
    """Without dateline and agency tags."""
    if "(" in text:
        dateline = _DATELINE.match(text)
        text = _TAG.sub(" ", text[dateline.end() :] if dateline else text)
    if "©" in text or "(c)" in text or "dpa:" in text:
        text = _OWNED.sub(" ", text)
    return text


def stems(words: bytes) -> frozenset[bytes]:
    """The words that say something, by their first letters: of "Acme ruft Müsli zurück" acme, ruft, muesli, zuruec."""
    return frozenset(
        word[:_STEM]
        for word in words.split()
        if (len(word) > 3 or word.isdigit()) and word not in _COMMON  # noqa: PLR2004 - shorter ones say little
    )


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an item says: its title, and the words of its body, folded; one of them may be empty.

    `publisher` is the host of its link, else its source. `raw` is how the body begins, as it stands, for
    names and figures.
    """

    title: bytes
    words: list[bytes]
    raw: str
    publisher: str

    @cached_property
    def body(self) -> bytes:
        """The words with one blank between."""
        return b" ".join(self.words)

    @cached_property
    def runs(self) -> frozenset[bytes]:
        """All runs of five words of the body."""
        return runs_of(self.words, LONG_RUN)

    @cached_property
    def short_runs(self) -> frozenset[bytes]:
        """All runs of three words of the body."""
        return runs_of(self.words, SHORT_RUN)

    @cached_property
    def told(self) -> frozenset[bytes]:
        """The title's words that say something."""
        return stems(self.title)

    @cached_property
    def spoken(self) -> frozenset[bytes]:
        """All words that say something."""
        return stems(self.title + b" " + self.body)


def said(item: Item) -> Said:
    """What `item` says."""
    text = item.text if item.text.startswith(item.lead) else f"{item.lead}\n{item.text}"
    raw = news_of(text)
    if "@" in raw or "://" in raw or "www." in raw:
        raw = _LINK.sub(" ", raw)
    title, words = words_of(_untagged(item.title)), words_of(raw)
    if title and words[: len(title)] == title and len(words) > len(title):
        words = words[len(title) :]  # a post that repeats its title
    return Said(title=b" ".join(title), words=words, raw=raw[:RAW], publisher=host_of(item.url) or item.source)


def host_of(url: str) -> str:
    """The host of a link without "www.", in small letters; "" where there is none."""
    found = _HOST.match(url)
    return found[1].casefold().removeprefix("www.") if found else ""
