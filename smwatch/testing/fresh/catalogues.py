"""The compiled German catalogues: each `.mo` is what its `.po` gives."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADS = ("Content-Type", "Plural-Forms")


def compiled(root: Path) -> dict[Path, bytes]:
    """What each `.mo` file should hold."""
    return {path.with_suffix(".mo"): _compile(path) for path in root.glob("smwatch/locale/*/*.po")}


class Plain(Catalog):
    """A catalogue whose head holds only what gettext needs to read it."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Two headers: the others name the minute and the tool, and equal sources shall give equal files."""
        return [(name, value) for name, value in self._get_mime_headers() if name in HEADS]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        self._set_mime_headers(headers)


def _compile(path: Path) -> bytes:
    plain = Plain(locale=path.parent.name)
    with path.open("rb") as stream:
        for message in read_po(stream):
            if message.id:
                plain[message.id] = message
    written = BytesIO()
    write_mo(written, plain)
    return written.getvalue()
