"""The part of the engine that is compiled where a compiler was there at installation, with the same results.

`SIEVE` and `COMPOUNDS` are its modules; None where it was not built.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def _built(name: str) -> ModuleType | None:
    try:
        return import_module(f"smwatch.query.compiled.{name}")
    except ImportError:
        return None


SIEVE = _built("sieve")
COMPOUNDS = _built("compounds")
