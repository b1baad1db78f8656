"""What is learned about a source while it is read: how often to ask it, and when its silence is suspicious (pure).

`heard` is what the store keeps of it: plain JSON values, spans in whole seconds, moments as ISO 8601 in UTC:
`ttl`, `period`, `hub`, `topic` (what the feed says itself), `gap` (the usual one between two entries), `last` (when it
last brought something), `known` (moments that were counted), `pauses` (the longest one that ended on a day, by day).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import TYPE_CHECKING, Any

from smwatch.i18n import Text, text, texts
from smwatch.model import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smwatch.model import Item

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(minutes=10), timedelta(hours=1)
NEWEST = 20  # so many entries tell the rhythm
DAYS = 21  # whose pauses are remembered
ENOUGH = 5  # moments, before a rhythm or a silence is believed
SUSPICIOUS = 4  # times the usual pause
MOST = 0.85  # of the days: a pause over the weekend is usual, one over the holidays is not
DAY, WEEK = timedelta(days=1), timedelta(days=7)
CHURNS = 3  # times within a week
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), timedelta(days=366)  # what is dated otherwise has no date
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a source is read, and why so often."""

    every: timedelta
    reason: Text


AS_CONFIGURED = text("as configured")
PUSHED = text("its hub says at once what is new")


def rhythm(
    heard: Mapping[str, Any] | None,
    *,
    fresh_for: int | None = None,
    least: timedelta = SHORTEST,
    pushed: bool = False,
) -> Rhythm:
    """How often to ask where the config does not say it: the least of what the source says, within bounds.

    `fresh_for` are the seconds for which its server lets answers be kept, `least` is what its kind allows, `pushed`
    means that a hub announces what is new.
    """
    if pushed:
        return Rhythm(max(LONGEST, least), PUSHED)
    known = [(span, why) for span, why in _said(heard or {}, fresh_for) if span]
    if not known:
        return Rhythm(max(USUAL, least), text("the usual interval"))
    span, why = min(known, key=lambda one: one[0])
    asked = timedelta(seconds=span)
    bounded = min(max(asked, SHORTEST, least), max(LONGEST, least))
    return Rhythm(bounded, Text(why, {"span": in_words(asked)}))


def _said(heard: Mapping[str, Any], fresh_for: int | None) -> Iterable[tuple[int | None, str]]:
    yield fresh_for, text("its server lets an answer be kept for {span}").template
    yield heard.get("ttl"), text("it says itself: every {span} (ttl)").template
    yield heard.get("period"), text("it says itself: every {span} (sy:updatePeriod)").template
    yield heard.get("gap"), text("it brings something new about every {span}").template


def learned(  # noqa: PLR0913 - what a walk brings
    heard: Mapping[str, Any] | None,
    moments: Iterable[datetime],
    now: datetime,
    *,
    news: bool,
    churned: bool = False,
    channel: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What is known after a walk that listed entries of these `moments`.

    `news`: some were new, and it was not the first walk. `churned`: most of them had other ids before. `channel` is
    what the feed says about itself, where it was read.
    """
    before = heard or {}
    said = {name: channel.get(name) for name in ("ttl", "period", "hub", "topic")} if channel is not None else {}
    times = sorted({moment for moment in moments if moment <= now})
    last = moment_of(before, "last")
    reached = max([*times[-1:], *([last] if last else []), *([now] if news else [])], default=None)
    pauses = _pauses(before.get("pauses") or {}, times, last, reached)
    gaps = [int((later - sooner).total_seconds()) for sooner, later in pairwise(times[-NEWEST:])]
    found = {
        **before,
        **said,
        "gap": int(median(gaps)) if len(times) >= ENOUGH else before.get("gap"),
        "last": reached and reached.astimezone(UTC).isoformat(timespec="seconds"),
        "known": max(int(before.get("known") or 0), len(times)),
        "pauses": pauses,
        "churned": [*(before.get("churned") or ()), *([now.isoformat(timespec="seconds")] if churned else [])][
            -CHURNS:
        ],
    }
    return {name: value for name, value in found.items() if value}


def _pauses(
    before: Mapping[str, int], times: Sequence[datetime], last: datetime | None, reached: datetime | None
) -> dict[str, int]:
    """The longest pause that ended on each of the last days."""
    found = dict(before)
    ends = [*times] if last is None else [last, *(moment for moment in times if moment > last)]
    if reached is not None and ends and reached > ends[-1]:
        ends.append(reached)
    for sooner, later in pairwise(ends if last is not None else times):
        day = later.astimezone(UTC).date().isoformat()
        found[day] = max(found.get(day, 0), int((later - sooner).total_seconds()))
    return dict(sorted(found.items())[-DAYS:])


def usual_pause(heard: Mapping[str, Any] | None) -> timedelta | None:
    """The longest pause of a usual day; None where too little is known."""
    pauses = sorted((heard or {}).get("pauses", {}).values())
    if not pauses or int((heard or {}).get("known") or 0) < ENOUGH:
        return None
    seconds = max(pauses[ceil(MOST * len(pauses)) - 1], pauses[-1] // 2)  # one weekend is enough to know weekends
    return timedelta(seconds=seconds) or None


def silence(
    heard: Mapping[str, Any] | None, now: datetime, every: timedelta, *, since: datetime | None = None
) -> Text | None:
    """Why it is suspicious that nothing new comes; None where it is not.

    That is after four times the usual pause, counted from its last news or from `since`, when it was first read: what
    was silent before is no news. Never before it was asked four times.
    """
    usual, last = usual_pause(heard), moment_of(heard or {}, "last")
    if usual is None or last is None or now - max(last, since or last) <= SUSPICIOUS * max(usual, every):
        return None
    return text("suspiciously silent: it usually brings something new at least every {span}", span=in_words(usual))


def believed(moment: datetime | None, now: datetime) -> datetime | None:
    """A moment in UTC that something on the web may have been said at; None for others (1970, 9999)."""
    try:
        said = moment and utc(moment)
    except OverflowError:
        return None
    return said if said is not None and EARLIEST <= said <= now + LATEST else None


def dated(item: Item, now: datetime) -> Item:
    """The item with no moment but those that are believed, in UTC."""
    published, updated = believed(item.published, now), believed(item.updated, now)
    if published is item.published and updated is item.updated:  # the usual case, and a copy is not for nothing
        return item
    return replace(item, published=published, updated=updated)


def is_churning(heard: Mapping[str, Any] | None, now: datetime) -> bool:
    """Whether its entries got new ids three times within a week."""
    times = [datetime.fromisoformat(moment) for moment in (heard or {}).get("churned", ())]
    return sum(now - moment <= WEEK for moment in times) >= CHURNS


def moment_of(stored: Mapping[str, Any], name: str) -> datetime | None:
    """A moment that was stored; None where there is none."""
    value = stored.get(name)
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def in_words(span: timedelta) -> Text:
    """The span in the largest unit of which it is two or more: "3 hours", "45 minutes", "20 seconds"."""
    for unit, form in ((DAY, _days), (HOUR, _hours), (timedelta(minutes=1), _minutes)):
        if span >= 2 * unit:
            return form(round(span / unit))
    return _seconds(max(round(span.total_seconds()), 0))


def _days(n: int) -> Text:
    return texts("{n} day", "{n} days", n=n)


def _hours(n: int) -> Text:
    return texts("{n} hour", "{n} hours", n=n)


def _minutes(n: int) -> Text:
    return texts("{n} minute", "{n} minutes", n=n)


def _seconds(n: int) -> Text:
    return texts("{n} second", "{n} seconds", n=n)
