"""The parts of the docs that the program writes itself, and whether they still say what it does.

`python -m smwatch.testing.fresh` exits 1 and names each page that has grown old; `--write` (`make docs`) writes them
anew. A page is either written whole by a function (`WHOLE`), or holds generated parts between `[[[cog` marks
(https://cog.readthedocs.io). Compiled catalogues are held equal to their sources in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.testing.fresh import catalogues, commands, marks, plugins, slack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stale:
    """A file that does not hold what it should: `now` is None where it should not be there at all."""

    path: Path
    now: bytes | None


def stale(root: Path) -> Iterator[Stale]:
    """Every file below the checkout `root` that has grown old."""
    pages = dict(_whole(root))
    pages |= marks.pages(path for path in markdown(root) if path not in pages)
    for path, now in sorted({**_encoded(pages), **catalogues.compiled(root)}.items()):
        if not path.is_file() or path.read_bytes() != now:
            yield Stale(path, now)
    for path in plugins.orphans(root):
        yield Stale(path, None)


def markdown(root: Path) -> list[Path]:
    """All pages that people read."""
    return sorted([root / "README.md", *(root / "docs").rglob("*.md")])


def _whole(root: Path) -> Iterator[tuple[Path, str]]:
    docs = root / "docs"
    yield docs / "de" / "befehle.md", commands.page("de")
    yield docs / "en" / "commands.md", commands.page("en")
    for name, words in slack.manifests().items():
        yield root / "deploy" / "slack" / name, words
    yield docs / "slack-for-it.md", slack.page()
    yield from plugins.pages(root)


def _encoded(pages: dict[Path, str]) -> dict[Path, bytes]:
    return {path: words.encode() for path, words in pages.items()}
