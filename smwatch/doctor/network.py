"""What the systemd unit would block: resolver, proxy, mail relay and end points with private addresses.

`DENIED` is the `IPAddressDeny=` of deploy/smwatch.service (a test compares them); this machine itself is allowed.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from smwatch.doctor.finding import Finding, note, ok, wrong
from smwatch.fetch.resolver import Resolver
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from smwatch.config.model import Config

DENIED = (
    *("169.254.0.0/16", "fe80::/64", "224.0.0.0/4", "ff00::/8"),  # link-local, multicast
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15"),
    *("240.0.0.0/4", "fc00::/7", "64:ff9b:1::/48", "2002::/16"),
)
NETWORKS = tuple(map(ipaddress.ip_network, DENIED))
SECONDS = 5.0  # for all names together
ENDPOINTS = ("api_url", "url", "webhook_url", "host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Somebody whom smwatch has to reach: `host` is a name or an address, `what` says who it is."""

    what: Text
    host: str


def is_blocked(address: str) -> bool:
    """Whether the unit's IPAddressDeny= covers `address`."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in network for network in NETWORKS if network.version == mapped.version)


def peers(config: Config, name_servers: Iterable[str]) -> tuple[Peer, ...]:
    """Everybody whom this configuration has to reach besides public sources."""
    found = [Peer(what=text("the name server"), host=address) for address in name_servers]
    if config.http.proxy and (host := urlsplit(config.http.proxy).hostname):
        found.append(Peer(what=text("the proxy"), host=host))
    for channel in config.channels.values():
        named = text("channel {channel}", channel=channel.name)
        found += [Peer(what=named, host=host) for host in _hosts(channel)]
    for source in config.sources:
        if source.allow_private:
            found += [Peer(what=text("source {source}", source=source.name), host=host) for host in _hosts(source)]
    return tuple(dict.fromkeys(found))


def _hosts(model: BaseModel) -> Iterator[str]:
    """The hosts that the keys of a channel or source name, also in tables inside it."""
    for key in type(model).model_fields:
        value: Any = getattr(model, key)
        if isinstance(value, BaseModel):
            yield from _hosts(value)
        elif isinstance(value, str) and key in ENDPOINTS and (host := _host(value)):
            yield host


def _host(value: str) -> str | None:
    try:
        return urlsplit(value).hostname if "://" in value else value
    except ValueError:
        return None


async def network(config: Config, name_servers: Sequence[str], unit: Mapping[str, str] | None) -> tuple[Finding, ...]:
    """The missing `IPAddressAllow=` lines: an error where the unit is installed without them, else good to know."""
    private = await _private(peers(config, name_servers))
    lacking = {address: what for address, what in private.items() if not _allowed(address, unit)}
    if not lacking:
        return (ok("network", text("the systemd unit blocks nothing that is needed")),)
    return tuple(_finding(address, what, installed=unit is not None) for address, what in lacking.items())


def _finding(address: str, what: Text, *, installed: bool) -> Finding:
    line = text("systemctl edit smwatch, and write below [Service]: IPAddressAllow={address}", address=address)
    if installed:
        return wrong(
            "network", text("{what} has the address {address}, which the unit blocks", what=what, address=address), line
        )
    told = text(
        "{what} has the private address {address}: the supplied systemd unit would block it", what=what, address=address
    )
    return note("network", told, line)


def _allowed(address: str, unit: Mapping[str, str] | None) -> bool:
    if unit is None:
        return False
    if not unit.get("IPAddressDeny"):
        return True
    found = ipaddress.ip_address(address)
    for written in unit.get("IPAddressAllow", "").split():
        try:
            if found in ipaddress.ip_network(written, strict=False):
                return True
        except ValueError:
            continue
    return False


async def _private(found: Sequence[Peer]) -> dict[str, Text]:
    """The blocked addresses behind `found`, each with its first owner; names that do not resolve are left out."""
    resolver = Resolver()
    blocked: dict[str, Text] = {}
    try:
        lookups = [asyncio.ensure_future(resolver.addresses(peer.host)) for peer in found]
        if lookups:
            await asyncio.wait(lookups, timeout=SECONDS)
        for peer, lookup in zip(found, lookups, strict=True):
            for address in _result(lookup):
                if is_blocked(address):
                    blocked.setdefault(address.partition("%")[0], peer.what)
    finally:
        await resolver.close()
    return blocked


def _result(lookup: asyncio.Future[list[str]]) -> list[str]:
    if not lookup.done():
        lookup.cancel()
        return []
    return [] if lookup.exception() is not None else lookup.result()
