"""Group A in network namespaces of their own: a broken IPv6, no name server, no network. Needs root, `unshare`, `ip`."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = textwrap.dedent(
    """
    import asyncio, json, sys
    from smwatch.config.model import Http
    from smwatch.errors import SourceError
    from smwatch.fetch.client import Client
    from smwatch.fetch.request import Limits
    from smwatch.testing.servers import GOOD, FeedServer

    async def main(host, head):
        client = Client(Http(), limits=Limits(head=head, total=8.0, pause=0.0))
        async with FeedServer() as server:
            server.put("/feed.xml", GOOD)
            try:
                answer = await client.get(server.url("/feed.xml", host), allow_private=True)
                said = {"status": answer.status, "served": len(server.requests)}
            except SourceError as error:
                said = {"error": type(error).__name__, "reason": str(error)}
            finally:
                await client.close()
        print(json.dumps(said))

    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
    """
)


@functools.cache
def can_unshare() -> bool:
    if os.geteuid() or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    made = ["unshare", "--net", "--mount", "ip", "link", "set", "lo", "up"]
    return subprocess.run(made, check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_unshare(), reason="no network namespaces here (needs root, unshare, ip)")


def inside(folder: Path, *setup: str, host: str, head: float, hosts: str = "", resolv: str = "") -> dict[str, Any]:
    """What one request comes to in a namespace that `setup` prepares; `head` seconds until the answer's head."""
    for name, said in (("hosts", f"127.0.0.1 localhost\n{hosts}\n"), ("resolv.conf", resolv), ("request.py", REQUEST)):
        (folder / name).write_text(said)
    binds = [f"mount --bind {folder}/{name} /etc/{name}" for name in ("hosts", "resolv.conf")]
    run = f"exec {sys.executable} {folder}/request.py {host} {head}"
    script = "\n".join(["set -e", *binds, *setup, run])
    found = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    return dict(json.loads(found.stdout))


LOOPBACK = "ip link set lo up"


def test_where_ipv6_is_broken_the_other_address_serves_within_a_second(tmp_path: Path) -> None:
    """Nobody answers on that network: whoever waits for it waits for seconds."""
    broken = [
        "ip addr add 192.168.78.2/24 dev lo",
        "ip addr add fd00:7::1/64 dev lo",
        "ip -6 route add fd00:6::/64 dev lo",
    ]
    hosts = "fd00:6::2 acme.example\n127.0.0.1 acme.example"
    found = inside(tmp_path, LOOPBACK, *broken, host="acme.example", head=1.0, hosts=hosts)
    assert found == {"status": 200, "served": 1}


def test_without_a_name_server_names_do_not_resolve(tmp_path: Path) -> None:
    found = inside(
        tmp_path, LOOPBACK, host="acme.example", head=5.0, resolv="nameserver 127.0.0.53\noptions attempts:1\n"
    )
    assert found == {"error": "Transient", "reason": "the name acme.example cannot be resolved"}


def test_without_a_network_nothing_can_be_reached(tmp_path: Path) -> None:
    found = inside(tmp_path, LOOPBACK, host="192.168.77.1", head=5.0)
    assert found == {"error": "Transient", "reason": "192.168.77.1 cannot be reached"}


def test_packets_that_vanish_are_given_up_in_time(tmp_path: Path) -> None:
    found = inside(tmp_path, LOOPBACK, "ip route add 192.168.77.0/24 dev lo", host="192.168.77.1", head=0.5)
    assert found == {"error": "Transient", "reason": "192.168.77.1 does not answer in time"}
