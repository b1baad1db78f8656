"""Help begins with examples, fits, and is there in German."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cli_world import World, commands

import smwatch
from smwatch import i18n

ALL = list(commands())
HOME = Path(smwatch.__file__).parent
ROOMS = ("cli", "init", "doctor", "store", "web", "loader.py", "reports.py", "surface.py", "ops.py", "route.py")
SAME = {
    "{it}",
    "{place}: {message}",
    "{name}: {problem}",
    "{address}: {reason}",
    "{question} {letters}",
    "chmod go= {path}",
}
SAME |= {"Python {version}", "expat {version}", "SQLite {version}", "Language / Sprache: de, de-CH, en"}


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help_begins_with_examples_that_call_this_command(world: World, path: tuple[str, ...]) -> None:
    said = world.run(*path, "--help")
    lines = said.out.splitlines()
    assert (said.code, said.err, lines[0]) == (0, "", "Examples:")
    assert f"smwatch {' '.join(path)}".strip() in lines[1]
    assert f"Usage: {' '.join(('smwatch', *path))} [OPTIONS]" in said.out
    assert "…\n" not in said.out.split("Usage:")[1].replace("NAME…", "")


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help_in_german(german: World, path: tuple[str, ...]) -> None:
    said = german.run(*path, "--help")
    assert said.code == 0
    assert said.out.startswith("Beispiele:\n")
    assert "\nAufruf: " in said.out
    assert "Diese Hilfe zeigen." in said.out
    assert not {"Usage", "Options", "Examples", "Show this"} & set(said.out.replace(":", " ").split())


def test_the_first_eight_are_the_everyday_ones(world: World) -> None:
    everyday, operator = world.run("--help").out.split("Commands:")[1].split("For the operator:")
    names = [line.split()[0] for line in everyday.splitlines() if line.strip()]
    assert names == ["init", "check", "run", "source", "query", "digest", "status", "demo"]
    rest = [line.split()[0] for line in operator.splitlines() if line.strip()]
    assert rest == sorted(rest)
    assert {"alert", "config", "doctor", "plugins", "queue", "route", "why"} <= set(rest)


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_short_help_fits_on_one_line(tmp_path: Path, language: str) -> None:
    said = World(folder=tmp_path, language=language).run("--help")
    rows = said.out.split("\n\n")
    listed = [
        line for block in rows if block.startswith(("Commands", "For", "Befehle", "Für")) for line in block.splitlines()
    ]
    assert all(line[:2] == "  " and line[2] != " " for line in listed if not line.endswith(":")), "a row was wrapped"


def _sentences(path: Path) -> set[str]:
    """What `text`, `texts` and click's help say in a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) in {"text", "texts", "Text"} and node.args and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
        for word in node.keywords:
            if word.arg in {"help", "short_help"} and isinstance(word.value, ast.Constant):
                found |= {" ".join(part.split()) for part in word.value.value.split("\n\n")}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_is_there_in_german(room: str) -> None:
    paths = [HOME / room] if room.endswith(".py") else sorted((HOME / room).rglob("*.py"))
    german = i18n._catalogue("de")
    plural = {key[0] for key in _keys(german) if isinstance(key, tuple)}
    said = {sentence for path in paths for sentence in _sentences(path)} - SAME
    assert {one for one in said if german.gettext(one) == one and one not in plural} == set()


def _keys(catalogue: object) -> set[object]:
    keys: set[object] = set()
    while catalogue is not None:
        keys |= set(getattr(catalogue, "_catalog", {}))
        catalogue = getattr(catalogue, "_fallback", None)
    return keys
