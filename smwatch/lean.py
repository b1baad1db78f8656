"""Libraries without the parts that smwatch never uses: each of those takes megabytes and a tenth of a second."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without(name: str) -> Iterator[None]:
    """A package that a library loads wherever it is installed is not found meanwhile."""
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python is told so
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]


@contextmanager
def bare(package: str) -> Iterator[None]:
    """Modules of `package` are loaded without what its `__init__` loads; who wants all of it later gets it."""
    spec = None if package in sys.modules else find_spec(package)
    if spec is None:
        yield
        return
    sys.modules[package] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[package]
