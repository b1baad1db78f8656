"""Pages that hold generated parts between `[[[cog` marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogapp import Cog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MARK = "[[[cog"


def pages(paths: Iterable[Path]) -> dict[Path, str]:
    """What each page with marks should hold."""
    texts = ((path, path.read_text(encoding="utf-8")) for path in paths)
    return {path: _written(words, str(path)) for path, words in texts if MARK in words}


def _written(words: str, name: str) -> str:
    return str(Cog().process_string(words, name))  # type: ignore[no-untyped-call]
