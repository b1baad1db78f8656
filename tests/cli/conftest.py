"""Fixtures of the command line's tests."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest
import structlog
from cli_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Commands set the log up for their process; here that is everybody's."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level, sys.excepthook = handlers, level, hook


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty folder, in English."""
    return World(folder=tmp_path)


@pytest.fixture
def german(tmp_path: Path) -> World:
    """An empty folder, in German."""
    return World(folder=tmp_path, language="de")
