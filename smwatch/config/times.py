"""Durations, times of day, days, zones, dates: as people write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from smwatch.config import words
from smwatch.config.kinds import read_text, wrong_type
from smwatch.i18n import text
from smwatch.plugin import parse_duration

if TYPE_CHECKING:
    from smwatch.config.report import Report
    from smwatch.config.tree import Node

CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(?:\s*Uhr)?")
GERMAN_DURATION = re.compile(
    r"(\d+)\s*(s|m|h|d|w|sek|sekunden?|seconds?|min|minuten?|minutes?|std|stunden?|hours?|tage?n?|days?|wochen?|weeks?)\.?",
    re.IGNORECASE,
)
USUAL_ZONES = {
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "cet": "Europe/Berlin",
    "berlin": "Europe/Berlin",
    "deutschland": "Europe/Berlin",
    "germany": "Europe/Berlin",
    "wien": "Europe/Vienna",
    "österreich": "Europe/Vienna",
    "zürich": "Europe/Zurich",
    "schweiz": "Europe/Zurich",
    "europe/zuerich": "Europe/Zurich",
    "europe/zürich": "Europe/Zurich",
    "europa/berlin": "Europe/Berlin",
    "europa/wien": "Europe/Vienna",
    "europa/zürich": "Europe/Zurich",
    "europe/wien": "Europe/Vienna",
}


def read_duration(node: Node, report: Report) -> timedelta | None:
    """`"10m"` as a timedelta."""
    if not isinstance(node.value, str):
        right = f'"{node.value}m"' if isinstance(node.value, int) and not isinstance(node.value, bool) else None
        wrong_type(node, report, text('a duration like "10m" (s, m, h, d)'), right)
        return None
    try:
        found = parse_duration(node.value)
    except (ValueError, OverflowError):
        report.error(
            node.spot,
            text('“{value}” is no duration: write "30s", "10m", "1h" or "14d"', value=node.value),
            _likely_duration(node.value),
        )
        return None
    return found


def _likely_duration(value: str) -> str | None:
    found = GERMAN_DURATION.fullmatch(value.strip())
    if found is None:
        return None
    unit = found[2].casefold()
    if unit.startswith("w"):
        return f"{int(found[1]) * 7}d"
    letter = {"t": "d", "d": "d", "h": "h"}.get(unit[0]) or ("h" if unit.startswith(("std", "stund")) else unit[0])
    return f"{found[1]}{letter}"


def read_timezone(node: Node, report: Report) -> str | None:
    """`"Europe/Berlin"`."""
    value = read_text(node, report)
    if value is None or is_timezone(value):
        return value
    report.error(node.spot, text("“{value}” is no time zone", value=value), _likely_zone(value))
    return None


@cache
def is_timezone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a path, an unknown name, a folder
        return False
    return True


@cache
def timezones() -> frozenset[str]:
    """All names of time zones; reads hundreds of files, so only to find what somebody meant."""
    return frozenset(available_timezones())


def _likely_zone(value: str) -> str | None:
    usual = USUAL_ZONES.get(value.strip().casefold())
    if usual:
        return usual
    cities = {name.rpartition("/")[2].casefold(): name for name in sorted(timezones(), reverse=True)}
    city = value.rpartition("/")[2].strip().replace(" ", "_").casefold()
    if "/" in value and city in cities:
        return cities[city]
    return words.nearest(value, timezones()) or (
        cities[found] if (found := words.nearest(city, cities, 0.75)) else None
    )


def read_clock(node: Node, report: Report) -> str | None:
    """`"8:00"` as `"08:00"`."""
    if isinstance(node.value, time | datetime | date | int | float) and not isinstance(node.value, bool):
        raw = node.raw or str(node.value)
        shown = f'"{raw.zfill(2)}:00"' if raw.isdecimal() else f'"{raw}"'
        report.error(node.spot, text("a time stands in quotes: {right}", right=shown), shown)
        return None
    value = read_text(node, report)
    if value is None:
        return None
    found = CLOCK.fullmatch(value.strip().replace(".", ":"))
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 99)
    right = f"{hour:02}:{minute:02}"
    if hour > 23 or minute > 59:  # noqa: PLR2004 - hours and minutes of a day
        report.error(
            node.spot,
            text('“{value}” is no time of day: write "08:00"', value=value),
            "00:00" if right == "24:00" else None,
        )
        return None
    if right not in (value, f"0{value}"):
        report.error(node.spot, text('“{value}” is no time of day: write "{right}"', value=value, right=right), right)
        return None
    return right


def read_days(node: Node, report: Report) -> tuple[str, ...] | str | None:
    """Weekday words as a tuple, or a cron line as it stands."""
    listed = node.entries or [node]
    if node.value == []:
        report.error(node.spot, text("“{key}” is empty", key=node.name))
        return None
    found = []
    for it in listed:
        value = read_text(it, report)
        if value is None:
            return None
        if not isinstance(node.value, list) and looks_like_cron(value):
            return _cron(it, value, report)
        for word in value.split(","):
            if (meant := words.days([word])) is None:
                report.error(
                    it.spot,
                    text(
                        '“{value}” is no day: write "täglich", "werktags", "montags" … or a cron line',
                        value=word.strip(),
                    ),
                    words.nearest(word, words.DAYS),
                )
                return None
            found += list(meant)
    return tuple(dict.fromkeys(found)) or None


def looks_like_cron(value: str) -> bool:
    """Whether somebody meant a cron line."""
    return len(value.split()) > 2 and any(sign in value for sign in "*0123456789")  # noqa: PLR2004 - cron has five fields


def _cron(node: Node, value: str, report: Report) -> str | None:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - only where a cron line stands

    try:
        next(CronSim(value, datetime(2026, 1, 1)))  # noqa: DTZ001 - only looks whether it is ever due
    except (CronSimError, ValueError, StopIteration):
        report.error(
            node.spot,
            text('“{value}” is no cron line: write minute hour day month weekday, as in "0 8 * * 1-5"', value=value),
        )
        return None
    return value


def read_moment(node: Node, report: Report) -> datetime | date | None:
    """A date, with or without a time."""
    if isinstance(node.value, datetime | date):
        return node.value
    if isinstance(node.value, str):
        for reader in (date.fromisoformat, datetime.fromisoformat, _german_date):
            try:
                return reader(node.value.strip())
            except ValueError:
                continue
    wrong_type(node, report, text("a date like 2026-12-31 or 2026-12-31T18:00:00"), None)
    return None


def _german_date(value: str) -> date:
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", value)
    if found is None:
        raise ValueError(value)
    return date(int(found[3]), int(found[2]), int(found[1]))


def read_holidays(node: Node, report: Report) -> str | None:
    """`"DE-BY"`."""
    value = read_text(node, report)
    if value is None or value in regions():
        return value
    written = value.strip().upper().replace("_", "-")
    right = GERMAN_REGIONS.get(value.strip().casefold()) or (
        written if written in regions() else words.nearest(written, regions(), 0.8)
    )
    sentence = text('“{value}” names no holidays: write country and state, as in "DE-BY" or "CH-ZH"', value=value)
    report.error(node.spot, sentence, right)
    return None


@cache
def regions() -> frozenset[str]:
    """All countries and states whose holidays are known, as in "DE" and "DE-BY"."""
    from holidays import list_supported_countries  # noqa: PLC0415 - only where somebody names holidays

    found = list_supported_countries(include_aliases=False)
    return frozenset(found) | {f"{country}-{state}" for country, states in found.items() for state in states}


GERMAN_REGIONS = {
    "deutschland": "DE",
    "bayern": "DE-BY",
    "berlin": "DE-BE",
    "hamburg": "DE-HH",
    "hessen": "DE-HE",
    "nrw": "DE-NW",
    "nordrhein-westfalen": "DE-NW",
    "baden-württemberg": "DE-BW",
    "niedersachsen": "DE-NI",
    "sachsen": "DE-SN",
    "österreich": "AT",
    "schweiz": "CH",
    "zürich": "CH-ZH",
}
