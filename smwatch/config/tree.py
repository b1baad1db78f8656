"""The values of a document with their places: what tomli read, located by toml-rs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli

from smwatch.config import scan
from smwatch.config.document import Document, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value: a table (dict of nodes), a list of nodes, or a plain TOML value.

    `spot` is where the value stands (a table's heading), `key` where its key stands. `raw` is the value as written,
    with its quotes; empty for tables.
    """

    value: Any
    spot: Spot
    key: Spot
    path: Path
    raw: str = ""

    @property
    def name(self) -> str:
        """The last key of the path."""
        return next((str(step) for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def is_table(self) -> bool:
        """Whether this is a table."""
        return isinstance(self.value, dict)

    @property
    def table(self) -> dict[str, Node]:
        """The nodes of a table; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entries(self) -> list[Node]:
        """The nodes of a list; empty for anything else."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:  # noqa: ANN401 - any TOML value
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for node in self.table.values() if self.is_table else self.entries:
            yield from node.walk()


def tree(document: Document) -> Node:
    """The root table of `document`."""
    return _Planter(document).root()


class _Planter:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.lines = list(document.parsed)
        self.headers = dict(_headers(self.lines))
        self.start = Spot(document=document, line=1)

    def root(self) -> Node:
        return self._node(self.document.values, self._meta(), (), self.start)

    def _meta(self) -> Any:  # noqa: ANN401 - toml-rs's nested dicts
        import toml_rs  # noqa: PLC0415 - 5 MB, which the daemon does not need for a large config (`apart`)

        try:
            return toml_rs.load_with_metadata("\n".join(self.lines)).meta["nodes"]
        except (ValueError, RecursionError):
            return {}  # it reads some corners of TOML differently: places are then those of the headings

    def _node(self, value: Any, meta: Any, path: Path, key: Spot) -> Node:  # noqa: ANN401 - any TOML value, toml-rs's dicts
        located = _is_located(meta)
        spot = self._value_spot(meta) or self._header_spot(path) or key
        inner = meta.get("value") if located else meta
        if isinstance(value, dict):
            return self._table(value, inner if isinstance(inner, dict) else {}, path, key, spot)
        if isinstance(value, list):
            metas = inner if isinstance(inner, list) else []
            nodes = [
                self._node(it, metas[n] if n < len(metas) else {}, (*path, n), self._header_spot((*path, n)) or spot)
                for n, it in enumerate(value)
            ]
            return Node(value=nodes, spot=spot, key=key, path=path, raw=_raw(meta))
        return Node(value=value, spot=spot, key=key, path=path, raw=_raw(meta))

    def _table(self, value: dict[str, Any], metas: Mapping[str, Any], path: Path, key: Spot, spot: Spot) -> Node:
        nodes: dict[str, Node] = {}
        for name, it in value.items():
            meta = metas.get(name, {})
            here = self._key_spot(meta) or self._word_spot((*path, name)) or self._inside(meta)
            nodes[name] = self._node(it, meta, (*path, name), here or spot)
        return Node(value=nodes, spot=spot, key=key, path=path)

    def _header_spot(self, path: Path) -> Spot | None:
        found = self.headers.get(path)
        return Spot(document=self.document, line=found[0], column=found[1], width=found[2]) if found else None

    def _word_spot(self, path: Path) -> Spot | None:
        """Where the last word of `path` stands in the first heading that begins with it."""
        for steps, (line, _, _) in self.headers.items():
            if steps[: len(path)] == path:
                text = self.lines[line - 1]
                at = text.find(str(path[-1]), text.find("["))
                return Spot(document=self.document, line=line, column=max(at, 0) + 1, width=len(str(path[-1])))
        return None

    def _key_spot(self, meta: Any) -> Spot | None:  # noqa: ANN401 - toml-rs's dicts
        if not _is_located(meta) or "key_line" not in meta:
            return None
        return self._spot(meta["key_line"], meta.get("key_col", 1))

    def _value_spot(self, meta: Any) -> Spot | None:  # noqa: ANN401 - toml-rs's dicts
        if not _is_located(meta) or "value_line" not in meta:
            return None
        return self._spot(meta["value_line"], meta.get("value_col", 1))

    def _inside(self, meta: Any) -> Spot | None:  # noqa: ANN401 - toml-rs's dicts
        """The line of a dotted key (`a.b = 1`): toml-rs gives a place to its last part only."""
        while isinstance(meta, dict) and meta and not _is_located(meta):
            meta = next(iter(meta.values()))
        found = self._key_spot(meta)
        if found is None:
            return None
        line = self.lines[found.line - 1]
        return Spot(document=self.document, line=found.line, column=len(line) - len(line.lstrip()) + 1)

    def _spot(self, line: int | tuple[int, int], column: int | tuple[int, int]) -> Spot:
        """A place from toml-rs, whose columns count bytes."""
        first, last = line if isinstance(line, tuple) else (line, line)
        start, end = column if isinstance(column, tuple) else (column, column)
        text = self.lines[first - 1] if first <= len(self.lines) else ""
        at = _characters(text, start - 1)
        width = _characters(text, end) - at if first == last else len(text) - at
        return Spot(document=self.document, line=first, column=at + 1, width=max(width, 1))


def _is_located(meta: Any) -> bool:  # noqa: ANN401 - toml-rs's dicts
    """Whether these are toml-rs's notes on one value, and not a table that happens to have such keys."""
    return isinstance(meta, dict) and (
        isinstance(meta.get("value_raw"), str) or isinstance(meta.get("key_raw"), str) or _is_entry(meta)
    )


def _is_entry(meta: Mapping[str, Any]) -> bool:
    return isinstance(meta.get("value_line"), int | tuple)


def _raw(meta: Any) -> str:  # noqa: ANN401 - toml-rs's dicts
    return meta["value_raw"] if _is_located(meta) and isinstance(meta.get("value_raw"), str) else ""


def _characters(line: str, octets: int) -> int:
    return octets if line.isascii() else len(line.encode()[:octets].decode(errors="ignore"))


def _headers(lines: list[str]) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Where each table's heading stands: its path with list positions → (line, column, width)."""
    counts: dict[Path, int] = {}
    for statement in scan.statements(lines):
        if not statement.header:
            continue
        line = lines[statement.start - 1]
        steps = _steps(line)
        if not steps:
            continue
        path = (*_resolve(steps[:-1], counts), steps[-1])
        if line.lstrip().startswith("[["):
            counts[path] = counts.get(path, -1) + 1
            path = (*path, counts[path])
        bare = line.partition("#")[0] if '"' not in line and "'" not in line else line
        at = len(line) - len(line.lstrip())
        yield path, (statement.start, at + 1, len(bare.strip()))


def _steps(line: str) -> list[str]:
    """`[[watch.raise]]` → `["watch", "raise"]`."""
    try:
        found: Any = tomli.loads(line)
    except (ValueError, RecursionError):
        return []
    steps = []
    while found:
        found = found[0] if isinstance(found, list) else found
        if not found:
            break
        steps.append(next(iter(found)))
        found = found[steps[-1]]
    return steps


def _resolve(steps: list[str], counts: Mapping[Path, int]) -> Path:
    """The path with the number of the list entry that each step means now: always the last one."""
    path: Path = ()
    for step in steps:
        path = (*path, step)
        if path in counts:
            path = (*path, counts[path])
    return path
