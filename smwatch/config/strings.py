"""Where a character of a TOML string's value stands in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.config.document import Spot

if TYPE_CHECKING:
    from smwatch.config.tree import Node

ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
FOLDED = re.compile(r"\\[ \t]*\n[ \t\n]*")


def inside(node: Node, start: int, end: int | None = None) -> Spot:
    """The place of the characters `start` to `end` of the string `node.value`, counted from 0."""
    if not isinstance(node.value, str) or not node.raw:
        return node.spot
    places = origins(node.raw)
    first = places[min(max(start, 0), len(places) - 1)]
    last = places[min(max(start + 1 if end is None else end, 0), len(places) - 1)]
    before = node.raw[:first]
    line = node.spot.line + before.count("\n")
    column = node.spot.column + first if "\n" not in before else first - before.rfind("\n")
    width = max(len(node.raw[first:last].partition("\n")[0]), 1)
    return Spot(document=node.spot.document, line=line, column=column, width=width)


def origins(raw: str) -> list[int]:
    """For each character of the value (and its end) the offset in `raw`, a string with its quotes."""
    fence = raw[:3] if raw[:3] in ("'''", '"""') and len(raw) >= 6 else raw[:1]  # noqa: PLR2004 - two fences of three
    at, end = len(fence), len(raw) - len(fence)
    if len(fence) == 3 and raw.startswith("\n", at):  # noqa: PLR2004 - a fence of three
        at += 1
    places: list[int] = []
    while at < end:
        if fence[0] == '"' and raw[at] == "\\":
            folded = FOLDED.match(raw, at) if len(fence) > 1 else None
            found = folded or ESCAPE.match(raw, at)
            if folded is None:
                places.append(at)
            at = found.end() if found else at + 1
        else:
            places.append(at)
            at += 1
    return [*places, max(end, 0)]
