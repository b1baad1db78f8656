"""From the anchors of parts to those of the whole. Anchors: words of which a text must have one for a match."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smwatch.query.steps import Anchor

Anchors = list["Anchor"]


def rarest(found: Sequence[Anchors | None]) -> Anchors | None:
    """Where all parts must hold: those of one part, the rarest."""
    known = [anchors for anchors in found if anchors is not None]
    return max(known, key=lambda anchors: (min(anchor.rarity for anchor in anchors), -len(anchors)), default=None)


def every(found: Iterable[Anchors | None]) -> Anchors | None:
    """Where one part is enough: those of all parts, or None if one part has none."""
    all_of_them: list[Anchor] = []
    for anchors in found:
        if anchors is None:
            return None
        all_of_them += anchors
    return all_of_them
