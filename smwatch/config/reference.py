"""Every table and key as Markdown, for the docs: generated, so that the pages cannot grow old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.config import tables
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.config.tables import Key, Table


def reference(language: str) -> str:
    """One section a table; plugins' keys stand on the pages of their plugins."""
    found = (*tables.TABLES.values(), tables.RAISE)
    return "\n\n".join("\n".join(_section(it, language)) for it in found) + "\n"


def _section(table: Table, language: str) -> Iterator[str]:
    yield f"### `{table.heading}`"
    yield ""
    yield table.doc.render(language) + (_later(language) if table.later else "")
    yield ""
    key, meaning = text("key"), text("what it means")
    yield f"| {key.render(language)} | {meaning.render(language)} |"
    yield "|---|---|"
    for name, it in table.keys.items():
        yield f"| `{name}` | {_meaning(it, language).replace('|', '/')} |"


def _meaning(key: Key, language: str) -> str:
    required = text(" Required.").render(language) if key.required else ""
    return key.doc.render(language) + required + (_later(language) if key.later else "")


def _later(language: str) -> str:
    return text(" (Comes later.)").render(language)
