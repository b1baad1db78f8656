"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty folder, in English."""
    return World(folder=tmp_path)


@pytest.fixture
def german(tmp_path: Path) -> World:
    """An empty folder, in German."""
    return World(folder=tmp_path, language="de")
