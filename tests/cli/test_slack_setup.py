"""`smwatch slack setup`: a link that holds a whole manifest, and what the tokens of the config lack."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from smwatch.cli import cli
from smwatch.slack.rights import GERMAN, MANIFESTS, RIGHTS, link, manifest, scopes
from smwatch.testing.fake_slack import FakeSlack

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "slack"


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_link_holds_the_manifest_without_its_comments(name):
    parts = urlsplit(link(name))
    (held,) = parse_qs(parts.query)["manifest_yaml"]
    assert (parts.scheme, parts.netloc) == ("https", "api.slack.com")
    assert "#" not in held
    assert scopes(held) == scopes(manifest(name))
    assert len(link(name)) < 4_000


def test_in_german_the_shortcuts_have_german_names():
    for name in ("chat", "full"):
        (held,) = parse_qs(urlsplit(link(name, "de")).query)["manifest_yaml"]
        assert "    - name: Vorgang beginnen\n" in held
        assert "    - name: Neuer Vorgang\n" in held
        assert not {words for words in GERMAN if words in held}
        assert scopes(held) == scopes(manifest(name))
        assert len(link(name, "de")) < 4_000


@pytest.mark.parametrize("name", MANIFESTS)
def test_deploy_holds_the_same_manifests(name):
    assert (DEPLOY / f"{name}.yaml").read_text() == manifest(name)


def test_every_scope_is_explained():
    assert {scope for name in MANIFESTS for scope in scopes(manifest(name))} == set(RIGHTS)


@asynccontextmanager
async def _slack(started):
    async with FakeSlack() as slack:
        started(slack)
        yield


@pytest.fixture
def slack():
    """The fake Slack in a thread of its own: the command runs its own loop."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def serve():
        async with _slack(found.append):
            ready.stop = asyncio.Event()
            ready.set()
            await ready.stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(ready.stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def setup(slack, tmp_path, monkeypatch):
    monkeypatch.setenv("BOT", slack.token)
    monkeypatch.setenv("APP", slack.app_token)
    path = tmp_path / "smwatch.toml"

    def run(*words, app=True):
        keys = 'app_token = { env = "APP" }' if app else ""
        path.write_text(
            f'[smwatch]\nlanguage = "de"\n[channels.pr]\ntype = "slack"\nchannel = "#pr-alerts"\n'
            f'token = {{ env = "BOT" }}\n{keys}\napi_url = "{slack.api_url}"\n'
            '[[watch]]\nname = "A"\nquery = "a"\nalert = ["pr"]\n'
        )
        done = CliRunner().invoke(cli, ["slack", "setup", *words, "-c", str(path)], catch_exceptions=False)
        return done.exit_code, done.stdout

    return run


def test_what_is_all_there_is_said_in_a_line(slack, setup):
    slack.scopes.add("commands")
    code, told = setup()
    assert (code, told.splitlines()[-1]) == (0, "pr: alles da")


def test_a_missing_scope_says_what_is_lost(slack, setup):
    slack.scopes -= {"channels:history", "groups:history"}
    code, told = setup("--json")
    (found,) = json.loads(told)["channels"]
    assert (code, found["missing"]) == (3, ["commands", "channels:history"])
    assert "möglicherweise doppelt" in setup()[1]


def test_no_membership_and_no_app_token_are_said(slack, setup):
    slack.scopes.add("commands")
    slack.channels["C0FAKE0001"]["is_member"] = False
    code, told = setup(app=False)
    assert code == 3
    assert "der Bot ist nicht Mitglied" in told
    assert "in diesem Kanal gibt es keine Knöpfe" in told
