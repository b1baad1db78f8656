"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from smwatch.i18n import Text

Severity = Literal["ok", "note", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`name` is what was looked at ("sqlite", "channel:pr"); `fix` what to do, where there is something to do.

    An "error" keeps smwatch from its work now, a "warning" may do so one day, a "note" is good to know.
    """

    name: str
    severity: Severity
    message: Text
    fix: Text | None = None


def ok(name: str, message: Text) -> Finding:
    """As it should be."""
    return Finding(name=name, severity="ok", message=message)


def note(name: str, message: Text, fix: Text | None = None) -> Finding:
    """Good to know."""
    return Finding(name=name, severity="note", message=message, fix=fix)


def warning(name: str, message: Text, fix: Text | None = None) -> Finding:
    """It works, and might not one day."""
    return Finding(name=name, severity="warning", message=message, fix=fix)


def wrong(name: str, message: Text, fix: Text | None = None) -> Finding:
    """It does not work."""
    return Finding(name=name, severity="error", message=message, fix=fix)
