"""Whatever file a command is pointed at: a sentence and an exit code, never a traceback (`World.run` raises it)."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_world import World

NOISE = random.Random(7).randbytes(3000)
RUBBISH: dict[str, Callable[[Path], object]] = {
    "missing": lambda _: None,
    "folder": lambda path: path.mkdir(),
    "empty": lambda path: path.touch(),
    "noise": lambda path: path.write_bytes(NOISE),
    "broken": lambda path: path.write_text("[smwatch\nlanguage = 1\n[[watch]]\nquery = 'a b'"),
    "nothing": lambda path: path.symlink_to("/dev/null"),
    "circle": lambda path: path.symlink_to(path),
}
CODES = {  # without a config that can run
    ("check",): {3},
    ("check", "--json"): {3},
    ("status",): {1, 78},
    ("status", "--json"): {1, 78},
    ("queue",): {1, 78},
    ("digest", "preview", "morgens"): {1, 78},
    ("digest", "send", "morgens"): {1, 78},
    ("alert", "test"): {1, 78},
    ("config", "show"): {1, 78},
    ("config", "undo"): {1, 78},
    ("doctor", "--json"): {3},
    ("source", "test", "x"): {1, 78},
    ("query", "match"): {1, 78},
    ("run", "--once"): {78},
}


@pytest.mark.parametrize("words", CODES, ids=" ".join)
@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_in_place_of_a_config(world: World, kind: str, words: tuple[str, ...]) -> None:
    RUBBISH[kind](world.folder / "it.toml")
    said = world.run(*words, "-c", "it.toml", typed="")
    assert said.code in CODES[words]
    if "--json" in words and said.out:
        assert said.json["ok"] is False
    else:
        assert said.err or said.out
    assert "\x1b" not in said.out + said.err


def test_no_config_at_all(world: World) -> None:
    said = world.run("status")
    assert (said.code, said.out) == (1, "")
    assert "“smwatch init” writes one" in said.err
    assert world.run("plugins").code == 0
    assert world.run("config", "schema").json["type"] == "object"


def _damaged(path: Path) -> None:
    path.write_bytes(NOISE)


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
    connection.close()


@pytest.mark.parametrize(
    "words", [("status",), ("queue",), ("digest", "preview", "morgens"), ("alert", "test")], ids=" ".join
)
@pytest.mark.parametrize(
    ("spoil", "why"), [(_damaged, "is damaged, or no store"), (_foreign, "belongs to another program")]
)
def test_a_wrong_store(world: World, spoil: Callable[[Path], None], why: str, words: tuple[str, ...]) -> None:
    world.configure()
    (world.folder / "state").mkdir()
    spoil(world.folder / "state" / "smwatch.db")
    before = (world.folder / "state" / "smwatch.db").read_bytes()
    said = world.run(*words)
    assert (said.code, said.out) == (1, "")
    assert why in said.err
    assert (world.folder / "state" / "smwatch.db").read_bytes() == before


def test_a_store_that_cannot_be(world: World) -> None:
    world.configure(**{f"sqlite://{world.folder}/state": "sqlite:///proc/nowhere"})
    said = world.run("alert", "test")
    assert (said.code, "/proc/nowhere cannot be made" in said.err) == (1, True)
    assert world.run("queue").code == 1
    assert world.run("status").code == 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("\xff\xfe", "this is no text in UTF-8"),
        ("{", "this is no JSON"),
        ("[]", "an item is a JSON object"),
        ("null", "an item is"),
    ],
)
def test_rubbish_among_items(world: World, line: str, why: str) -> None:
    items = line.encode("latin-1") + b'\n{"id": "1", "title": "acme"}\n\n'
    said = world.run("query", "match", "-q", "acme", typed=items)
    assert (said.code, said.json["id"]) == (3, "1")
    assert f"line 1: {why}" in said.err


def test_a_page_that_cannot_be_written(world: World) -> None:
    world.configure()
    assert world.run("run", "--once").code == 0
    said = world.run("digest", "preview", "morgens", "--html", "/nowhere/page.html")
    assert said.code == 1
    assert "/nowhere/page.html cannot be written: No such file or directory" in said.err
