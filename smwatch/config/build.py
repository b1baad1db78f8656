"""Files to a `Config`: every table read, every name resolved, every mistake in one report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from smwatch.config import reader, tables
from smwatch.config.crosscheck import CrossCheck
from smwatch.config.draft import Draft, Placed, place
from smwatch.config.model import Client, Config, DigestPlan, Http
from smwatch.config.plugged import keys_of
from smwatch.config.plugins import PluginTables
from smwatch.config.queries import Queries
from smwatch.config.report import Finding, Report, errors
from smwatch.config.sections import Sections
from smwatch.config.silences import Silences
from smwatch.config.tree import tree
from smwatch.config.unknown import Homes
from smwatch.i18n import text
from smwatch.model import Priority, Raise, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from smwatch.config.document import Document, Raw, Spot
    from smwatch.config.tree import Node
    from smwatch.plugin import Channel, Enricher, Source

DEFAULTS = Config()
CRON_FIELDS = 5


class Kinds(Protocol):
    """What the loader's registry brings: the classes behind `type =`."""

    @property
    def sources(self) -> Mapping[str, type[Source]]:
        """By the word behind `type =` in `[[source]]`."""

    @property
    def channels(self) -> Mapping[str, type[Channel]]:
        """By the word behind `type =` in `[channels.NAME]`."""

    @property
    def enrichers(self) -> Mapping[str, Enricher]:
        """By name; the config does not know them, the daemon runs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What came out: as much of a config as could be read, and every finding.

    `stopped` names the watches that have a query which does not parse; they are not in `config`. `places` are the
    tables of the sources by their names.
    """

    config: Config
    findings: tuple[Finding, ...]
    places: Mapping[str, Spot] = field(default_factory=dict)
    stopped: frozenset[str] = field(default_factory=frozenset)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The errors that stop more than one watch."""
        return tuple(it for it in errors(self.findings) if it.watch is None)


def build(raws: Sequence[Raw], kinds: Kinds, *, parse: Callable[..., Any] | None = None) -> Built:
    """Read `raws`, the operator's own file first. Never raises: what is wrong stands in the findings."""
    report = Report()
    documents = [reader.read(raw) for raw in raws]
    for document in documents:
        report.flaws(document)
    return _Builder(documents, kinds, report, parse).built()


class _Builder:
    def __init__(
        self, documents: Sequence[Document], kinds: Kinds, report: Report, parse: Callable[..., Any] | None
    ) -> None:
        self.documents = documents
        self.kinds = kinds
        self.report = report
        self.homes = Homes.of(_all_keys(kinds.sources.values()), _all_keys(kinds.channels.values()))
        self.sections = Sections([tree(it) for it in documents], self.homes, report)
        self.parse = parse
        self.draft = Draft()

    def built(self) -> Built:
        self._refuse_empty()
        general = self.sections.settings("smwatch")
        web, http = self.sections.settings("web"), self.sections.settings("http")
        self._clients()
        self._lists()
        self._plugin_tables()
        self._digests(general)
        self._watches()
        self._not_yet(general)
        resolved = CrossCheck(self.draft, self.sections, self.report, general, self.kinds).resolve()
        config = self._config(general, web, http, resolved)
        planned = Silences(self.sections, self.report, self.queries, config.timezone_for).planned(config.watches)
        config = replace(config, silences=planned)
        return Built(
            config=config,
            findings=self.report.findings(),
            places={placed.it.name: placed.node.spot for placed in self.draft.sources},
            stopped=frozenset(self.draft.stopped),
        )

    def _refuse_empty(self) -> None:
        """A file without any table is one that was cut off, not a wish for silence."""
        for document in self.documents:
            blank = not any(line.strip() for line in document.lines)
            if blank or (document is self.documents[0] and not document.values and not document.flaws):
                self.report.error(place(document), text("the file is empty: nothing would be watched"))

    def _clients(self) -> None:
        for node in self.sections.all("client"):
            values = self.sections.read(node, tables.CLIENT)
            if self.draft.is_new(node, self.draft.clients, self.report):
                kept = {k: v for k, v in values.items() if k != "people"}
                self.draft.clients[node.name] = Placed(Client(name=node.name, **kept), node)

    def _lists(self) -> None:
        for node in self.sections.all("list"):
            values = self.sections.read(node, tables.LIST)
            if self.draft.is_new(node, self.draft.lists, self.report):
                self.draft.lists[node.name] = Placed(values.get("words", ()), node)

    def _plugin_tables(self) -> None:
        plugins = PluginTables(self.kinds, self.homes, self.report, self.draft)
        for node in self.sections.all("channels"):
            plugins.channel(node)
        for node in self.sections.all("source"):
            plugins.source(node)

    def _digests(self, general: Mapping[str, Any]) -> None:
        for node in self.sections.all("digest"):
            values = self.sections.read(node, self._digest_table(node))
            if self.draft.is_new(node, self.draft.digests, self.report):
                self.draft.digests[node.name] = Placed(self._plan(node, values, general), node)

    @staticmethod
    def _digest_table(node: Node) -> tables.Table:
        """A cron line says the time itself: then `at` may be missing."""
        days = node.table.get("days")
        if days is None or not isinstance(days.value, str) or len(days.value.split()) != CRON_FIELDS:
            return tables.DIGEST
        keys = {**tables.DIGEST.keys, "at": replace(tables.DIGEST.keys["at"], required=False)}
        return replace(tables.DIGEST, keys=keys)

    def _plan(self, node: Node, values: Mapping[str, Any], general: Mapping[str, Any]) -> DigestPlan:
        found = self.draft.clients.get(values.get("client", ""))
        client = found.it if found else Client(name="")
        days = values.get("days", ("daily",))
        return DigestPlan(
            name=node.name,
            at=values.get("at", "00:00"),
            days="" if isinstance(days, str) else ",".join(days),
            cron=days if isinstance(days, str) else None,
            channels=values.get("channels", ()),
            period=values.get("period", "daily"),
            timezone=values.get("timezone") or client.timezone or general.get("timezone", DEFAULTS.timezone),
            language=values.get("language") or client.language or general.get("language", DEFAULTS.language),
            holidays=values.get("holidays") or client.holidays or general.get("holidays"),
            client=values.get("client"),
            shared=values.get("shared", False),
            where=self.draft.where(node),
        )

    def _watches(self) -> None:
        lists = {name: it.it for name, it in self.draft.lists.items()}
        entries = {name: it.node.table["words"].entries for name, it in self.draft.lists.items() if it.it}
        queries = self.queries = Queries(self.report, lists, self.parse, entries)
        for node in self.sections.all("watch"):
            values = self.sections.read(node, tables.WATCH, frozenset({"raise"}))
            raises = self._raises(node)
            name = values.get("name") or f"#{len(self.draft.watches) + 1}"
            if self._queries_parse(queries, node, name, values):
                self.draft.watches.append(Placed(self._watch(node, name, values, raises), node))
            else:
                self.draft.stopped.append(name)
                self.draft.stopped_nodes.append(node)
        self.draft.asked, self.draft.named = queries.asked, queries.named

    def _watch(self, node: Node, name: str, values: Mapping[str, Any], raises: tuple[Raise, ...]) -> Watch:
        later = ("name", "query", "trial")
        kept = {key: value for key, value in values.items() if key not in later}
        return Watch(name=name, query=values.get("query", ""), raises=raises, where=self.draft.where(node), **kept)

    def _raises(self, node: Node) -> tuple[Raise, ...]:
        entry = node.table.get("raise")
        if entry is None:
            return ()
        if entry.is_table:
            right = "[[watch.raise]]"
            self.report.error(
                entry.spot, text("write {right} with two brackets: there may be several", right=right), right
            )
        found = []
        for it in entry.entries or ([entry] if entry.is_table else []):
            values = self.sections.read(it, tables.RAISE) if it.is_table else {}
            if not it.is_table:
                self.report.error(
                    it.spot, text("here {right} with its keys is expected", right="[[watch.raise]]"), "[[watch.raise]]"
                )
            if "query" in values:
                found.append(Raise(query=values["query"], priority=values.get("priority", Priority.URGENT)))
        return tuple(found)

    @staticmethod
    def _queries_parse(queries: Queries, node: Node, name: str, values: Mapping[str, Any]) -> bool:
        """Whether the query, all exclusions and all raising rules of a watch parse."""
        options = {key: values[key] for key in ("dialect", "umlauts", "inflect") if key in values}
        nodes = [node.table["query"]] if "query" in values else []
        nodes += node.table["exclude"].entries if "exclude" in values else []
        raising = node.table.get("raise")
        for it in (raising.entries or [raising]) if raising else []:
            nodes += [it.table["query"]] if "query" in it.table else []
        client = values.get("client")
        return all([queries.check(it, name, options, client) for it in nodes])  # noqa: C419 - a list, so that all are reported

    def _not_yet(self, general: Mapping[str, Any]) -> None:
        """Tables and values that are known, and whose feature comes with a later version."""
        if general.get("history"):
            node = next(it.table["history"] for it in self.sections.all("smwatch") if "history" in it.table)
            self.report.warning(
                node.key, text("“{key}” has no effect yet: it comes with a later version", key="history")
            )

    def _config(
        self, general: Mapping[str, Any], web: Mapping[str, Any], http: Mapping[str, Any], resolved: Draft
    ) -> Config:
        kept = {k: v for k, v in general.items() if k not in ("include", "history_max", "plugins_dir", "holidays")}
        folder = general.get("plugins_dir")
        return Config(
            **{**kept, "ops": resolved.ops},
            plugins_dir=self._beside(folder) if folder else None,
            listen=web.get("listen", DEFAULTS.listen),
            http=Http(**http),
            anonymous_cases=self.sections.settings("privacy").get("cases") == "anonymous",
            channels={name: it.it for name, it in resolved.channels.items()},
            watches=tuple(it.it for it in resolved.watches),
            sources=tuple(it.it for it in resolved.sources),
            digests={name: it.it for name, it in resolved.digests.items()},
            clients={name: it.it for name, it in resolved.clients.items()},
            lists={name: it.it for name, it in resolved.lists.items()},
            files=tuple(it.path for it in self.documents),
        )

    def _beside(self, folder: str) -> Path:
        """Relative folders are looked up beside the operator's own file."""
        return self.documents[0].path.parent / folder


def _all_keys(classes: Iterable[type[Source | Channel]]) -> tuple[str, ...]:
    found = {key: None for it in classes for key in keys_of(it)}
    return tuple(key for key in found if key != "type")
