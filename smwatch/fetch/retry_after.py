"""`Retry-After` as servers write it: seconds, fractions, dates, nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from smwatch.model import utc

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCHAL = 1e9  # a larger number of seconds is a date
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


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When a limit of calls ends, by `X-RateLimit-Reset`: a date (Mastodon), seconds since 1970 (X), or from now."""
    said = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    try:
        moment = utc(datetime.fromisoformat(said.strip()))
    except ValueError:
        try:
            seconds = float(said)
            moment = datetime.fromtimestamp(seconds, UTC) if seconds > EPOCHAL else now + timedelta(seconds=seconds)
        except (ValueError, OverflowError, OSError):
            return None
    return min(max(moment, now), now + LONGEST)


def _date(header: str) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(header))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
