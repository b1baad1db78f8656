"""From trees to tables: which tables a file holds, whether it may hold them, and their plain keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.config import tables
from smwatch.config.document import Role
from smwatch.config.report import holds_literal_token, inner_password
from smwatch.config.secrets import SECRET_KINDS, read_secret
from smwatch.config.unknown import Homes, unknown_key, unknown_table
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.config.report import Report
    from smwatch.config.tables import Table
    from smwatch.config.tree import Node

LISTED = frozenset({"watch", "source", "silence"})
NAMED = frozenset({"channels", "digest", "client", "list"})


class Sections:
    """The tables of all files, in the right shape; everything else is reported once."""

    def __init__(self, roots: list[Node], homes: Homes, report: Report) -> None:
        self.homes = homes
        self.report = report
        self.roots = roots
        self.excused: set[str] = set()
        self._found: dict[str, list[Node]] = {}
        for root in roots:
            self._sort(root)

    def all(self, name: str) -> list[Node]:
        """The tables called `name`, in the order of the files; for named ones (`[digest.X]`) one a name."""
        return self._found.get(name, [])

    def settings(self, name: str) -> dict[str, Any]:
        """The keys of a table that stands once a file; later files win."""
        found: dict[str, Any] = {}
        for node in self.all(name):
            found |= self.read(node, tables.TABLES[name])
        return found

    def read(self, node: Node, table: Table, extra: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The values of a table's keys; `extra` are keys that somebody else reads."""
        found: dict[str, Any] = {}
        meant: set[str | None] = set()
        for key, it in node.table.items():
            if key in table.keys:
                value = table.keys[key].kind.read(it, self.report)
                self._later(it, table, key)
                if value is not None:
                    found[key] = value
            elif key not in extra:
                own = (*table.keys, *sorted(extra))
                meant.add(unknown_key(it, own, heading_of(node, table), self.homes, self.report))
        self._missing(node, table, meant)
        return found

    def _later(self, node: Node, table: Table, key: str) -> None:
        if table.keys[key].later and node.value not in (False, ""):
            self.report.warning(node.key, text("“{key}” has no effect yet: it comes with a later version", key=key))

    def _missing(self, node: Node, table: Table, meant: set[str | None]) -> None:
        lost = node.spot.document.lost
        for key, it in table.keys.items():
            if it.required and key not in node.table and key not in meant and not {key, "*"} & lost:
                heading = heading_of(node, table)
                self.report.error(node.spot, text("{heading} needs the key “{key}”", heading=heading, key=key), key)

    def _sort(self, root: Node) -> None:
        self._refuse_literal_secrets(root)
        people = root.spot.document.role is Role.PEOPLE
        for written, node in root.table.items():
            name = written
            if name not in tables.TABLES and name not in tables.PLUGIN_HEADINGS:
                name = unknown_table(node, self.homes, self.report) or ""
            if not name:
                continue
            if people and name not in tables.PEOPLES_TABLES:
                self._refuse_table(node)
            else:
                self._found.setdefault(name, []).extend(self._shaped(node, name))
        if people:
            self._refuse_peoples_keys(root)

    def _refuse_literal_secrets(self, root: Node) -> None:
        for node in root.walk():
            if isinstance(node.value, str) and holds_literal_token(node.value):
                self._refuse_literal_secret(node)

    def _refuse_literal_secret(self, node: Node) -> None:
        password = inner_password(node.value)
        if password is None:
            read_secret(node, self.report)
            return
        self.report.guard(password)
        self.report.error(
            node.spot, text("this address holds a password; secrets do not stand in the file, not even in an address")
        )

    def _refuse_table(self, node: Node) -> None:
        known = ", ".join(sorted(tables.PEOPLES_TABLES))
        sentence = text(
            "“{name}” may stand only in the operator's file; this one may hold: {known}", name=node.name, known=known
        )
        self.report.error(node.key, sentence)

    def _refuse_peoples_keys(self, root: Node) -> None:
        for node in root.walk():
            if node.name == "allow_private" and not node.is_table:
                self.report.error(node.key, text("“{key}” may stand only in the operator's file", key="allow_private"))
            elif node.is_table and node.table and set(node.table) <= set(SECRET_KINDS):
                self.report.error(node.spot, text("a secret may be named only in the operator's file"))

    def _shaped(self, node: Node, name: str) -> Iterator[Node]:
        if name in LISTED:
            yield from self._listed(node, name)
        elif name in NAMED:
            yield from self._named(node, name)
        elif name in tables.TABLES:
            yield from self._single(node, name)

    def _listed(self, node: Node, name: str) -> Iterator[Node]:
        right = f"[[{name}]]"
        if node.is_table:
            self.report.error(
                node.spot, text("write {right} with two brackets: there may be several", right=right), right
            )
            yield node
            return
        for entry in node.entries:
            if entry.is_table:
                yield entry
            else:
                self.report.error(entry.spot, text("here {right} with its keys is expected", right=right), right)
        if not isinstance(node.value, list):
            self.report.error(node.spot, text("here {right} with its keys is expected", right=right), right)

    def _single(self, node: Node, name: str) -> Iterator[Node]:
        right = f"[{name}]"
        if node.is_table:
            yield node
            return
        self.report.error(
            node.spot, text("write {right}: it stands only once, with one pair of brackets", right=right), right
        )
        yield from (entry for entry in node.entries[:1] if entry.is_table)

    def _named(self, node: Node, name: str) -> Iterator[Node]:
        for entry in node.table.values():
            if entry.is_table:
                yield entry
            elif entry.entries and entry.entries[0].is_table:
                right = f"[{name}.{entry.name}]"
                self.report.error(entry.spot, text("write {right} with one pair of brackets", right=right), right)
                yield entry.entries[0]
        if not node.is_table or any(not it.is_table and not it.entries for it in node.table.values()):
            self._nameless(node, name)

    def _nameless(self, node: Node, name: str) -> None:
        """`[digest]` or `[[digest]]` instead of `[digest.morgens]`."""
        inner = node.table or (node.entries[0].table if node.entries else {})
        called = inner["name"].value if "name" in inner and isinstance(inner["name"].value, str) else "NAME"
        right = f"[{name}.{called}]"
        self.excused.add(called)
        loose = next((it for it in node.table.values() if not it.is_table), None)
        spot = loose.key if loose else node.spot
        self.report.error(spot, text("the name stands in the heading: write {right}", right=right), right)


def heading_of(node: Node, table: Table | None = None) -> str:
    """The heading of a table as it stands in the file: `[digest.morgens]`."""
    if table is not None and not table.named:
        return table.heading
    return f"[{'.'.join(str(step) for step in node.path if isinstance(step, str))}]"
