"""Which addresses a request may reach: our own table, asked about the address that is really connected to.

`ipaddress.is_global` lets 14 of the vectors in the tests through (6to4, NAT64, multicast, site-local …).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

AddrInfo: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
Guard: TypeAlias = Callable[[AddrInfo], socket.socket]

REFUSED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
ALLOWED_6 = ipaddress.IPv6Network("2000::/3")  # all that is given out; the rest is refused unseen
REFUSED_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
PRIVATE = tuple(  # what `allow_private` admits; never link-local (cloud metadata), multicast and the rest
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7")
)


KNOWN = 8192  # addresses whose verdict is remembered: it never changes


class AddressRefused(Exception):
    """The guard's word: no connection was made. Not an OSError, so that nobody goes on to the next address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@lru_cache(maxsize=KNOWN)
def is_refused(address: str) -> bool:
    """Whether `address` (a literal, perhaps with a zone: `fe80::1%eth0`) may not be reached; nonsense is refused."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv4Address):
        return any(found in network for network in REFUSED_4)
    if found.ipv4_mapped is not None:
        return is_refused(str(found.ipv4_mapped))
    return found not in ALLOWED_6 or any(found in network for network in REFUSED_6)


@lru_cache(maxsize=KNOWN)
def is_private(address: str) -> bool:
    """Whether `address` is one that `allow_private` admits: this machine itself, and networks of one's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in PRIVATE)


def is_never_asked(address: str) -> bool:
    """Whether not even `allow_private` admits `address`."""
    return is_refused(address) and not is_private(address)


def is_literal(host: str) -> bool:
    """Whether `host` is an address and no name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def guarded_socket(addr_info: AddrInfo) -> socket.socket:
    """Aiohttp's `socket_factory`: a socket for an address that may be reached; raises AddressRefused."""
    if is_refused(str(addr_info[4][0])):
        raise AddressRefused(str(addr_info[4][0]))
    return _socket(addr_info)


def private_socket(addr_info: AddrInfo) -> socket.socket:
    """The same for sources with `allow_private`."""
    if is_never_asked(str(addr_info[4][0])):
        raise AddressRefused(str(addr_info[4][0]))
    return _socket(addr_info)


def _socket(addr_info: AddrInfo) -> socket.socket:
    family, kind, proto, _, _ = addr_info
    return socket.socket(family=family, type=kind, proto=proto)
