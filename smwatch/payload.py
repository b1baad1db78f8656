"""What a platform's API answers, read without trusting it: every value may be missing, null, or of another type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smwatch.errors import Broken
from smwatch.feeds.plain import tidy
from smwatch.i18n import text
from smwatch.model import utc

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Payload:
    """One JSON value. Every question about it has an answer: what is not there is empty, or None."""

    value: Any

    def at(self, *path: str) -> Payload:
        """What stands below these keys."""
        found = self.value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return Payload(found)

    def __bool__(self) -> bool:
        return bool(self.value)

    def text(self, *path: str) -> str:
        """A string as it stands; numbers count as their digits, because ids come as either."""
        found = self.at(*path).value
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        return found.replace("\x00", "") if isinstance(found, str) else ""

    def words(self, *path: str) -> str:
        """What people wrote: without control and direction characters, at most 50,000 characters."""
        return tidy(self.text(*path))

    def number(self, *path: str) -> int | None:
        """A whole number of at least 0; None where it is unknown (also below 0: "hidden" at some)."""
        found = self.at(*path).value
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None

    def link(self, *path: str) -> str:
        """A web address, else ""."""
        found = self.text(*path).strip()
        return found if found.startswith(("http://", "https://")) else ""

    def moment(self, *path: str) -> datetime | None:
        """A moment in UTC, by an ISO date or by seconds since 1970."""
        found = self.at(*path).value
        try:
            if isinstance(found, str):
                return utc(datetime.fromisoformat(found.strip()))
            if isinstance(found, int | float) and not isinstance(found, bool) and found > SHORTEST:
                return datetime.fromtimestamp(found, UTC)
        except (ValueError, OverflowError, OSError):
            pass
        return None

    def each(self, *path: str) -> Iterator[Payload]:
        """The objects of a list; what is none is left out."""
        found = self.at(*path).value
        return (Payload(one) for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())

    def texts(self, *path: str) -> tuple[str, ...]:
        """The words of a list."""
        found = self.at(*path).value
        return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def read_payload(body: bytes | str, host: str) -> Payload:
    """An answer of `host`: an object or a list; raises Broken for anything else (a page, an error in words)."""
    try:
        found = json.loads(body, strict=False)  # some write line breaks into their strings as they are
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        start = body if isinstance(body, str) else body[:200].decode("utf-8", "replace")
        shown = " ".join(start[:200].split())[:80]
        raise Broken(text("{host} does not answer with data, but with “{start}”", host=host, start=shown))
    return Payload(found)
