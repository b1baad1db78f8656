"""Sources that are sent to: whether anybody can reach them, and whether each has an address of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import text
from smwatch.plugin import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smwatch.config.draft import Placed
    from smwatch.config.report import Report
    from smwatch.config.tree import Node
    from smwatch.plugin import Source


def tell(report: Report, sources: Iterable[Placed[Source]], web: Sequence[Node]) -> None:
    """An error for each receiver that nobody can reach, or whose address is another one's."""
    shut = any("listen" in node.table and node.table["listen"].value == "" for node in web)
    seen: dict[str, Node] = {}
    for one in sources:
        if not isinstance(one.it, Receiver):
            continue
        address = one.it.address()
        earlier = seen.setdefault(address, one.node)
        spot = one.node.table.get("path", one.node.table.get("name", one.node)).spot
        if earlier is not one.node:
            sentence = text("/in/{address} is already the address of another source (line {line})")
            report.error(spot, text(sentence.template, address=address, line=earlier.spot.line))
        elif shut:
            report.error(
                spot,
                text("nobody can send to /in/{address}: [web] listen is turned off", address=address),
                'listen = "127.0.0.1:8787"',
            )
