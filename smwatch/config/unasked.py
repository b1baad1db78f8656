"""Parts of queries that a platform's search cannot be asked for: said beside the query, for each source that searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.config.draft import Placed
    from smwatch.config.report import Report
    from smwatch.model import Watch
    from smwatch.plugin import Source


def tell(
    report: Report,
    watches: Sequence[Placed[Watch]],
    sources: Sequence[Placed[Source]],
    lists: Mapping[str, Sequence[str]],
) -> None:
    """A warning at each query that a source, of its client or of nobody, can ask its platform for only in part."""
    asked = {(name, it.it.client): it.it.name for it in sources for name in it.it.searched()}
    if not asked:
        return
    from smwatch.query.searches import Searches  # noqa: PLC0415 - only where there is something to search

    nodes = {(it.it.client, it.it.name): it.node for it in watches}
    searches = Searches([it.it for it in watches], lists)
    for (platform, client), source in asked.items():
        for watch, pushed in searches.pushed(platform, client):
            node = nodes[watch.client, watch.name].table.get("query")
            if pushed.impossible is not None and node is not None:
                report.warning(node.spot, text("{source}: {what}", source=source, what=pushed.impossible))
