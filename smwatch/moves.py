"""Addresses that moved for good: seen three times within a week, the new one is proposed to people (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMES = 3
WITHIN = timedelta(days=7)


def noted(before: object, moved: str | None, now: datetime) -> dict[str, Any] | None:
    """What to remember of an answer that came by permanent redirects from `moved`; None where it did not.

    `{"to", "times", "since"}`: the same target each time; times beyond the third are not counted.
    """
    if moved is None:
        return None
    fresh = {"to": moved, "times": 1, "since": now.isoformat()}
    if not isinstance(before, dict) or before.get("to") != moved:
        return fresh
    times = int(before.get("times") or 0)
    if times >= TIMES:
        return before
    if now - datetime.fromisoformat(str(before["since"])) > WITHIN:
        return fresh
    return {**before, "times": times + 1}


def proposed(validators: Mapping[str, Any] | None) -> str | None:
    """The address that a source should have now, once that is certain."""
    return next((str(one["to"]) for one in _moves(validators) if int(one.get("times") or 0) >= TIMES), None)


def targets(validators: Mapping[str, Any] | None) -> frozenset[str]:
    """Every address that one of a source's addresses has led to for good."""
    return frozenset(str(one["to"]) for one in _moves(validators))


def _moves(validators: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if isinstance(validators, Packed) and '"moved"' not in validators.raw:
        return []  # of ten thousand sources none has moved
    known = (one.get("moved") for one in (validators or {}).values() if isinstance(one, dict))
    return [one for one in known if isinstance(one, dict) and one.get("to")]
