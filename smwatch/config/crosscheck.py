"""What no table knows by itself: names that point to others, clients kept apart, watches that lead nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smwatch.config import doors, unasked, unnamed, unsaid, words
from smwatch.config.draft import Draft, Placed, filled
from smwatch.i18n import Text, text
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from smwatch.config.model import DigestPlan
    from smwatch.config.report import Report
    from smwatch.config.sections import Sections
    from smwatch.config.tree import Node
    from smwatch.model import Watch

RANK = {Priority.DIGEST_ONLY: 0, Priority.NORMAL: 1, Priority.URGENT: 2}


class CrossCheck:
    """Checks a draft as a whole and resolves its names."""

    def __init__(
        self, draft: Draft, sections: Sections, report: Report, general: Mapping[str, Any], kinds: object
    ) -> None:
        self.draft = draft
        self.sections = sections
        self.report = report
        self.general = general
        self.kinds = kinds

    def resolve(self) -> Draft:
        """The draft with every name checked and every default filled in."""
        self._names()
        self._references()
        self._plugins()
        self._clients_exist()
        self._routes()
        self._empty_digests()
        self._apart()
        unsaid.tell(self.report, self.draft.asked, self.draft.sources)
        unnamed.tell(self.report, self.draft.named, self.draft.sources, self.sections.all("source"))
        lists = {name: it.it for name, it in self.draft.lists.items()}
        unasked.tell(self.report, self.draft.watches, self.draft.sources, lists)
        doors.tell(self.report, self.draft.sources, self.sections.all("web"))
        self._something_to_do()
        self.draft.ops = self._ops()
        return self.draft

    # names

    def _names(self) -> None:
        self._unique("watch", [(it.it.name, it.node) for it in self.draft.watches])
        self._unique("source", [(it.it.name, it.node) for it in self.draft.sources])
        self._same_address()

    def _unique(self, kind: str, found: Iterable[tuple[str, Node]]) -> None:
        seen: dict[str, Node] = {}
        for name, node in found:
            earlier = seen.setdefault(name.strip().casefold(), node)
            if earlier is not node:
                it = node.table.get("name", node)
                self.report.error(it.spot, _twice(kind, name, earlier))

    def _same_address(self) -> None:
        """Two sources of one address and client would be one: the second is left out."""
        seen: dict[tuple[str, str, str | None], Node] = {}
        kept = []
        for it in self.draft.sources:
            key = (it.it.type, it.it.key(), it.it.client)
            earlier = seen.setdefault(key, it.node)
            if earlier is it.node:
                kept.append(it)
                continue
            spot = it.node.table.get("url", it.node).spot
            self.report.warning(
                spot, text("this address is already read (line {line}); it is left out here", line=earlier.spot.line)
            )
        self.draft.sources = kept

    # references

    def _references(self) -> None:
        channels, digests = self.draft.known_channels, self._digest_names()
        for node in self.sections.all("watch"):
            self._known(node.table.get("alert"), channels, "channel", digests)
            self._known(node.table.get("digest"), digests, "digest", channels)
            self._known(node.table.get("escalate"), channels, "channel")
        for node in self.sections.all("digest"):
            self._known(node.table.get("channels"), channels, "channel", digests)
        for node in (*self.sections.all("smwatch"), *self.sections.all("client")):
            self._known(node.table.get("ops"), channels, "channel", digests)
        for node in self.sections.all("client"):
            self._known(node.table.get("channels"), channels, "channel")
        for name, node in self.draft.known_channels.items():
            self._fallback(name, node)
        watches = [it.it.name for it in self.draft.watches] + self.draft.stopped
        for node in self.sections.all("silence"):
            self._known(node.table.get("watch"), watches, "watch")

    def _digest_names(self) -> list[str]:
        return [node.name for node in self.sections.all("digest")]

    def _fallback(self, name: str, node: Node) -> None:
        it = node.table.get("fallback")
        if it is not None and it.value == name:
            self.report.error(it.spot, text("a channel cannot be its own fallback"))
        self._known(it, [other for other in self.draft.known_channels if other != name], "channel")
        if it is not None and self._in_a_circle(name):
            self.report.error(it.spot, text("the channels that stand in for each other go round in a circle"))

    def _in_a_circle(self, name: str) -> bool:
        """Whether following `fallback` from a channel leads back to it."""
        place, seen = self._stand_in(name), {name}
        while place is not None and place not in seen:
            seen.add(place)
            place = self._stand_in(place)
        return place == name and len(seen) > 1

    def _stand_in(self, name: str) -> str | None:
        node = self.draft.known_channels.get(name)
        it = node.table.get("fallback") if node else None
        return it.value if it is not None and isinstance(it.value, str) else None

    def _known(self, node: Node | None, names: Collection[str], kind: str, others: Collection[str] = ()) -> None:
        if node is None:
            return
        for it in node.entries or ([node] if isinstance(node.value, str) else []):
            if not isinstance(it.value, str) or it.value in names or {it.value, "*"} & it.spot.document.lost:
                continue
            if it.value in self.sections.excused:
                continue
            self.report.error(it.spot, *_unknown(it.value, names, kind, others))

    def _plugins(self) -> None:
        """Names of plugins, where the registry says which of them were found."""
        unloaded = getattr(self.kinds, "unloaded", None)
        found = {it.name: it.problem for it in getattr(self.kinds, "plugins", ())}
        named = [it.table["plugins"] for it in self.sections.all("smwatch") if "plugins" in it.table]
        for it in (entry for node in named for entry in node.entries):
            if unloaded is None or not isinstance(it.value, str):
                continue
            if it.value not in found:
                near = words.nearest(it.value, unloaded)
                self.report.error(it.spot, text("no plugin named {name} is installed", name=it.value), near)
            elif (problem := found[it.value]) is not None:
                self.report.warning(
                    it.spot, text("the plugin {name} is off: {problem}", name=it.value, problem=problem)
                )

    def _clients_exist(self) -> None:
        known = set(self.draft.clients)
        watched = {it.it.client for it in self.draft.watches} | {
            str(it.table["client"].value) for it in self.draft.stopped_nodes if "client" in it.table
        }
        for name in ("watch", "source", "digest", "channels", "silence"):
            for node in self.sections.all(name):
                it = node.table.get("client")
                if it is None or not isinstance(it.value, str) or not it.value.strip():
                    continue
                if known and it.value not in known:
                    self.report.error(it.spot, *_unknown(it.value, known, "client", ()))
                elif name != "watch" and it.value not in watched:
                    self._clientless(it, name, {one for one in watched if one})

    def _clientless(self, node: Node, table: str, watched: Collection[str]) -> None:
        near = words.nearest(node.value, watched)
        if near:
            self.report.error(node.spot, *_unknown(node.value, watched, "client", ()))
        elif table == "source":
            self.report.warning(node.spot, text("no watch belongs to the client “{name}”", name=node.value))

    # routes

    def _routes(self) -> None:
        self.draft.watches = [self._routed(it) for it in self.draft.watches]

    def _routed(self, placed: Placed[Watch]) -> Placed[Watch]:
        watch, node = placed.it, placed.node
        if not watch.active:
            return placed
        self._raises(watch, node)
        if watch.alert and watch.priority is Priority.DIGEST_ONLY and not watch.raises and "priority" in node.table:
            self.report.warning(
                node.table["priority"].spot,
                text("with this priority the watch never alerts, although “alert” names channels"),
            )
        if watch.alert or watch.digest or {"alert", "digest"} & set(node.table) & node.spot.document.lost:
            return placed
        digests = tuple(name for name, it in self.draft.digests.items() if self._takes(it.it, watch))
        if not digests:
            self._leads_nowhere(node)
        return Placed(replace(watch, digest=digests), node)

    def _leads_nowhere(self, node: Node) -> None:
        self.report.warning(
            node.spot,
            text("this watch leads nowhere: it names neither “alert” nor “digest”, and no digest takes it"),
            "digest",
        )

    def _empty_digests(self) -> None:
        """A digest to which no watch leads would say "quiet" for ever."""
        told = {name for it in self.draft.watches for name in it.it.digest}
        astray = any(not (it.it.active and (it.it.alert or it.it.digest)) for it in self.draft.watches)
        if not self.draft.watches or astray or self.report.has_errors:
            return  # a watch that rests, or that was told of already, may be meant to lead there
        for name, placed in self.draft.digests.items():
            if name not in told:
                self.report.warning(
                    placed.node.spot,
                    text("no watch leads to this digest: name it in the “digest” of a watch, or it stays empty"),
                    f'digest = ["{name}"]',
                )

    def _takes(self, digest: DigestPlan, watch: Watch) -> bool:
        """Whether a digest takes a watch that names none: it is of the same client, or of nobody in particular."""
        if digest.client is not None or watch.client is None:
            return digest.client == watch.client
        owners = {it.it.client for it in self.draft.watches if digest.name in it.it.digest and it.it.client}
        return owners <= {watch.client}

    def _raises(self, watch: Watch, node: Node) -> None:
        raising = node.table.get("raise")
        if raising is None:
            return
        first = (raising.entries or [raising])[0]
        empty = "alert" not in node.table or node.table["alert"].value == []
        if not watch.alert and empty and not {"alert", "*"} & node.spot.document.lost:
            self.report.error(
                first.spot, text("a watch without “alert” cannot be raised: name its channels in “alert”"), "alert"
            )
        for rule, it in zip(watch.raises, raising.entries or [raising], strict=False):
            if RANK[rule.priority] <= RANK[watch.priority] and "priority" in it.table:
                self.report.warning(
                    it.table["priority"].spot, text("this does not raise anything: the watch has that priority already")
                )

    # clients are kept apart

    def _apart(self) -> None:
        for name, placed in self.draft.digests.items():
            clients = self._clients_of_digest(name)
            self._one_client(placed.node, placed.it.client, clients, shared=placed.it.shared)
        for name, channel in self.draft.channels.items():
            owner = channel.it.client or next(
                (c for c, it in self.draft.clients.items() if name in it.it.channels), None
            )
            self._one_client(channel.node, owner, self._clients_of_channel(name), shared=channel.it.shared)
        self._shares_of_voice()

    def _clients_of_digest(self, name: str) -> dict[str, Node]:
        return {it.it.client: it.node for it in self.draft.watches if name in it.it.digest and it.it.client}

    def _clients_of_channel(self, name: str, seen: frozenset[str] = frozenset()) -> dict[str, Node]:
        """The clients that a channel is told of, also where it stands in for another one."""
        found = {
            client: node
            for other in self.draft.known_channels
            if self._stand_in(other) == name and other not in seen
            for client, node in self._clients_of_channel(other, seen | {name}).items()
        }
        found |= {it.it.client: it.node for it in self.draft.watches if name in it.it.alert and it.it.client}
        for digest, placed in self.draft.digests.items():
            if name in placed.it.channels and not placed.it.shared:
                clients = {placed.it.client: placed.node} if placed.it.client else self._clients_of_digest(digest)
                found = {**clients, **found}
        return found

    def _one_client(self, node: Node, owner: str | None, clients: Mapping[str, Node], *, shared: bool) -> None:
        if shared:
            return
        strangers = sorted(set(clients) - {owner}) if owner else sorted(clients)[1:]
        if not strangers:
            return
        one = owner or min(clients)
        self.report.error(
            node.spot,
            text(
                "“{name}” would hold two clients, {one} and {other}: give each its own, or write shared = true",
                name=node.name,
                one=one,
                other=strangers[0],
            ),
            "shared = true",
        )

    def _shares_of_voice(self) -> None:
        compared: dict[str, list[Placed[Watch]]] = {}
        for it in self.draft.watches:
            if it.it.share_of_voice:
                compared.setdefault(it.it.share_of_voice, []).append(it)
        for word, watches in compared.items():
            clients = sorted({it.it.client for it in watches if it.it.client})
            if len(clients) > 1 and not any(it.it.shared for it in watches):
                self.report.error(
                    watches[-1].node.table["share_of_voice"].spot,
                    text(
                        "the comparison “{name}” would hold two clients, {one} and {other}; if meant: shared = true",
                        name=word,
                        one=clients[0],
                        other=clients[1],
                    ),
                    "shared = true",
                )

    # the whole

    def _something_to_do(self) -> None:
        root = self.sections.roots[0]
        if any(root.spot.document.flaws) or not root.table:
            return
        if not self.sections.all("watch"):
            self.report.warning(root.spot, text("there is no [[watch]]: nothing is looked for"), "[[watch]]")
        if not self.sections.all("source"):
            self.report.warning(root.spot, text("there is no [[source]]: nothing is read"), "[[source]]")

    def _ops(self) -> tuple[str, ...]:
        """The named channels, or the first that alerts, or the first of a digest, or the first at all.

        Where there are several clients, a channel of none of them rather than one of theirs.
        """
        named: tuple[str, ...] = self.general.get("ops", ())
        alerting = [name for it in self.draft.watches for name in it.it.alert]
        digesting = [name for it in self.draft.digests.values() for name in it.it.channels]
        known = [name for name in (*alerting, *digesting, *self.draft.channels) if name in self.draft.channels]
        clients = {it.it.client for it in self.draft.watches} - {None}
        house = [it for it in known if not (self.draft.channels[it].it.client or self._clients_of_channel(it))]
        chosen = house if len(clients) > 1 and house else known
        return tuple(name for name in named if name in self.draft.channels) or tuple(chosen[:1])


def _twice(kind: str, name: str, earlier: Node) -> Text:
    return filled(TWICE[kind], name=name, file=earlier.spot.document.path.name, line=earlier.spot.line)


def _unknown(value: str, names: Collection[str], kind: str, others: Collection[str]) -> tuple[Text, str | None]:
    close, far, other = UNKNOWN[kind]
    only = next(iter(names)) if len(names) == 1 else None
    if value in others and other is not None:
        return filled(other, name=value), only
    near = words.nearest(value, names)
    if near:
        return filled(close, name=value, near=near), near
    return filled(far, name=value, known=", ".join(sorted(names)) or "–"), only


TWICE: Mapping[str, Text] = {
    "watch": text("two watches are called “{name}”; the first is in {file}, line {line}"),
    "source": text("two sources are called “{name}”; the first is in {file}, line {line}"),
}
UNKNOWN: Mapping[str, tuple[Text, Text, Text | None]] = {
    "channel": (
        text("there is no channel “{name}”; did you mean “{near}”?"),
        text("there is no channel “{name}”; there are: {known}"),
        text("“{name}” is a digest, not a channel"),
    ),
    "digest": (
        text("there is no digest “{name}”; did you mean “{near}”?"),
        text("there is no digest “{name}”; there are: {known}"),
        text("“{name}” is a channel, not a digest"),
    ),
    "client": (
        text("there is no client “{name}”; did you mean “{near}”?"),
        text("there is no client “{name}”; there are: {known}"),
        None,
    ),
    "watch": (
        text("there is no watch “{name}”; did you mean “{near}”?"),
        text("there is no watch “{name}”; there are: {known}"),
        None,
    ),
}
