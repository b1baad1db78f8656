"""Compiled parts, which are there where a C compiler was at installation; all goes without them, with equal results."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

_UNPACKED = 60  # seconds in which files that came together may have been written, in any order


def built(name: str) -> ModuleType | None:
    """The compiled module `name`; None where it was not built, or not from the sources that are there now."""
    try:
        module = import_module(name)
    except ImportError:
        return None
    return None if is_outdated(Path(str(module.__file__))) else module


def is_outdated(made: Path) -> bool:
    """Whether a source beside it is younger: a checkout that was updated, and not set up again."""
    moment = made.stat().st_mtime + _UNPACKED
    return any(source.stat().st_mtime > moment for source in made.parent.glob("*.p[xy][dx]"))
