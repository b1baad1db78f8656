"""Parts of queries that a platform's search cannot be asked for: said beside the query, once for each source."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
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
    searching = {(it.it.searched(), it.it.client): it.it.name for it in sources if it.it.searched()}
    if not searching:
        return
    from smwatch.query.searches import Searches  # noqa: PLC0415 - only where there is something to search

    for it in watches:
        node, searches = it.node.table.get("query"), Searches([it.it], lists)
        for (platforms, client), source in searching.items():
            with suppress(QueryError):  # that was said already
                told = [pushed.impossible for name in platforms for _, pushed in searches.pushed(name, client)]
                if node is not None and told and (what := told[-1]) is not None and all(told):
                    report.warning(node.spot, text("{source}: {what}", source=source, what=what))
