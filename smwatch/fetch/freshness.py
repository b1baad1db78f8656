"""https://www.rfc-editor.org/rfc/rfc9111.html#section-4.2: for how long a server lets its answer be kept."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from smwatch.model import utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LONGEST = 366 * 86400
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[,\s])no-(?:store|cache)\b", re.IGNORECASE)


def fresh_for(headers: Mapping[str, str], now: datetime) -> int | None:
    """Seconds by Cache-Control, else by Expires; None where it says neither, or that nothing is to be kept."""
    control = headers.get("Cache-Control", "")
    if _NOT_KEPT.search(control):
        return None
    if found := _MAX_AGE.search(control):
        return _sensible(int(found[1]))
    expires = _date(headers.get("Expires"))
    return _sensible(int((expires - (_date(headers.get("Date")) or now)).total_seconds())) if expires else None


def _sensible(seconds: int) -> int | None:
    return min(seconds, LONGEST) if seconds > 0 else None


def _date(header: str | None) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(header)) if header else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
