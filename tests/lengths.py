"""How long the tests that have a long form run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def asked_for_long(environ: Mapping[str, str]) -> bool:
    """Whether SMWATCH_LONG asks for the long forms; 0 and nothing do not."""
    return environ.get("SMWATCH_LONG", "").strip() not in {"", "0"}
