"""What changed on a page, by sentences, without what changes by itself: clocks, counters, today's date (pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

ALIKE = 0.5  # two sentences that share so much are one that was changed
PAIRED = 40  # added or removed sentences beyond which nobody looks for pairs
TOLD = 30  # sentences in one message
LONGEST = 600  # characters of one sentence there
MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}(?::\d{2})?(?=\s*(?:uhr|h\b|am\b|pm\b)|\b(?!\.\d))", re.IGNORECASE)
_AGO = re.compile(
    r"\b(?:vor|seit)\s+(?:\d+|einer|einem|wenigen)\s+(?:sekunde|minute|stunde|tag|woche|monat)\w*"
    r"|\b\d+\s+(?:second|minute|hour|day|week|month)s?\s+ago\b|\b(?:heute|gestern|today|yesterday)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b\d[\d.,]*\s*(?=(?:aufruf|besuch|klick|leser|view|visitor|hit|kommentar|comment|like|follower|online|mal\b|×|produkt"
    r"|artikel im|im warenkorb|sterne|bewertung))"
    r"|(?<=besucher: )\d[\d.,]*|(?<=aufrufe: )\d[\d.,]*|(?<=views: )\d[\d.,]*",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[a-f])[\da-f-]{16,}\b", re.IGNORECASE)
_FIGURE = re.compile(r"[\d.,%€$ :+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Sentences that came, that went, and that were changed (before, after)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def steady(sentence: str, day: datetime) -> str:
    """The sentence without what changes by itself; `day` is when it was read. "" for nothing but a figure."""
    if _FIGURE.fullmatch(sentence):
        return ""
    for today in _names(day):
        sentence = sentence.replace(today, "⟨heute⟩")
    for pattern in (_AGO, _COUNT, _TOKEN, _CLOCK):
        sentence = pattern.sub("⟨·⟩", sentence)
    return " ".join(sentence.casefold().split())


def _names(day: datetime) -> Iterable[str]:
    """How a page writes the day on which it is read."""
    months = (MONTHS[day.month - 1], ENGLISH[day.month - 1])
    yield from (f"{day.day}. {month} {day.year}" for month in months)
    yield from (f"{day:%d}. {month} {day.year}" for month in months)
    yield from (f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day.year}", f"{day:%d.%m.%y}", f"{day:%Y-%m-%d}")
    yield f"{months[1]} {day.day}, {day.year}"


def compare(
    before: Sequence[str],
    after: Sequence[str],
    *,
    read_before: datetime,
    read_now: datetime,
    restless: Iterable[str] = (),
) -> Changes:
    """What changed between two readings. `restless` are steady forms of sentences that differ at every reading."""
    old, new = _counted(before, read_before), _counted(after, read_now)
    known = [one.split() for one in restless]
    came = [one for one in _left(after, read_now, new - old) if one[1]]
    went = [one for one in _left(before, read_before, old - new) if one[1]]
    added = [one for one, key in came if not _is_like(key, known)]
    removed = [one for one, key in went if not _is_like(key, known)]
    swapped = (len(came) - len(added)) - (len(went) - len(removed))  # new ones in a restless place came for old ones
    removed = removed[max(swapped, 0) :] if swapped > 0 and len(removed) <= swapped + len(added) else removed
    pairs = _pairs(removed, added) if max(len(added), len(removed)) <= PAIRED else []
    changed_before, changed_after = {one for one, _ in pairs}, {other for _, other in pairs}
    return Changes(
        added=tuple(one for one in added if one not in changed_after),
        removed=tuple(one for one in removed if one not in changed_before),
        changed=tuple(pairs),
    )


def differing(one: Sequence[str], other: Sequence[str], day: datetime) -> list[str]:
    """Steady forms of what differs between two readings at one moment: it changes by itself."""
    here, there = set(_counted(one, day)), set(_counted(other, day))
    return sorted(here ^ there)


def _counted(sentences: Sequence[str], day: datetime) -> Counter[str]:
    return Counter(steady(one, day) for one in sentences)


def _left(sentences: Sequence[str], day: datetime, counts: Counter[str]) -> Iterable[tuple[str, str]]:
    left = Counter(counts)
    for one in sentences:
        key = steady(one, day)
        if left[key] > 0:
            left[key] -= 1
            yield one, key


def _is_like(key: str, restless: Sequence[Sequence[str]]) -> bool:
    """Whether a sentence stands where others come and go by themselves: it says nearly the same."""
    words = key.split()
    return any(words == one or SequenceMatcher(None, words, one, autojunk=False).ratio() >= ALIKE for one in restless)


def _pairs(removed: Sequence[str], added: Sequence[str]) -> list[tuple[str, str]]:
    """Each removed sentence with the added one that is most like it."""
    pairs: list[tuple[str, str]] = []
    free = list(added)
    for one in removed:
        best = max(free, key=lambda other: _likeness(one, other), default=None)
        if best is not None and _likeness(one, best) >= ALIKE:
            pairs.append((one, best))
            free.remove(best)
    return pairs


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def told(changes: Changes) -> list[Text]:
    """The changes as sentences for people, the most telling first."""
    lines = [
        text("Changed: “{before}” → “{after}”", before=_short(one), after=_short(two)) for one, two in changes.changed
    ]
    lines += [text("New: {sentence}", sentence=_short(one)) for one in changes.added]
    lines += [text("Removed: {sentence}", sentence=_short(one)) for one in changes.removed]
    if (rest := len(lines) - TOLD) > 0:
        lines = [*lines[:TOLD], text("… and {n} more changes", n=rest)]
    return lines


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1].rstrip() + "…"
