"""Dates as feeds write them: RFC 822, ISO 8601, German, and the usual mistakes. What names no real moment is None."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

LONGEST = 100

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar jänner jaenner january janvier gennaio enero januari",
            "feb februar feber february février fevrier fév febbraio febrero februari",
            "mar mär maer mrz märz maerz march mars marzo maart mrt",
            "apr april avril avr aprile abril abr",
            "may mai maggio mag mayo mei",
            "jun juni june juin giugno giu junio",
            "jul juli july juillet juil luglio lug julio",
            "aug august août aout agosto ago augustus",
            "sep sept september septembre settembre set septiembre",
            "oct okt oktober october octobre ottobre ott octubre",
            "nov november novembre noviembre",
            "dec dez dezember december décembre decembre déc dicembre dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}

ZONES = {  # hours east of Greenwich
    **dict.fromkeys(("z", "utc", "ut", "gmt", "wet"), 0.0),
    **dict.fromkeys(("mez", "cet", "met", "west", "bst"), 1.0),
    **dict.fromkeys(("mesz", "cest", "mest", "eet", "sast"), 2.0),
    **dict.fromkeys(("eest", "msk"), 3.0),
    "ist": 5.5,
    "sgt": 8.0,
    "jst": 9.0,
    "kst": 9.0,
    "acst": 9.5,
    "aest": 10.0,
    "aedt": 11.0,
    "nzst": 12.0,
    "ast": -4.0,
    "adt": -3.0,
    "est": -5.0,
    "edt": -4.0,
    "cst": -6.0,
    "cdt": -5.0,
    "mst": -7.0,
    "mdt": -6.0,
    "pst": -8.0,
    "pdt": -7.0,
    "akst": -9.0,
    "akdt": -8.0,
    "hst": -10.0,
}

_TIME = r"(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d+)?)?\s*(?:(?P<half>[ap]m)\b)?(?:\s*uhr)?"
_ZONE = r"(?P<zone>[+-]\d{2}:?\d{2}|[+-]\d{2}:0|[+-]\d{1,2}|[a-z]{1,5}(?:[+-]\d{2}:?\d{2})?)(?:\s*\([^)]*\))?"
_END = rf"(?:[\s,T-]*(?:um\s+|at\s+)?{_TIME}(?:\s*{_ZONE})?)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # 2026-11-20, 2026-11-20T10:00:00.5+01:00, 2026/11/20 10:00, 2026-11
        rf"(?P<y>\d{{4}})[-/](?P<m>\d{{1,2}})(?:[-/](?P<d>\d{{1,2}}))?{_END}",
        # Fri, 20 Nov 2026 10:00:00 +0100; 29. März 2026; Fr, 20-Nov-26 10:00 MEZ
        rf"(?:[^\W\d]+\.?,?\s*(?:den\s+)?)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[.\s-]\s*(?P<mon>[^\W\d]+)\.?,?[\s-]*(?P<y>\d{{2,4}}){_END}",
        # 20.11.2026 10:00
        rf"(?:[^\W\d]+\.?,?\s*)?(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?(?P<y>\d{{4}}|\d{{2}}){_END}",
        # Nov 20, 2026 10:00 am
        rf"(?:[^\W\d]+\.?,?\s+)?(?P<mon>[^\W\d]+)\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_END}",
        # Fri Nov 20 10:00:00 2026, Fri Nov 20 10:00:00 CET 2026
        rf"[^\W\d]+\.?,?\s+(?P<mon>[^\W\d]+)\.?\s+(?P<d>\d{{1,2}})\s+{_TIME}(?:\s+{_ZONE})?\s+(?P<y>\d{{4}})",
        # 11/20/2026 10:00
        rf"(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})/(?P<y>\d{{4}}){_END}",
    )
)
_ISO = re.compile(r"\d{4}-|\d{8}T")
_EPOCH = re.compile(r"\d{9,10}(?:\d{3})?")
_YEAR = re.compile(r"\d{4}")


@lru_cache(maxsize=4096)
def read_date(written: str) -> datetime | None:
    """The moment that `written` names, in UTC (a date without a zone is taken as UTC), or None."""
    written = " ".join(written.split())
    if not written or len(written) > LONGEST:
        return None
    try:
        return _iso(written) or _by_forms(written) or _number(written)
    except (ValueError, OverflowError):
        return None


def _iso(written: str) -> datetime | None:
    if not (written.isascii() and _ISO.match(written)):
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _by_forms(written: str) -> datetime | None:
    for form in _FORMS:
        if found := form.fullmatch(written):
            return _moment(found.groupdict(), turned=found.start("y") > 0)
    return None


def _moment(part: dict[str, str | None], *, turned: bool) -> datetime | None:
    """The moment; where the year is not first, day and month may be `turned` around."""
    month = MONTHS.get((part.get("mon") or "").lower()) if part.get("mon") else int(part.get("m") or 1)
    zone = _zone(part.get("zone") or "")
    if month is None or zone is None:
        return None
    day = int(part.get("d") or 1)
    if turned and month > 12 >= day and part.get("mon") is None and len(part.get("y") or "") == 4:  # noqa: PLR2004 - a day/month/year
        month, day = day, month
    more, hour = divmod(_hour(part), 24)
    second = min(int(part.get("s") or 0), 59)  # a leap second
    local = datetime(_year(part["y"] or ""), month, day, hour, int(part.get("min") or 0), second, tzinfo=zone)
    return (local + timedelta(days=more)).astimezone(UTC)


def _hour(part: dict[str, str | None]) -> int:
    hour, half = int(part.get("h") or 0), (part.get("half") or "").lower()
    if hour > 24:  # noqa: PLR2004 - hour 24 is midnight, 25 is nonsense
        raise ValueError
    return hour % 12 + (12 if half == "pm" else 0) if half else hour


def _year(written: str) -> int:
    year = int(written)
    return year if len(written) > 2 else year + (2000 if year < 69 else 1900)  # noqa: PLR2004 - as RFC 2822 readers do


def _zone(written: str) -> timezone | None:
    """The zone of `+0100`, `+01:00`, `+1`, `MEZ`, `GMT+0100`; an unknown name is UTC, an impossible offset None."""
    sign = max(written.find("+"), written.find("-"))
    if sign < 0:
        return timezone(timedelta(hours=ZONES.get(written.lower(), 0.0)))
    digits = written[sign + 1 :].replace(":", "")
    hours, minutes = (int(digits[:2]), int(digits[2:] or 0))
    if hours > 15 or minutes > 59:  # noqa: PLR2004 - no zone is further east
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if written[sign] == "-" else offset)


def _number(written: str) -> datetime | None:
    """Seconds or milliseconds since 1970, or a bare year."""
    if _EPOCH.fullmatch(written):
        return datetime.fromtimestamp(int(written) / (1000 if len(written) > 10 else 1), UTC)  # noqa: PLR2004
    if _YEAR.fullmatch(written):
        return datetime(int(written), 1, 1, tzinfo=UTC)
    return None
