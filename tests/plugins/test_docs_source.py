"""The page for plugin authors: its code is run, in the way in which they would run it."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import smwatch.loader
from smwatch.testing import source_kit

if TYPE_CHECKING:
    import pytest

    from smwatch.testing.servers import FeedServer

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plugins" / "a-source-in-40-lines.md"


async def test_the_page_works(tmp_path: Path, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin, test = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "acme_forum.py").write_text(plugin, encoding="utf-8")
    tmp_path.chmod(0o700)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    registry = smwatch.loader.load(folder=tmp_path)
    names = {"AcmeForum": registry.sources["acme_forum"], "conforms": source_kit.conforms}
    exec(test, names)  # noqa: S102 - our own page
    run = names["test_acme_forum"]
    assert inspect.iscoroutinefunction(run)
    await run(feed_server)


def test_it_is_about_40_lines() -> None:
    plugin = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert sum(1 for line in plugin.splitlines() if line.strip()) <= 40
