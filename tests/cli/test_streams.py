"""Data on stdout, talk on stderr; JSON alone is JSON; no colours off a terminal; readers may go away."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_world import JSON_COMMANDS, PATIENCE

if TYPE_CHECKING:
    from cli_world import World

BROKEN = {'type = "console"': 'type = "consoel"'}


@pytest.mark.parametrize("words", JSON_COMMANDS, ids=" ".join)
def test_json_alone_is_json(world: World, words: tuple[str, ...]) -> None:
    world.configure()
    assert world.run("run", "--once").code == 0
    said = world.run(*words, "--json")
    assert said.json is not None
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_talk_goes_to_stderr(world: World) -> None:
    world.configure()
    said = world.run("check")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"{world.config}: nothing stands in the way.\n"


def test_problems_are_data(world: World) -> None:
    world.configure(**BROKEN)
    said = world.run("check")
    assert (said.code, said.err) == (3, "")
    assert "smwatch.toml:9:8: error: " in said.out


def test_the_language_is_the_configs(world: World, german: World) -> None:
    world.configure(**{'language = "en"': 'language = "de"'})
    assert world.run("check").err.endswith(": Nichts steht im Weg.\n")
    german.configure(**{'language = "de"': 'language = "de-CH"'})
    assert world.run("query", "test", "/nowhere", LANG="en_US.UTF-8").err.startswith(
        "smwatch query test: Es gibt keine"
    )


@pytest.mark.parametrize(
    ("locale", "said"), [("de_AT.UTF-8", "Aufruf"), ("", "Aufruf"), ("C", "Usage"), ("fr_FR", "Usage")]
)
def test_without_a_config_the_language_is_the_environments(world: World, locale: str, said: str) -> None:
    assert f"{said}: smwatch" in world.run("--help", LANG=locale).out


def _on_a_terminal(world: World, *words: str, **env: str) -> bytes:
    """What a person would see: stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        world.command(*words),
        cwd=world.folder,
        env={**world.env, "TERM": "xterm-256color", **env},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    process.wait(PATIENCE)
    return seen


def test_colours_only_on_a_terminal_and_only_if_wanted(world: World) -> None:
    world.configure(**BROKEN)
    assert b"\x1b[31m" in _on_a_terminal(world, "check")
    assert b"\x1b" not in _on_a_terminal(world, "check", NO_COLOR="1")
    assert "\x1b" not in world.process("check").out


@pytest.mark.parametrize("words", [("--help",), ("plugins",), ("config", "schema"), ("config", "show")], ids=" ".join)
def test_a_reader_may_go_away(world: World, words: tuple[str, ...]) -> None:
    world.configure()
    reading, writing = os.pipe()
    os.close(reading)
    said = world.process(*words, stdout=writing, stderr=subprocess.PIPE, capture_output=False)
    os.close(writing)
    assert (said.code, said.err) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's own full disk")
@pytest.mark.parametrize("words", [("--help",), ("config", "show"), ("query", "explain", "-q", "a")], ids=" ".join)
def test_a_full_disk_is_a_sentence(world: World, words: tuple[str, ...]) -> None:
    world.configure()
    with Path("/dev/full").open("w") as full:
        said = world.process(*words, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert (said.code, said.err) == (1, "the output cannot be written: No space left on device\n")


def test_no_file_of_ours_takes_the_place_of_a_closed_stream(world: World) -> None:
    world.configure()
    line = f"{' '.join(world.command('run', '--once'))} <&- >&- 2>&-"
    done = subprocess.run(["sh", "-c", line], cwd=world.folder, env=world.env, check=False, timeout=PATIENCE)
    assert done.returncode == 0
    assert world.run("doctor", "--json").json["ok"] is True
