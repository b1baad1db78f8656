"""What was compiled at installation is used only where it fits its sources."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from smwatch.built import built, is_outdated

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("source", "second", "outdated"),
    [("a.pyx", 99, True), ("a.pxd", 99, True), ("a.pyx", 1, False), ("a.pyx", -99, False), ("a.py", 99, False)],
)
def test_what_was_built_from_older_sources_is_not_used(
    tmp_path: Path, source: str, second: int, outdated: bool
) -> None:
    for name, at in (("a.so", 1000), (source, 1000 + second)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert is_outdated(tmp_path / "a.so") is outdated


def test_what_was_not_built_is_none() -> None:
    assert built("smwatch.story.nothing") is None
