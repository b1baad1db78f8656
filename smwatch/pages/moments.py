"""Dates as German and English sites write them for people: "Heute, 14:03", "vor 3 Stunden", "12. November 2026, 09:15".

Pure: the moment of reading and the site's own time zone are arguments. What names no moment is None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from smwatch.feeds.dates import read_date

LONGEST = 100
UNITS = {  # by how a unit's word begins
    "sek": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "std": timedelta(hours=1),
    "stunde": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "tag": timedelta(days=1),
    "day": timedelta(days=1),
    "woche": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "monat": timedelta(days=30),
    "month": timedelta(days=30),
    "jahr": timedelta(days=365),
    "year": timedelta(days=365),
}
ONES = {"einer": 1, "einem": 1, "eine": 1, "ein": 1, "einigen": 3, "wenigen": 3, "a": 1, "an": 1, "one": 1, "few": 3}
DAYS = {"heute": 0, "today": 0, "gestern": 1, "yesterday": 1, "vorgestern": 2}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "montag mo monday mon",
            "dienstag di tuesday tue",
            "mittwoch mi wednesday wed",
            "donnerstag do thursday thu",
            "freitag fr friday fri",
            "samstag sa sonnabend saturday sat",
            "sonntag so sunday sun",
        )
    )
    for name in names.split()
}
_TIME = (
    r"(?:[,\s]*(?:um|at|,|-|–|»|·)?\s*(?P<h>\d{1,2})[:.](?P<m>\d{2})(?::(?P<s>\d{2}))?\s*(?P<half>[ap]m)?(?:\s*uhr)?)?"
)
_NAMED = re.compile(rf"(?:am\s+|on\s+)?(?P<day>[^\W\d]+)\.?{_TIME}", re.IGNORECASE)
_AGO = re.compile(
    r"(?:vor\s+(?:etwa\s+|ca\.\s*)?(?P<count>\d{1,5}|[a-z]+)\s+(?P<unit>[a-zä]+)\.?"
    r"|(?:about\s+)?(?P<count2>\d{1,5}|[a-z]+)\s+(?P<unit2>[a-z]+)\.?\s+ago)",
    re.IGNORECASE,
)
_NOW = re.compile(r"gerade eben|eben|jetzt|just now|(?:a )?moments? ago|a moment ago", re.IGNORECASE)
_ZONED = re.compile(
    r"(?:z|[+-]\d{2}:?\d{2}|\b(?:utc|gmt|mez|mesz|cet|cest)\b(?:[+-]\d{1,2})?)(?:\s*\(.*\))?$", re.IGNORECASE
)
_EPOCH = re.compile(r"\d{9,13}")
_WITHOUT_YEAR = re.compile(
    r"(?:(?P<d>\d{1,2})\.\s?(?P<mon>\d{1,2}|[^\W\d]{3,10})\.?)(?!\s*\d{4})(?P<rest>,?\s+(?:um\s+)?\d{1,2}[:.]\d{2}.*)?",
    re.IGNORECASE,
)
_HOUR = re.compile(r"\b0?0[:.]00\b|\b12[:.]00(?::00)? ?am\b", re.IGNORECASE)
_LABEL = re.compile(r"^(?:am|on|verfasst|geschrieben|gepostet|erstellt|posted|von)\b[:\s]+", re.IGNORECASE)


def read_moment(written: str, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The moment that `written` names, in UTC. `zone` is the site's own time; `now` is the moment of reading."""
    written = " ".join(written.replace("\xa0", " ").split()).strip(" ,;·|»«–-")
    if not written or len(written) > LONGEST:
        return None
    try:
        return _relative(written, now) or _named_day(written, now, zone) or _dated(written, now, zone)
    except (ValueError, OverflowError):
        return None


def _relative(written: str, now: datetime) -> datetime | None:
    if _NOW.fullmatch(written):
        return now.astimezone(UTC)
    found = _AGO.fullmatch(written)
    if found is None:
        return None
    count, word = found["count"] or found["count2"], (found["unit"] or found["unit2"]).lower()
    number = int(count) if count.isdigit() else ONES.get(count.lower())
    unit = next((length for begin, length in UNITS.items() if word.startswith(begin)), None)
    return (now - number * unit).astimezone(UTC) if number is not None and unit is not None else None


def _named_day(written: str, now: datetime, zone: tzinfo) -> datetime | None:
    """A day by its name: "Heute, 14:03", "Gestern um 9.05 Uhr", "Montag, 18:20" (the last one before now)."""
    found = _NAMED.fullmatch(written)
    if found is None:
        return None
    local, name = now.astimezone(zone), found["day"].lower()
    back = DAYS.get(name)
    if back is None and name in WEEKDAYS:
        back = (local.weekday() - WEEKDAYS[name]) % 7
    if back is None:
        return None
    moment = _at(local - timedelta(days=back), found, zone)
    if name in WEEKDAYS and moment > local:
        moment = _at(local - timedelta(days=7), found, zone)
    return _not_before_it_was_said(moment, local, written)


def _at(day: datetime, found: re.Match[str], zone: tzinfo) -> datetime:
    hour, minute, second = int(found["h"] or 0), int(found["m"] or 0), int(found["s"] or 0)
    if half := (found["half"] or "").lower():
        hour = hour % 12 + (12 if half == "pm" else 0)
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)


def _dated(written: str, now: datetime, zone: tzinfo) -> datetime | None:
    """A whole date, with the site's zone where it names none; a day and month alone are the last ones before now."""
    for said in (written, _LABEL.sub("", written), _with_year(written, now, zone)):
        if said and (found := read_date(said)) is not None:
            if _ZONED.search(said) or _EPOCH.fullmatch(said):
                return found
            return _not_before_it_was_said(found.replace(tzinfo=zone), now.astimezone(zone), said)
    return None


def _not_before_it_was_said(moment: datetime, now: datetime, said: str) -> datetime:
    """Midnight is not when something of today was written: a day without an hour is as late as it can be by now."""
    today = moment.date() == now.date() and (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return (now if today and not _HOUR.search(said) else moment).astimezone(UTC)


def _with_year(written: str, now: datetime, zone: tzinfo) -> str:
    found = _WITHOUT_YEAR.fullmatch(written)
    if found is None:
        return ""
    year, rest = now.astimezone(zone).year, found["rest"] or ""
    for one in (year, year - 1):
        said = (
            f"{found['d']}. {found['mon']} {one}{rest}"
            if not found["mon"].isdigit()
            else f"{found['d']}.{found['mon']}.{one}{rest}"
        )
        moment = read_date(said)
        if moment is not None and moment.replace(tzinfo=zone) <= now + timedelta(days=1):
            return said
    return ""
