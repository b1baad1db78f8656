"""Queries inside the files: parsed here, so that a mistake is shown at its place in the TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.config import strings, unnamed, unsaid
from smwatch.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.config.document import Spot
    from smwatch.config.report import Report
    from smwatch.config.tree import Node
    from smwatch.query import Query


class Queries:
    """Parses with one watch's options and reports what does not parse."""

    def __init__(
        self,
        report: Report,
        lists: Mapping[str, tuple[str, ...]],
        parse: Callable[..., Any] | None = None,
        entries: Mapping[str, Sequence[Node]] | None = None,
    ) -> None:
        self.report = report
        self.lists = lists
        self._entries = entries or {}
        self.asked: list[unsaid.Asked] = []
        self.named: list[unnamed.Named] = []
        self._parse = parse

    def check(self, node: Node, watch: str, options: Mapping[str, Any], client: str | None = None) -> bool:
        """Whether the query in `node` parses; a mistake stops only `watch`, a term that does nothing is a warning."""
        if not isinstance(node.value, str):
            return True
        try:
            query = self._parser()(node.value, **options, lists=self.lists)
        except QueryError as error:
            spot = self._in_list(node.value[error.start : error.end], options)
            spot = spot or strings.inside(node, error.start, error.end)
            self.report.error(spot, error.sentence, next(iter(error.repairs), None), watch=watch)
            return False
        self._warn(node, query)
        for name, start, end, negated in unsaid.conditions(query):
            self.asked.append(unsaid.Asked(name, strings.inside(node, start, end), negated, client))
        for name, start, end in unnamed.sources(query):
            spot = strings.inside(node, start, end)
            self.named.append(unnamed.Named(name, spot, node.value[:start], node.value[end:]))
        return True

    def _in_list(self, name: str, options: Mapping[str, Any]) -> Spot | None:
        """The place of the first entry that is no word, where `name` is a list that has one."""
        name = name.strip('"')
        for entry in self._entries.get(name, ()):
            try:
                self._parser()(f'list:"{name}"', **options, lists={name: (entry.value,)})
            except QueryError:
                return strings.inside(entry, 0)
        return None

    def _warn(self, node: Node, query: Query) -> None:
        from smwatch.query import coverage  # noqa: PLC0415 - only where there are queries

        for remark in coverage.covered(query):
            self.report.warning(strings.inside(node, remark.spot.start, remark.spot.end), remark.sentence)

    def _parser(self) -> Callable[..., Any]:
        if self._parse is None:
            from smwatch.query import parse  # noqa: PLC0415 - only where there are queries

            self._parse = parse
        return self._parse
