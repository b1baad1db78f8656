"""Stands in for smwatch.text.excerpt until it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.model import Span


def excerpt(text: str, spans: Sequence[Span], limit: int = 280) -> tuple[str, list[Span]]:
    """The cut text and the spans inside it."""
    if len(text) <= limit:
        return text, list(spans)
    start = max(0, min((span.start for span in spans), default=0) - limit // 3)
    start = 0 if start < limit // 3 else text.find(" ", start) + 1
    head = "…" if start else ""
    cut = head + text[start : start + limit - 2].rsplit(" ", 1)[0] + "…"
    moved = [replace(s, start=s.start - start + len(head), end=s.end - start + len(head)) for s in spans]
    return cut, [s for s in moved if s.start >= 0 and s.end < len(cut)]
