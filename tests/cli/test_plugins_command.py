"""`plugins`: what is loaded, from where, and why something is not; `plugins new`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from cli_world import CONFIG

from smwatch import loader
from smwatch.init.skeleton import skeleton
from smwatch.testing.source_kit import conforms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_world import World

    from smwatch.testing.servers import FeedServer

BAD = "raise RuntimeError('no')"
CONSOLE = """
__version__ = "7.1"
from smwatch.plugin import Channel, hookimpl
class Mine(Channel):
    pass
@hookimpl
def register_channels(register):
    register("console", Mine)
"""
POSTS = {
    "posts": [{"id": 7, "title": "Acme", "text": "ruft zurück", "author": "Erika", "date": "2026-11-25T10:00:00+01:00"}]
}


@pytest.fixture(autouse=True)
def _forget_operator_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in [name for name in sys.modules if name.startswith("smwatch_operator_")]:
        del sys.modules[name]


def _own(world: World, **files: str) -> Path:
    """The operator's folder, named in the config."""
    home = world.folder / "own"
    home.mkdir(mode=0o755)
    for name, code in files.items():
        (home / f"{name}.py").write_text(code, encoding="utf-8")
        (home / f"{name}.py").chmod(0o644)
    content = CONFIG.format(folder=world.folder, url="http://127.0.0.1:9/", language=world.language)
    world.config.write_text(content.replace("[smwatch]", f'[smwatch]\nplugins_dir = "{home}"'), encoding="utf-8")
    return home


def _listed(world: World) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in world.run("plugins", "--json").json["plugins"]}


def test_the_built_in_ones(world: World) -> None:
    found = _listed(world)
    assert {name: one["kinds"] for name, one in found.items() if one["kinds"] != ["source"]} == {
        "console": ["channel"],
        "email": ["channel"],
        "language": ["enricher"],
        "slack": ["channel"],
        "webhook": ["channel"],
    }
    assert {"feed", "forum", "website"} <= found.keys()
    feed = found["feed"]
    assert (feed["stage"], feed["brings"], feed["problem"], len(str(feed["sha256"]))) == (
        "built-in",
        ["feed"],
        None,
        12,
    )
    assert "✓ console " in world.run("plugins").out


def test_your_own_replaced_and_broken_ones(german: World) -> None:
    _own(german, console=CONSOLE, bad=BAD)
    found = _listed(german)
    console, bad = found["console"], found["bad"]
    assert (console["stage"], console["replaces"], console["version"]) == ("operator", True, "7.1")
    assert bad["problem"] == "lässt sich nicht laden: RuntimeError: no"
    said = german.run("plugins")
    assert said.code == 0
    assert "✗ bad" in said.out
    assert "ersetzt das eingebaute" in said.out


def test_a_folder_that_others_may_write_is_refused_with_its_reason(world: World) -> None:
    _own(world, console=CONSOLE).chmod(0o777)
    said = world.run("plugins", "--json")
    assert "chmod go-w" in said.json["problems"][0]
    assert {one["stage"] for one in said.json["plugins"]} == {"built-in"}
    assert "✗ " in world.run("plugins").err


def test_installed_ones_are_loaded_only_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    package = world.folder / "site" / "carrier-1.2.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.2\n", encoding="utf-8")
    (package / "entry_points.txt").write_text("[smwatch]\ncarrier = carrier\n", encoding="utf-8")
    (world.folder / "site" / "carrier.py").write_text(CONSOLE.replace('"console"', '"pigeon"'), encoding="utf-8")
    monkeypatch.syspath_prepend(str(world.folder / "site"))
    world.configure()
    assert world.run("plugins", "--json").json["not_loaded"] == ["carrier"]
    assert "· carrier is installed, but not named" in world.run("plugins").out
    world.configure(**{"[smwatch]": '[smwatch]\nplugins = ["carrier"]'})
    carrier = _listed(world)["carrier"]
    assert (carrier["stage"], carrier["version"], carrier["brings"]) == ("installed", "1.2", ["pigeon"])


async def test_a_new_one_works_as_it_stands(world: World, feed_server: FeedServer) -> None:
    said = world.run("plugins", "new", "acme_forum", "--folder", "own")
    assert (said.code, said.out) == (0, "own/acme_forum.py\n")
    assert f"plugins_dir = “{world.folder / 'own'}”" in said.err
    registry = loader.load(folder=world.folder / "own")
    assert [one.problem for one in registry.plugins if one.name == "acme_forum"] == [None]
    feed_server.put("/latest.json", json.dumps(POSTS), content_type="application/json")
    source = registry.sources["acme_forum"].model_validate(
        {"type": "acme_forum", "name": "forum", "server": feed_server.url(""), "allow_private": True}
    )
    (page,) = await conforms(source, feed_server)
    assert [(item.id, item.title, item.author and item.author.name) for item in page.items] == [("7", "Acme", "Erika")]


def test_a_new_one_goes_into_the_configs_folder_and_check_knows_its_keys(world: World) -> None:
    home = _own(world)
    assert world.run("plugins", "new", "acme_forum").out == f"{home / 'acme_forum.py'}\n"
    world.configure(**{
        "[smwatch]": f'[smwatch]\nplugins_dir = "{home}"',
        'type = "feed"\nurl': 'type = "acme_forum"\nserver',
    })  # fmt: skip
    assert world.run("check").code == 0


@pytest.mark.parametrize("name", ["feed", "console", "9a", "Acme", "a", "class", "../x", "a b", "acme-forum", ""])
def test_names_that_are_refused(world: World, name: str) -> None:
    said = world.run("plugins", "new", name)
    assert said.code in {1, 2}
    assert list(world.folder.glob("**/*.py")) == []


def test_a_new_one_never_goes_over_another(world: World) -> None:
    (world.folder / "acme_forum.py").write_text("# mine", encoding="utf-8")
    assert world.run("plugins", "new", "acme_forum").code == 1
    assert (world.folder / "acme_forum.py").read_text(encoding="utf-8") == "# mine"
    assert world.run("plugins", "new", "acme_forum", "--folder", "/proc/nowhere").code == 1


def test_the_skeleton_is_short_and_says_what_to_change() -> None:
    lines = skeleton("acme_forum").splitlines()
    assert len(lines) < 90
    assert "class AcmeForum(Source):" in lines
