"""The running daemon, its web port, and its systemd unit."""

from __future__ import annotations

import errno
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch.doctor.finding import Finding, note, ok, warning, wrong
from smwatch.doctor.machine import shown_in
from smwatch.errors import UserError, system_reason
from smwatch.i18n import text
from smwatch.store.place import state_folder
from smwatch.web.control import ask_daemon
from smwatch.web.server import read_listen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.config.model import Config

INSTALL = "deploy/README.md"


async def daemon(config: Config) -> tuple[Finding, bool]:
    """Whether it answers on its control socket, and whether it runs."""
    try:
        said: Mapping[str, Any] | None = await ask_daemon(config.store, state_folder(config.store), "status")
    except UserError as error:
        return wrong("daemon", error.sentence), True
    if said is None:
        return note("daemon", text("smwatch is not running."), text("start it: smwatch run")), False
    if not said.get("alive"):
        return wrong("daemon", text("smwatch runs, but makes no progress"), text("look into its log, restart it")), True
    since = shown_in(datetime.fromisoformat(str(said["since"])), config.timezone) if said.get("since") else "?"
    return ok("daemon", text("smwatch has been running since {moment}.", moment=since)), True


def web_port(config: Config, *, daemon_runs: bool) -> Finding:
    """Whether the status page can be shown where the configuration wants it."""
    try:
        listen = read_listen(config.listen, config.public_url)
    except UserError as error:
        return wrong("web", error.sentence)
    if listen is None:
        return note("web", text("the status page and /healthz are turned off"))
    if daemon_runs:
        return ok("web", text("the status page is at {address}", address=f"http://{config.listen}/"))
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listen.host, listen.port))
    except OSError as error:
        taken = text("{address} is taken by another program", address=config.listen)
        reason = (
            taken
            if error.errno == errno.EADDRINUSE
            else text("{address}: {reason}", address=config.listen, reason=system_reason(error))
        )
        return wrong("web", reason, text('choose another port: [web] listen = "127.0.0.1:8788"'))
    return ok("web", text("{address} is free for the status page", address=config.listen))


def systemd(unit: Mapping[str, str] | None, *, in_charge: bool) -> tuple[Finding, ...]:
    """The installed unit: whether it has failed, and whether it hears of the daemon's state."""
    if unit is None:
        hint = text("smwatch is not installed as a service; {file} says how", file=INSTALL)
        return (note("systemd", hint),) if in_charge else ()
    found = []
    if unit.get("ActiveState") == "failed":
        found.append(wrong("systemd", text("the service has failed"), text("journalctl -u smwatch -n 50 says why")))
    if unit.get("Type") != "notify":
        found.append(warning("systemd", text("the unit has no Type=notify: systemd does not know when it is ready"),
                             text("take the unit of {folder}", folder="deploy/smwatch.service")))  # fmt: skip
    if unit.get("WatchdogUSec", "0") in {"0", "infinity"}:
        found.append(warning("systemd", text("the unit has no WatchdogSec=: a deaf daemon is not started again"),
                             text("take the unit of {folder}", folder="deploy/smwatch.service")))  # fmt: skip
    return tuple(found) or (ok("systemd", text("the service is installed, and hears of the daemon's state")),)
