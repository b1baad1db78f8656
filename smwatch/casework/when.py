"""Until when: the words of menus, forms and commands as moments (pure)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smwatch.entry import parse_duration
from smwatch.i18n import text
from smwatch.message.case import LENGTHS

DAY_ENDS, NOON = time(18, 0), time(12, 0)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{1,2}):(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
PAST = text("that moment is over already: say one in the future")
TODAY, TOMORROW = {"today", "heute"}, {"tomorrow", "morgen"}


def moment(words: str, now: datetime, zone: str) -> datetime | None:
    """`2h`, `heute`, `morgen`, `14:30`, `2026-12-01`, `2026-12-01 09:00` in the reader's zone; None for anything else.

    "Today" is at six in the evening, after that at the end of the day; "tomorrow" is at noon.
    """
    said, local = words.strip().casefold(), now.astimezone(ZoneInfo(zone))
    if said in TODAY:
        evening = datetime.combine(local.date(), DAY_ENDS, local.tzinfo)
        return (evening if evening > local else _midnight(local)).astimezone(UTC)
    if said in TOMORROW:
        return datetime.combine(local.date() + timedelta(days=1), NOON, local.tzinfo).astimezone(UTC)
    if clock := _CLOCK.fullmatch(said):
        return _at(local, int(clock[1]), int(clock[2]))
    if date := _DATE.fullmatch(words.strip()):
        return _on(date, zone)
    try:
        return now + parse_duration(said)
    except (ValueError, OverflowError):
        return None


def span_end(name: str, now: datetime, zone: str) -> datetime | None:
    """When a silence of the menu ends: "1d" is tomorrow at eight in the morning, the others are as long as they say."""
    if name == "1d":
        local = now.astimezone(ZoneInfo(zone))
        return datetime.combine(local.date() + timedelta(days=1), time(8, 0), local.tzinfo).astimezone(UTC)
    length = LENGTHS.get(name)
    return now + length if length is not None else moment(name, now, zone)


def _midnight(local: datetime) -> datetime:
    return datetime.combine(local.date() + timedelta(days=1), time(0, 0), local.tzinfo)


def _at(local: datetime, hour: int, minute: int) -> datetime | None:
    """The next time that the clock shows it."""
    try:
        at = datetime.combine(local.date(), time(hour, minute), local.tzinfo)
    except ValueError:
        return None
    later = at if at > local else datetime.combine(local.date() + timedelta(days=1), time(hour, minute), local.tzinfo)
    return later.astimezone(UTC)


def _on(date: re.Match[str], zone: str) -> datetime | None:
    try:
        year, month, day = int(date[1]), int(date[2]), int(date[3])
        found = datetime(year, month, day, int(date[4] or 18), int(date[5] or 0), tzinfo=ZoneInfo(zone))
    except ValueError:
        return None
    return found.astimezone(UTC)
