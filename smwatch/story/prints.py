"""What of an item's words is remembered to find its copies: hashes, never words (pure).

Exact marks ("link", "text", "title", "thread", "shares") say that two items have one thing in common. Grams are hashes
of five words in a row: all of the beginning, one in eight of the rest, always the same ones, so that two texts can be
compared by a small part of them (after Broder, "On the resemblance and containment of documents", 1997).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from struct import pack, unpack
from typing import TYPE_CHECKING
from zlib import crc32

from smwatch.built import built
from smwatch.links import canonical_link
from smwatch.story.words import said

if TYPE_CHECKING:
    from smwatch.model import Item
    from smwatch.story.words import Said

RUN = 5  # words in a gram
ONE_IN_8, ONE_IN_2 = 7, 1  # hashes with these bits unset are kept
BEGINNING = 32  # words at whose beginning every other gram is kept: a teaser is the beginning of its article
MOST = 160  # grams of one item
SHORTEST = 40  # bytes of folded text: "Danke!" twice is not one story
TITLE_WORDS = 3
LASTING = 10  # characters: so long an id is one on its whole platform
_GRAMS = built("smwatch.story.grams")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Something that two copies of one story have in common.

    `kind` "link", "text" and "thread" are certain, "title", "shares" and "grams" (then `grams` holds them) are not.
    """

    kind: str
    hash: str
    grams: tuple[int, ...] = ()


CERTAIN = ("link", "text", "thread")


def fingerprints(item: Item, place: str = "") -> tuple[Fingerprint, ...]:
    """What identifies the item's content; `place` is where its ids are unique: the source's kind and key."""
    return prints(item, said(item), place)


def prints(item: Item, words: Said, place: str = "") -> tuple[Fingerprint, ...]:
    """The same for an item whose words are known."""
    marks = [Fingerprint(kind, hash_of(value)) for kind, value in _marks(item, words, place) if value]
    if grams := grams_of(words.words or words.title.split()):
        marks.append(Fingerprint("grams", "", grams))
    return tuple(marks)


def _marks(item: Item, words: Said, place: str) -> list[tuple[str, str | bytes]]:
    whole = (
        b"\n".join((words.title, words.body)).strip() if words.words else b""
    )  # a headline alone may be another day's
    return [
        ("link", canonical_link(item.url)),
        ("text", whole if len(whole) >= SHORTEST else b""),
        ("thread", _thread(item, place)),
        ("title", words.title if words.title.count(b" ") + 1 >= TITLE_WORDS else b""),
        ("shares", _shared_link(item, words)),
    ]


def _thread(item: Item, place: str) -> str:
    """The thread that it is part of; a post that nobody answered may become the root of one."""
    root = item.root_id or item.parent_id or (item.id if item.kind != "article" else "")
    kind = place.partition("|")[0]
    return f"{kind if len(root) >= LASTING else place}|{root}" if place and root else ""


def _shared_link(item: Item, words: Said) -> str:
    """The one link that a short post passes on."""
    if not item.links or len(words.words) > BEGINNING:
        return ""
    links = {found for link in item.links if (found := canonical_link(link))} - {canonical_link(item.url)}
    return links.pop() if len(links) == 1 else ""


def grams_of(words: list[bytes]) -> tuple[int, ...]:
    """The sampled grams of folded words, in order: the word that begins a run decides whether it is kept."""
    if _GRAMS is None:
        return plain_grams(words)
    found: tuple[int, ...] = _GRAMS.grams_of(words, RUN, BEGINNING, ONE_IN_2, ONE_IN_8, MOST)
    return found


def plain_grams(words: list[bytes]) -> tuple[int, ...]:
    """The same where nothing was compiled."""
    first = words[: 1 - RUN]
    starts = [at for at, word in enumerate(first[:BEGINNING]) if not crc32(word) & ONE_IN_2]
    starts += [at for at, number in enumerate(map(crc32, first)) if not number & ONE_IN_8 and at >= BEGINNING]
    return tuple({crc32(b" ".join(words[at : at + RUN])): None for at in starts})[:MOST]


def packed(grams: tuple[int, ...]) -> bytes:
    """Grams as the store keeps them: four bytes each."""
    return pack(f"<{len(grams)}I", *grams)


def unpacked(stored: bytes) -> tuple[int, ...]:
    """And back."""
    return unpack(f"<{len(stored) // 4}I", stored)


def hash_of(value: str | bytes) -> str:
    """24 hexadecimal digits."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    return hashlib.sha256(data).hexdigest()[:24]
