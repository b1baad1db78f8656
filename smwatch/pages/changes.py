"""What changed on a page, by sentences, without what changes by itself: clocks, counters, today's date (pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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
    r"(?<![\d.,])\d[\d.,]*+\s*+(?=(?:aufruf|besuch|klick|leser|view|visitor|hit|kommentar|comment|like|follower|online|mal\b|×|produkt"
    r"|artikel im|im warenkorb|sterne|bewertung))"
    r"|(?<=besucher: )\d[\d.,]*+|(?<=aufrufe: )\d[\d.,]*+|(?<=views: )\d[\d.,]*+",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-f])[\da-f-]{16,}+(?![\w-])", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a page showed at one time: its sentences, and the steady form of each."""

    said: tuple[str, ...]
    steady: tuple[str, ...]

    @classmethod
    def of(cls, kept: Mapping[str, Sequence[str]]) -> Reading:
        """Out of the cursor."""
        return cls(said=tuple(kept["said"]), steady=tuple(kept["steady"]))

    def differing(self, other: Reading) -> list[str]:
        """Steady forms of what differs from another reading at the same moment: it changes by itself."""
        return sorted(set(self.steady) ^ set(other.steady))


def compare(before: Reading, after: Reading, restless: Iterable[str] = ()) -> Changes:
    """What changed between two readings. `restless` are steady forms of sentences that differ at every reading."""
    old, new = Counter(before.steady), Counter(after.steady)
    known = [frozenset(one.split()) for one in restless]
    came, went = list(_left(after, new - old)), list(_left(before, old - new))
    added = [one for one, key in came if not _is_like(key, known)]
    removed = [one for one, key in went if not _is_like(key, known)]
    swapped = (len(came) - len(added)) - (len(went) - len(removed))  # new ones in a restless place came for old ones
    removed = removed[max(swapped, 0) :] if len(removed) <= swapped + len(added) else removed
    pairs = _pairs(removed, added) if max(len(added), len(removed)) <= PAIRED else []
    changed_before, changed_after = {one for one, _ in pairs}, {other for _, other in pairs}
    return Changes(
        added=tuple(one for one in added if one not in changed_after),
        removed=tuple(one for one in removed if one not in changed_before),
        changed=tuple(pairs),
    )


def _left(reading: Reading, counts: Counter[str]) -> Iterable[tuple[str, str]]:
    left = Counter(counts)
    for one, key in zip(reading.said, reading.steady, strict=False):
        if key and left[key] > 0:
            left[key] -= 1
            yield one, key


def _is_like(key: str, restless: Sequence[frozenset[str]]) -> bool:
    """Whether a sentence stands where others come and go by themselves: it says nearly the same."""
    words = frozenset(key.split()) if restless else frozenset()
    return any(_likeness(words, one) >= ALIKE for one in restless)


def _pairs(removed: Sequence[str], added: Sequence[str]) -> list[tuple[str, str]]:
    """Each removed sentence with the added one that is most like it."""
    pairs: list[tuple[str, str]] = []
    free = [(one, frozenset(one.split())) for one in added]
    for one in removed:
        words = frozenset(one.split())
        best = max(free, key=lambda other: _likeness(words, other[1]), default=None)
        if best is not None and _likeness(words, best[1]) >= ALIKE:
            pairs.append((one, best[0]))
            free.remove(best)
    return pairs


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice: the share of words that both have."""
    return 2 * len(one & other) / max(len(one) + len(other), 1)


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
