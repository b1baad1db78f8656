"""`doctor`: each finding with its reason and its fix; exit 3 only where something is wrong."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.email import EmailChannel
from smwatch.plugins.feed import FeedSource
from smwatch.plugins.slack import SlackChannel
from smwatch.plugins.webhook import WebhookChannel

import smwatch
from smwatch.config.model import Config, Http
from smwatch.doctor import libraries, network, service, sources, storage
from smwatch.doctor.channels import channels
from smwatch.doctor.files import coverage
from smwatch.doctor.libraries import asked_for
from smwatch.doctor.machine import BUILT, Machine, judged
from smwatch.doctor.system import lend_credentials, libraries_here, machine_here, name_servers
from smwatch.i18n import text
from smwatch.model import SourceState
from smwatch.secret import Secret
from smwatch.store.db import Store

if TYPE_CHECKING:
    from cli_world import World

    from smwatch.doctor.finding import Finding
    from smwatch.testing.fake_slack import FakeSlack

NOW = BUILT + timedelta(days=10)
GOOD = Machine(
    python=(3, 13, 12), expat=(2, 7, 1), sqlite=(3, 51, 3), openssl="OpenSSL 3.5.1", openssl_version=(3, 5),
    now=NOW, synchronised=True,
)  # fmt: skip
UNIT = Path(smwatch.__file__).parent.parent / "deploy" / "smwatch.service"


def _by_name(found: tuple[Finding, ...]) -> dict[str, Finding]:
    return {one.name: one for one in found}


# --- sources -----------------------------------------------------------------------------------------------------


def test_a_source_that_is_gone_is_an_error_and_one_that_may_come_back_a_warning() -> None:
    why = text("{host} does not answer", host="a.example")
    states = {"Heil": "ok", "Neu": "new", "Ruht": "paused", "Stumm": "silent", "Fort": "failing", "Tot": "gone"}
    found = sources.judged(SourceState(name=name, state=state, reason=why) for name, state in states.items())
    assert {one.name: one.severity for one in found} == {
        "source:Stumm": "warning", "source:Fort": "warning", "source:Tot": "error",
    }  # fmt: skip


# --- the machine -------------------------------------------------------------------------------------------------


def test_a_good_machine() -> None:
    assert {one.name: one.severity for one in judged(GOOD)} == {
        "python": "ok", "expat": "ok", "sqlite": "ok", "openssl": "ok", "clock": "ok",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "name", "severity", "words"),
    [
        ({"python": (3, 11, 14)}, "python", "warning", "Python 3.11.15 or newer"),
        ({"python": (3, 11, 15)}, "python", "ok", ""),
        ({"python": (3, 12, 12)}, "python", "warning", "Python 3.12.13 or newer"),
        ({"python": (3, 15, 0)}, "python", "ok", ""),
        ({"expat": (2, 5, 0)}, "expat", "warning", "expat 2.6.0"),
        ({"sqlite": (3, 51, 2)}, "sqlite", "warning", "SQLite 3.51.3"),
        ({"openssl": "OpenSSL 1.1.1w", "openssl_version": (1, 1)}, "openssl", "warning", "OpenSSL 3.0"),
        ({"now": datetime(1970, 1, 1, tzinfo=UTC)}, "clock", "error", "timedatectl"),
        ({"newest_file": NOW + timedelta(hours=1)}, "clock", "error", "timedatectl"),
        ({"newest_file": NOW + timedelta(minutes=1)}, "clock", "ok", ""),
        ({"synchronised": False}, "clock", "warning", "timedatectl"),
        ({"synchronised": None}, "clock", "note", ""),
    ],
)
def test_what_is_said_of_a_machine(change: dict[str, object], name: str, severity: str, words: str) -> None:
    found = _by_name(judged(replace(GOOD, **change)))[name]  # type: ignore[arg-type]
    assert found.severity == severity
    assert words in str(found.fix or "")
    assert (found.fix is None) == (not words)


async def test_this_machine(tmp_path: Path) -> None:
    found = await machine_here(NOW, tmp_path / "nothing")
    assert found.python >= (3, 11)
    assert found.newest_file is None


def test_the_libraries_are_as_new_as_asked() -> None:
    asked = ["aiohttp>=3.12", "lxml>=5.3", "uvloop>=0.21; extra == 'fast'", "sqlalchemy[asyncio]>=2.0.36"]
    here = {"aiohttp": "3.12", "lxml": "5.10.1rc2", "sqlalchemy": "2.1"}
    assert libraries.judged(asked_for(asked, here.get)).severity == "ok"
    old = libraries.judged(asked_for(asked, (here | {"aiohttp": "3.9.5"}).get))
    assert (old.severity, str(old.message)) == ("warning", "older than smwatch asks for: aiohttp 3.9.5 (< 3.12)")
    gone = libraries.judged(asked_for(asked, {"lxml": "6"}.get))
    assert (gone.severity, str(gone.message)) == ("error", "not installed: aiohttp, sqlalchemy")


def test_the_libraries_of_this_machine() -> None:
    found = {one.name: one for one in libraries_here()}
    assert found["aiohttp"].here
    assert "uvloop" not in found  # only what is always needed
    assert libraries.judged(found.values()).severity == "ok"


# --- the network -------------------------------------------------------------------------------------------------


def test_the_table_is_the_units() -> None:
    if not UNIT.exists():
        pytest.skip("this is an installed copy, not a checkout")
    (line,) = re.findall(r"^IPAddressDeny=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    named = {"link-local": ["169.254.0.0/16", "fe80::/64"], "multicast": ["224.0.0.0/4", "ff00::/8"]}
    assert [one for word in line.split() for one in named.get(word, [word])] == list(network.DENIED)


@pytest.mark.parametrize(
    ("address", "blocked"),
    [
        *(("10.1.2.3", True), ("192.168.0.1", True), ("172.31.0.1", True), ("100.64.0.1", True), ("fd00::1", True)),
        *(("fe80::1%eth0", True), ("::ffff:10.1.2.3", True), ("127.0.0.53", False), ("::1", False), ("9.9.9.9", False)),
        *(("2620:fe::fe", False), ("nonsense", False)),
    ],
)
def test_what_the_unit_blocks(address: str, blocked: bool) -> None:
    assert network.is_blocked(address) is blocked


def _config(**given: object) -> Config:
    return Config(**given)  # type: ignore[arg-type]


PEERS = _config(
    http=Http(proxy="http://10.0.0.8:3128"),
    channels={
        "mail": EmailChannel(name="mail", type="email", to=("a@b.example",), smtp={"host": "192.168.7.25"}),
        "hook": WebhookChannel(name="hook", type="webhook", url="http://[fd00::7]/x"),
    },
    sources=(
        FeedSource(type="feed", name="intern", url="http://10.9.9.9/feed", allow_private=True),
        FeedSource(type="feed", name="public", url="http://10.8.8.8/feed"),
    ),
)


async def test_the_missing_lines() -> None:
    found = await network.network(PEERS, ["10.255.0.53", "127.0.0.53"], None)
    assert [one.severity for one in found] == ["note"] * 5
    assert [str(one.fix).rpartition(": ")[2] for one in found] == [
        f"IPAddressAllow={address}" for address in ("10.255.0.53", "10.0.0.8", "192.168.7.25", "fd00::7", "10.9.9.9")
    ]
    assert str(found[1].message).startswith("the proxy has the private address 10.0.0.8")


async def test_an_installed_unit_without_the_line_is_wrong() -> None:
    unit = {"LoadState": "loaded", "IPAddressDeny": "10.0.0.0/8", "IPAddressAllow": "127.0.0.0/8 10.0.0.0/24 fd00::/8"}
    found = await network.network(PEERS, [], unit)
    assert [(one.severity, str(one.fix).rpartition("=")[2]) for one in found] == [
        ("error", "192.168.7.25"),
        ("error", "10.9.9.9"),
    ]
    (fine,) = await network.network(PEERS, [], {**unit, "IPAddressDeny": ""})
    assert fine.severity == "ok"


def test_the_name_servers(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text(
        "# x\nsearch acme.example\nnameserver 10.0.0.1\nnameserver\n", encoding="utf-8"
    )
    assert name_servers(tmp_path / "resolv.conf") == ("10.0.0.1",)
    assert name_servers(tmp_path / "none") == ()


# --- channels ----------------------------------------------------------------------------------------------------


def _slack(fake: FakeSlack, **keys: object) -> Config:
    given = {"name": "pr", "type": "slack", "channel": "#pr-alerts", "api_url": fake.api_url, **keys}
    return _config(channels={"pr": SlackChannel(token=Secret("env", "DOCTOR_TOKEN"), **given)})  # type: ignore[arg-type]


async def _asked(config: Config, *, daemon_runs: bool = False) -> tuple[Finding, ...]:
    """What is found besides what a channel without Socket Mode lacks by design."""
    return tuple(one for one in await channels(config, daemon_runs=daemon_runs) if one.severity != "note")


async def test_a_slack_without_socket_mode_is_said_to_have_no_buttons(fake_slack: FakeSlack) -> None:
    (note,) = [one for one in await channels(_slack(fake_slack)) if one.severity == "note"]
    assert (note.name, "app_token" in str(note.message)) == ("channel:pr", True)


async def test_slack_is_asked_and_nobody_is_told(fake_slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _slack(fake_slack)
    (found,) = await _asked(config)
    assert (found.name, found.severity) == ("channel:pr", "error")
    assert str(found.fix) == "export DOCTOR_TOKEN=… before the start"
    (found,) = await _asked(config, daemon_runs=True)
    assert found.severity == "warning"

    monkeypatch.setenv("DOCTOR_TOKEN", fake_slack.token)
    (found,) = await _asked(config)
    assert found.severity == "ok"
    fake_slack.scopes = {"chat:write", "channels:read"}
    next(iter(fake_slack.channels.values()))["is_member"] = False
    found, member = await _asked(config)
    assert (found.severity, "channels:history" in str(found.message)) == ("warning", True)
    assert "not a member" in str(member.message)
    fake_slack.scopes = {"channels:history"}
    (found,) = await _asked(config)
    assert (found.severity, "chat:write" in str(found.message)) == ("error", True)
    monkeypatch.setenv("DOCTOR_TOKEN", "xoxb-wrong-secretpart")
    (found,) = await _asked(config)
    assert found.severity == "error"
    assert "secretpart" not in str(found)
    assert fake_slack.posts() == []


async def test_a_channel_that_cannot_be_asked_is_not_called_fine(
    fake_slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCTOR_HOOK", fake_slack.webhook_url)
    hook = SlackChannel(name="hook", type="slack", webhook=Secret("env", "DOCTOR_HOOK"))
    (found,) = await _asked(_config(channels={"hook": hook}))
    assert (found.severity, str(found.message)) == ("ok", "slack: can only be tried: smwatch alert test hook")
    assert fake_slack.calls == []


async def test_the_services_credentials_are_looked_at_where_they_may_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    hook = SlackChannel(name="hook", type="slack", webhook=Secret("credential", "slack_webhook"))
    (found,) = await _asked(_config(channels={"hook": hook}))
    assert (found.severity, "/etc/smwatch/credentials/slack_webhook" in str(found.fix)) == ("error", True)
    (tmp_path / "slack_webhook").write_text("https://hooks.slack.com/x", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")  # so that it is taken back afterwards
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    lend_credentials(tmp_path / "nowhere")
    lend_credentials(tmp_path)
    (found,) = await _asked(_config(channels={"hook": hook}))
    assert found.severity == "ok"


async def test_a_channel_that_fails_is_only_its_own_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bad(WebhookChannel):
        async def check(self, ctx: object) -> tuple[object, ...]:  # type: ignore[override]
            raise ZeroDivisionError("a bug")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        smtp = {"host": "127.0.0.1", "port": taken.getsockname()[1], "tls": "none"}
        found = await channels(
            _config(
                channels={
                    "bad": Bad(name="bad", type="webhook", url="https://x.example"),
                    "mail": EmailChannel(name="mail", type="email", to=("a@b.example",), smtp=smtp),
                }
            )
        )
    assert [(one.name, one.severity) for one in found] == [("channel:bad", "error"), ("channel:mail", "error")]
    assert "ZeroDivisionError" in str(found[0].message)
    assert "smwatch alert test mail" in str(found[1].fix)
    (none,) = await channels(_config())
    assert none.severity == "note"


# --- store, service, sources -------------------------------------------------------------------------------------


async def test_the_store(tmp_path: Path) -> None:
    config = _config(store=f"sqlite://{tmp_path}/state/smwatch.db")
    found = _by_name(await storage.storage(config))
    assert {name: one.severity for name, one in found.items()} == {"store-folder": "ok", "disk": "ok", "store": "note"}
    await (await Store.open(config.store)).close()
    found = _by_name(await storage.storage(config))
    assert found["store"].severity == "ok"
    (tmp_path / "state" / "smwatch.db").chmod(0o644)
    rights = _by_name(await storage.storage(config))["store-rights"]
    assert (rights.severity, str(rights.fix)) == ("warning", f"chmod go= {tmp_path}/state/smwatch.db")
    (tmp_path / "state" / "smwatch.db").write_bytes(b"x" * 5000)
    assert _by_name(await storage.storage(config))["store"].severity == "error"


async def test_a_store_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = _by_name(await storage.storage(_config(store=f"sqlite://{tmp_path}/file/x.db")))
    assert found["store-folder"].severity == "error"
    (found_mysql,) = await storage.storage(_config(store="mysql://x"))
    assert found_mysql.severity == "error"


@pytest.mark.parametrize(("free", "severity"), [(50, "error"), (500, "warning"), (5000, "ok")])
async def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, severity: str) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free * storage.MIB}))
    found = _by_name(await storage.storage(_config(store=f"sqlite://{tmp_path}/x.db")))
    assert found["disk"].severity == severity


def test_the_web_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = _config(listen=f"127.0.0.1:{taken.getsockname()[1]}")
        assert service.web_port(config, daemon_runs=False).severity == "error"
        assert service.web_port(config, daemon_runs=True).severity == "ok"
    assert service.web_port(_config(listen=""), daemon_runs=False).severity == "note"
    assert service.web_port(_config(listen="0.0.0.0:80"), daemon_runs=False).severity == "error"


@pytest.mark.parametrize(
    ("unit", "in_charge", "severities"),
    [
        (None, False, []),
        (None, True, ["note"]),
        ({"Type": "notify", "WatchdogUSec": "1min"}, True, ["ok"]),
        ({"Type": "simple", "WatchdogUSec": "0"}, True, ["warning", "warning"]),
        ({"Type": "notify", "WatchdogUSec": "1min", "ActiveState": "failed"}, True, ["error"]),
    ],
)
def test_the_unit(unit: dict[str, str] | None, in_charge: bool, severities: list[str]) -> None:
    assert [one.severity for one in service.systemd(unit, in_charge=in_charge)] == severities


def test_what_the_sources_cannot_see() -> None:
    (found,) = coverage(PEERS)
    assert (found.name, found.severity) == ("coverage:feed", "note")
    assert "comments" in str(found.message)
    assert coverage(_config())[0].severity == "note"


# --- the command -------------------------------------------------------------------------------------------------


def test_the_whole(world: World) -> None:
    world.configure()
    said = world.run("doctor", "--json")
    found = {one["name"]: one for one in said.json["findings"]}
    assert (said.code, said.json["ok"], said.err) == (0, True, "")
    assert {
        "python",
        "sqlite",
        "config",
        "plugins",
        "disk",
        "daemon",
        "web",
        "channel:terminal",
        "coverage:feed",
    } <= set(found)
    assert set(found["python"]) == {"name", "severity", "message", "fix"}


def test_what_is_wrong_is_told_with_its_fix_and_exit_3(german: World) -> None:
    german.configure(**{'type = "console"': 'type = "slack"\nwebhook = { env = "ACME_HOOK" }'})
    said = german.run("doctor")
    assert said.code == 3
    assert (
        "✗ channel:terminal: das Geheimnis env = ACME_HOOK ist nicht gesetzt\n    → vor dem Start: export" in said.out
    )
    assert said.out.splitlines()[-1].startswith("1 Fehler, ")


def test_a_broken_or_missing_config_is_a_finding(world: World) -> None:
    said = world.run("doctor", "--json")
    assert (said.code, [one["name"] for one in said.json["findings"] if one["severity"] == "error"]) == (3, ["config"])
    world.configure(**{'type = "console"': 'type = "consoel"'})
    said = world.run("doctor", "--json")
    (wrong,) = [one for one in said.json["findings"] if one["severity"] == "error"]
    assert (said.code, wrong["name"], wrong["fix"]) == (3, "config", "write console")


def test_an_open_plugin_folder_is_wrong(world: World) -> None:
    (world.folder / "own").mkdir()
    (world.folder / "own").chmod(0o777)
    world.configure(**{"[smwatch]": '[smwatch]\nplugins_dir = "own"'})
    said = world.run("doctor")
    assert said.code == 3
    assert "chmod go-w" in said.out
