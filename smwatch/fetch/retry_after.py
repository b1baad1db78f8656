"""`Retry-After` as servers write it: seconds, fractions, dates, nonsense."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from smwatch.model import utc

LONGEST = timedelta(hours=24)


def retry_at(header: str | None, now: datetime) -> datetime | None:
    """When to come back (UTC), at most 24 hours from `now`, never before it; None where nothing usable is said."""
    if not header or not (header := header.strip()):
        return None
    try:
        wait = timedelta(seconds=float(header))
    except OverflowError:
        wait = LONGEST
    except ValueError:
        moment = _date(header)
        if moment is None:
            return None
        wait = moment - now
    return now + max(timedelta(0), min(wait, LONGEST))


def _date(header: str) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(header))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
