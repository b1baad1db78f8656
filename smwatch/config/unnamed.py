"""Names of sources in queries: `source:` with a name that no source has never holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.config import words
from smwatch.config.draft import filled
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.config.document import Spot
    from smwatch.config.draft import Placed
    from smwatch.config.report import Report
    from smwatch.config.tree import Node
    from smwatch.plugin import Source
    from smwatch.query import Query

_PLAIN = re.compile(r"[\w.-]+")
_NEAR = text("there is no source “{name}”; did you mean “{near}”?")
_FAR = text("there is no source “{name}”: this condition never holds")


@dataclass(frozen=True, slots=True)
class Named:
    """A source's name as a query says it: its place in the file, and what stands before and behind it in the query."""

    name: str
    spot: Spot
    before: str
    behind: str


def sources(query: Query) -> Iterator[tuple[str, int, int]]:
    """Each name behind `source:`, its first and last character."""
    from smwatch.query.syntax import Value, walk  # noqa: PLC0415 - where queries are

    for node in walk(query.root):
        if isinstance(node, Value) and node.name == "source":
            yield node.text, node.spot.start, node.spot.end


def tell(report: Report, named: Iterable[Named], found: Sequence[Placed[Source]], tables: Sequence[Node]) -> None:
    """A warning for each name that no source has; none while a list of sources cannot be read."""
    read = {id(it.node) for it in found}
    if any("opml" in node.table and id(node) not in read for node in tables):
        return
    names = {it.it.name for it in found} | {str(it.table["name"].value) for it in tables if "name" in it.table}
    for one in named:
        if _is_known(one.name, names):
            continue
        near = words.nearest(one.name, names)
        if near is None or '"' in near:
            report.warning(one.spot, filled(_FAR, name=one.name))
            continue
        value = near if _PLAIN.fullmatch(near) else f'"{near}"'
        report.warning(one.spot, filled(_NEAR, name=one.name, near=near), f"{one.before}{value}{one.behind}")


def _is_known(name: str, names: Iterable[str]) -> bool:
    """Whether the condition holds for any of `names`, as the matching compares them."""
    from smwatch.query.document import same_value  # noqa: PLC0415 - where queries are
    from smwatch.query.steps import globbed  # noqa: PLC0415

    pieces = same_value(name).split("*")
    known = map(same_value, names)
    return any(globbed(pieces, it) if len(pieces) > 1 else it == pieces[0] for it in known)
