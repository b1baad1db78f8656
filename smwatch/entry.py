"""What an entry of the config is made of, source or channel: the base class of both, and durations."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+)\s*([smhd])")


def parse_duration(value: object) -> timedelta:
    """`"10m"` and its like ("2s", "1h", "14d") as a timedelta; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('a duration like "10m" (s, m, h, d)')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(parse_duration, json_schema_input_type=str)]


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A `Retry-After` header: seconds ("30", "1.5") or a date; None where it is absent or says nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(moment - now, timedelta(0))
    return timedelta(seconds=min(max(seconds, 0.0), 1e9)) if math.isfinite(seconds) else None


class Plugin(BaseModel):
    """What sources and channels share: the class's fields are its TOML keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    type: str
    name: str = Field(default="", description="The name that people see; without one it is made from the address.")
    client: str | None = Field(default=None, description="For which client; clients are kept apart.")
