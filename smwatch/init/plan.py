"""What `init` writes: one channel, the brand's watch, up to three sources, one digest. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

from smwatch.i18n import text
from smwatch.init.brand import query_for, query_for_all, short_name
from smwatch.message.escape import tame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BERLIN = "Europe/Berlin"
STARTTLS, TLS, PLAIN = 587, 465, 25
NAMES: Mapping[str, Mapping[str, str]] = {
    "de": {"digest": "morgens", "days": "werktags", "competition": "Wettbewerb", "email": "presse"},
    "en": {"digest": "mornings", "days": "workdays", "competition": "Competition", "email": "press"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a secret is kept: `{ env = "X" }`, `{ file = "…" }` or `{ credential = "…" }`."""

    kind: Literal["env", "file", "credential"]
    place: str

    def toml(self) -> str:
        """As it stands in the file."""
        return f"{{ {self.kind} = {quoted(self.place)} }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The mail server; without a port the usual one."""

    host: str = "localhost"
    port: int | None = None
    user: str | None = None
    password: Secret | None = None

    @property
    def tls(self) -> str:
        """Encrypted, except on this machine itself or at port 25, and there only without a login."""
        if self.port == TLS:
            return "tls"
        plain = self.port == PLAIN or (_is_here(self.host) and self.port != STARTTLS)
        return "none" if plain and self.user is None else "starttls"

    def toml(self) -> str:
        """As it stands in the file."""
        port = self.port or (PLAIN if self.tls == "none" else STARTTLS)
        parts = [f"host = {quoted(self.host)}", f"port = {port}", f"tls = {quoted(self.tls)}"]
        if self.user is not None:
            parts.append(f"user = {quoted(self.user)}")
        if self.password is not None:
            parts.append(f"password = {self.password.toml()}")
        return f"{{ {', '.join(parts)} }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Who is told, and how."""

    kind: Literal["console", "slack", "email"] = "console"
    webhook: Secret | None = None
    token: Secret | None = None
    slack_channel: str = ""
    to: tuple[str, ...] = ()
    smtp: Smtp = field(default_factory=Smtp)

    def name(self, language: str) -> str:
        """Its name in the file."""
        return {"console": "terminal", "slack": "pr", "email": words(language)["email"]}[self.kind]

    def lines(self) -> list[str]:
        """Its keys."""
        if self.kind == "email":
            return ['type = "email"', f"to = {listed(self.to)}", f"smtp = {self.smtp.toml()}"]
        if self.kind == "console":
            return ['type = "console"']
        if self.webhook is not None:
            return ['type = "slack"', f"webhook = {self.webhook.toml()}"]
        assert self.token is not None  # noqa: S101 - a Slack channel has one or the other
        return ['type = "slack"', f"channel = {quoted(self.slack_channel)}", f"token = {self.token.toml()}"]

    def secrets(self) -> tuple[Secret, ...]:
        """All that has to be put somewhere before it works."""
        found = (self.webhook, self.token, self.smtp.password if self.kind == "email" else None)
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed; its name comes from its title."""

    url: str
    name: str = ""
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All answers. `own` are the brand's own addresses, whose posts never alert."""

    language: str
    brand: str
    store: str
    channel: Channel = field(default_factory=Channel)
    competitors: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    own: tuple[str, ...] = ()
    timezone: str = BERLIN
    people: bool = False

    def toml(self) -> str:
        """The file."""
        parts = [self._general(), self._channel(), *self._watches(), *self._sources(), self._digest()]
        if self.people:
            parts.append(["[privacy]", "people = true"])
        return "\n\n".join("\n".join(part) for part in parts) + "\n"

    def _general(self) -> list[str]:
        about = text("“smwatch check” looks this file over; config.example.toml has every key.")
        lines = [f"# {about.render(self.language)}", "[smwatch]", f"language = {quoted(self.language)}"]
        if self.timezone != BERLIN:
            lines.append(f"timezone = {quoted(self.timezone)}")
        lines.append(f"store = {quoted(self.store)}")
        if self.own:
            lines.append(f"own_accounts = {listed(self.own)}")
        return lines

    def _channel(self) -> list[str]:
        return [f"[channels.{self.channel.name(self.language)}]", *self.channel.lines()]

    def _watches(self) -> list[list[str]]:
        named, channel = words(self.language), self.channel.name(self.language)
        digest = f"digest = {listed([named['digest']])}"
        brand = ["[[watch]]", f"name = {quoted(short_name(self.brand))}", f"query = {literal(query_for(self.brand))}"]
        found = [[*brand, f"alert = {listed([channel])}", digest]]
        if self.competitors:
            query = literal(query_for_all(self.competitors))
            found.append(["[[watch]]", f"name = {quoted(named['competition'])}", f"query = {query}", digest])
        return found

    def _sources(self) -> list[list[str]]:
        return [[*_source(one), *self._often()] for one in _distinct(self.sources)]

    def _often(self) -> list[str]:
        """On a terminal somebody waits for the first alert: ten minutes would look like a defect."""
        if self.channel.kind != "console":
            return []
        return [f'interval = "1m"   # {text("to try it out; without it every 10 minutes").render(self.language)}']

    def _digest(self) -> list[str]:
        named, channel = words(self.language), self.channel.name(self.language)
        when = ['at = "08:00"', f"days = {quoted(named['days'])}"]
        return [f"[digest.{named['digest']}]", *when, f"channels = {listed([channel])}"]


def _source(one: Source) -> list[str]:
    lines = ["[[source]]", *([f"name = {quoted(one.name)}"] if one.name else []), 'type = "feed"']
    lines.append(f"url = {quoted(one.url)}")
    return [*lines, "allow_private = true"] if one.allow_private else lines


def _distinct(sources: Sequence[Source]) -> Iterable[Source]:
    """Each address once; a name that occurs twice is left to the address."""
    names = [one.name for one in sources]
    for one in {one.url: one for one in sources}.values():
        yield one if names.count(one.name) == 1 else Source(url=one.url, allow_private=one.allow_private)


def words(language: str) -> Mapping[str, str]:
    """The names that stand in the file, in its language."""
    return NAMES["en" if language.startswith("en") else "de"]


def quoted(value: str) -> str:
    """A TOML string on one line, whatever is in it; what is not seen is left out."""
    return json.dumps(tame(value), ensure_ascii=False).replace("\x7f", "")


def literal(query: str) -> str:
    """A query as people would write it: in '…', or in '''…''' where it holds an apostrophe."""
    if "'" not in query:
        return f"'{query}'"
    return f"'''{query}'''" if "'''" not in query and not query.endswith("'") else quoted(query)


def listed(values: Iterable[str]) -> str:
    """A TOML list of strings."""
    return f"[{', '.join(map(quoted, values))}]"


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
