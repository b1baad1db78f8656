"""Queries inside the files: parsed here, so that a mistake is shown at its place in the TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.config import strings
from smwatch.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.config.report import Report
    from smwatch.config.tree import Node


class Queries:
    """Parses with one watch's options and reports what does not parse."""

    def __init__(
        self, report: Report, lists: Mapping[str, tuple[str, ...]], parse: Callable[..., Any] | None = None
    ) -> None:
        self.report = report
        self.lists = lists
        self._parse = parse

    def check(self, node: Node, watch: str, options: Mapping[str, Any]) -> bool:
        """Whether the query in `node` parses; a mistake stops only `watch`."""
        if not isinstance(node.value, str):
            return True
        try:
            self._parser()(node.value, **options, lists=self.lists)
        except QueryError as error:
            spot = strings.inside(node, error.start, error.end)
            self.report.error(spot, error.sentence, next(iter(error.repairs), None), watch=watch)
            return False
        return True

    def _parser(self) -> Callable[..., Any]:
        if self._parse is None:
            from smwatch.query import parse  # noqa: PLC0415 - only where there are queries

            self._parse = parse
        return self._parse
