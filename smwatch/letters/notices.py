"""Mails of platforms that say what happened there: which platform, what kind of thing, and who did it.

A platform is known by the domain of the sender's address. Subjects are data: `*` stands for anything, `{author}` for
the name of a person, `{page}` for what it happened to. The first line that fits counts; case and quotes do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLATFORMS: Mapping[str, str] = {  # domains of senders; what is below them counts too
    "xing.com": "xing",
    "kununu.com": "kununu",
    "linkedin.com": "linkedin",
    "facebookmail.com": "facebook",
    "facebook.com": "facebook",
    "mail.instagram.com": "instagram",
    "instagram.com": "instagram",
    "threads.net": "threads",
    "youtube.com": "youtube",
    "x.com": "x",
    "twitter.com": "x",
    "tiktok.com": "tiktok",
    "trustpilot.com": "trustpilot",
    "glassdoor.com": "glassdoor",
}
HOMES: Mapping[str, tuple[str, ...]] = {  # where a platform's own pages stand
    "xing": ("xing.com",),
    "kununu": ("kununu.com",),
    "linkedin": ("linkedin.com",),
    "facebook": ("facebook.com",),
    "instagram": ("instagram.com",),
    "threads": ("threads.net", "threads.com"),
    "youtube": ("youtube.com", "youtu.be"),
    "x": ("x.com", "twitter.com"),
    "tiktok": ("tiktok.com",),
    "trustpilot": ("trustpilot.com", "trustpilot.de"),
    "glassdoor": ("glassdoor.com", "glassdoor.de"),
}
SUBJECTS: Sequence[tuple[str, str]] = (
    ("review", "neue bewertung*"),
    ("review", "*hat * bewertet*"),
    ("review", "*bewertung* für {page}"),
    ("review", "new review*"),
    ("review", "*wrote a review*"),
    ("comment", "{author} hat * auf * kommentar* geantwortet*"),
    ("comment", "{author} replied to *"),
    ("comment", "{author} antwortete *"),
    ("comment", "{author} hat * kommentiert*"),
    ("comment", "{author} kommentierte *"),
    ("comment", "{author} commented on *"),
    ("comment", "neuer kommentar*von {author}"),
    ("comment", "neuer kommentar*"),
    ("comment", "new comment*"),
    ("mention", "{author} hat * erwähnt*"),
    ("mention", "{author} erwähnte *"),
    ("mention", "{author} hat * markiert*"),
    ("mention", "{author} mentioned *"),
    ("mention", "{author} tagged *"),
    ("mention", "sie wurden * erwähnt*"),
    ("mention", "you were mentioned*"),
    ("share", "{author} hat * geteilt*"),
    ("share", "{author} shared *"),
    ("message", "{author} hat ihnen * nachricht*"),
    ("message", "neue nachricht von {author}"),
    ("message", "new message from {author}"),
    ("message", "{author} sent you *"),
    ("message", "{author} hat * geschrieben*"),
    ("post", "{author} hat * veröffentlicht*"),
    ("post", "{author} hat * gepostet*"),
    ("post", "{author} posted *"),
    ("post", "{author} published *"),
    ("contact", "{author} möchte *"),
    ("contact", "kontaktanfrage von {author}"),
    ("contact", "{author} wants to connect*"),
    ("contact", "{author} has invited you*"),
)
_HOLE = re.compile(r"(\*|\{author\}|\{page\})")
LONGEST = {"author": 80, "page": 200}
NOT_IN_NAMES = frozenset(":!?")
_QUOTES = str.maketrans("„“”‚‘’»«", '"""' + "'''" + '""')


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a platform tells; `kind` "notice" where no subject fits. `author` is a name, "" where it says none."""

    platform: str
    kind: str = "notice"
    author: str = ""


def platform_of(domain: str) -> str:
    """The platform that sends from `domain`; "" where it is none."""
    parts = domain.lower().split(".")
    return next((PLATFORMS[one] for n in range(len(parts)) if (one := ".".join(parts[n:])) in PLATFORMS), "")


def read_notice(platform: str, subject: str, rules: Sequence[tuple[str, str]] = ()) -> Notice:
    """The kind and the author by the subject; the operator's `rules` first."""
    said = " ".join(subject.translate(_QUOTES).split())
    for kind, pattern in (*rules, *SUBJECTS):
        found = _fits(pattern, said)
        if found is not None:
            return Notice(platform=platform, kind=kind, author=found.get("author", "").strip(' "'))
    return Notice(platform=platform)


def _fits(pattern: str, said: str) -> dict[str, str] | None:
    """What the holes of `pattern` stand for; None where it does not fit. Each word is looked for once."""
    pieces = _HOLE.split(pattern.casefold())
    low, at = said.casefold(), 0
    found: dict[str, str] = {}
    if len(low) != len(said):
        said = low  # a letter that became two: what is taken out is at least complete
    for n in range(0, len(pieces), 2):
        place = _place(pieces, n, low, at)
        if place is None:
            return None
        start, end = place
        if n:
            name, taken = pieces[n - 1].strip("{}"), said[at:start]
            if name in LONGEST and not _is_one(name, taken):
                return None
            found.setdefault(name, taken)
        at = end
    return found if at == len(low) else None


def _place(pieces: list[str], n: int, low: str, at: int) -> tuple[int, int] | None:
    """Where the words of piece `n` stand, from `at` on: whole words, where blanks part them from a star."""
    word = pieces[n]
    first, last = n == 0, n == len(pieces) - 1
    before = word.startswith(" ") and not first and pieces[n - 1] == "*"
    after = word.endswith(" ") and not last and pieces[n + 1] == "*"
    word = (word.lstrip() if before else word).rstrip(" " if after else "")
    if not word:
        return (len(low), len(low)) if last and n else (at, at)
    if first:
        return (0, len(word)) if low.startswith(word) else None
    if last:
        start = len(low) - len(word)
        return (start, len(low)) if start >= at and low.endswith(word) else None
    start = low.find(word, at)
    while start >= 0 and not _stands_alone(low, start, start + len(word), before=before, after=after):
        start = low.find(word, start + 1)
    return (start, start + len(word)) if start >= 0 else None


def _stands_alone(low: str, start: int, end: int, *, before: bool, after: bool) -> bool:
    return not (before and low[start - 1 : start].isalnum()) and not (after and low[end : end + 1].isalnum())


def _is_one(name: str, taken: str) -> bool:
    """Whether what stands there may be a name, or the page that something happened to."""
    fits = 1 < len(taken.strip()) <= LONGEST[name]
    return fits and (name != "author" or not NOT_IN_NAMES & set(taken))
