"""The part of the engine that is compiled where a compiler was there at installation, with the same results.

`SIEVE` and `COMPOUNDS` are its modules; None where it was not built, or not from the sources that are there now.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

_UNPACKED = 60  # seconds in which files that came together may have been written, in any order


def is_outdated(built: Path) -> bool:
    """Whether a source beside it is younger: a checkout that was updated, and not set up again."""
    made = built.stat().st_mtime + _UNPACKED
    return any(source.stat().st_mtime > made for source in built.parent.glob("*.p[xy][dx]"))


def _built(name: str) -> ModuleType | None:
    try:
        module = import_module(f"smwatch.query.compiled.{name}")
    except ImportError:
        return None
    return None if is_outdated(Path(str(module.__file__))) else module


SIEVE = _built("sieve")
COMPOUNDS = _built("compounds")
