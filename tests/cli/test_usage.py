"""Wrong usage is a sentence, exit 2, and never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from smwatch.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import World

WRONG = [
    (("chekc",), "smwatch: there is no command chekc; did you mean check?"),
    (("zzz",), "smwatch: there is no command zzz; there are: alert, apply, case, check"),
    (("query", "explian"), "smwatch query: there is no command explian; did you mean explain?"),
    (("check", "--jsn"), "smwatch check: there is no option --jsn; did you mean --json?"),
    (("check", "--zzz"), "smwatch check: there is no option --zzz"),
    (("check", "--json=3"), "smwatch check: --json takes no value"),
    (("check", "a", "b"), "smwatch check: this is too much: a b"),
    (("check", "-c"), "smwatch check: -c needs a value behind it"),
    (("query", "explain"), "smwatch query explain: --query is missing"),
    (("digest", "preview"), "smwatch digest preview: NAME is missing"),
    (("source", "test"), "smwatch source test: FILE_OR_URL_OR_NAME… is missing"),
    (("demo", "--language", "fr"), "smwatch demo: --language is one of de, en, not fr"),
    (("query", "test", "/nowhere"), "smwatch query test: there is no file /nowhere"),
    (("query", "test", "/"), "smwatch query test: / cannot be read: Is a directory"),
    (("query", "match", "--queries", "bad.bin"), "smwatch query match: bad.bin is no text in UTF-8"),
    (("init",), "smwatch init: --brand is missing"),
    (("init", "--yes"), "smwatch init: --brand is missing"),
    (
        ("init", "--brand", "Acme", "--console", "--email", "a@b.example"),
        "smwatch init: only one channel can be set up",
    ),
    (("init", "--brand", "Acme", "--slack-token-env", "X"), "smwatch init: --slack-channel is missing"),
    (("plugins", "new"), "smwatch plugins new: NAME is missing"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_a_sentence(world: World, words: tuple[str, ...], sentence: str) -> None:
    (world.folder / "bad.bin").write_bytes(b"\xff\xfe\x00")
    said = world.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(sentence)
    command = said.err.partition(":")[0]
    assert said.err.splitlines()[-1] == f"“{command} --help” shows how."


@pytest.mark.parametrize("words", [words for words, _ in WRONG], ids=" ".join)
def test_wrong_usage_in_german(german: World, words: tuple[str, ...]) -> None:
    (german.folder / "bad.bin").write_bytes(b"\xff\xfe\x00")
    said = german.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].endswith("zeigt, wie es geht.")
    assert not {"there", "missing", "needs", "takes", "option", "command"} & set(said.err.split())


@pytest.mark.parametrize(
    "words", [("-c", "{}", "--zzz"), ("--zzz", "--config={}"), ("--zzz", "-c", "{}")], ids=" ".join
)
def test_wrong_usage_is_said_in_the_language_of_the_file_that_is_named(
    german: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SMWATCH_CONFIG", raising=False)
    german.configure()
    said = CliRunner().invoke(cli, ["status", *(word.format(german.config) for word in words)], prog_name="smwatch")
    assert (said.exit_code, said.stderr.splitlines()[0]) == (2, "smwatch status: Eine Option --zzz gibt es nicht")


@pytest.mark.parametrize("words", [(), ("query",), ("digest",), ("config",), ("alert",), ("source",)], ids=" ".join)
def test_a_group_alone_shows_its_help_on_stderr(world: World, words: tuple[str, ...]) -> None:
    said = world.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Examples:")


def test_the_version(world: World) -> None:
    assert world.run("--version").out.startswith("smwatch 0.")
