"""Beside a running daemon: reading commands read, writing commands go through it, a second one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_world import Said

import smwatch

if TYPE_CHECKING:
    from cli_world import World


def test_commands_beside_a_running_daemon(world: World) -> None:  # one daemon for all of them: its start is the cost
    world.configure()
    with world.daemon():
        status = world.run("status", "--json")
        assert (status.json["running"], status.json["problems"]) == (True, [])
        assert [one["name"] for one in status.json["sources"]] == ["Werkblog"]
        assert world.run("queue", "--json").json == []
        assert "Quiet, as far as can be read" in world.run("digest", "preview", "morgens").out
        assert world.run("digest", "preview", "nope").err == "no digest is called nope; there are: morgens\n"
        assert "[channels.terminal]" in world.run("config", "show").out
        assert world.run("config", "show", "--json").json["watch"][0]["query"] == "Acme"
        assert world.run("digest", "preview", "morgens", "--json").json["name"] == "morgens"
        assert [one["number"] for one in world.run("config", "history", "--json").json] == [1]
        assert world.run("config", "history").out.endswith("the first version\n")
        assert world.run("plugins").code == 0
        assert world.run("source", "test", "Werkblog").code == 3  # nobody listens there
        assert world.run("check").code == 0
        doctor = {one["name"]: one for one in world.run("doctor", "--json").json["findings"]}
        assert (doctor["daemon"]["severity"], doctor["store"]["severity"]) == ("ok", "ok")

        again = world.process("run")
        assert again.code == 1
        assert "another smwatch works with this store: pid" in again.err

        assert world.run("alert", "test").out == "terminal: sent\n"
        assert world.run("alert", "test", "nope").code == 1
        assert world.run("digest", "send", "morgens").out == "morgens: on its way to terminal\n"
    told = (world.folder / "run.out").read_text(encoding="utf-8")
    assert "Digest morgens" in told
    assert world.run("status").code == 3


def test_whoever_cannot_wait_for_its_end_changes_nothing(world: World) -> None:
    world.configure()
    with world.daemon() as process:
        while process.poll() is None:
            process.terminate()
    assert process.returncode == 0


def test_a_test_message_that_does_not_arrive_is_not_called_sent(world: World) -> None:
    world.configure(**{'type = "console"': 'type = "webhook"\nurl = "http://127.0.0.1:9/hook"'})
    alone = world.run("alert", "test")
    with world.daemon():
        beside = world.run("alert", "test")
    sentence = "terminal: not sent: the webhook cannot be reached\n"
    assert (alone.code, alone.out) == (beside.code, beside.out) == (1, sentence)


def test_the_last_good_copy_serves_commands_too(world: World) -> None:
    good = world.configure().read_text(encoding="utf-8")
    assert world.run("run", "--once").code == 0
    world.config.write_text(f"{good}[[watch", encoding="utf-8")
    said = world.run("status", "--json")
    assert (said.code, said.json["ok"]) == (3, False)
    assert [one["line"] for one in said.json["problems"]] == [good.count("\n") + 1]
    assert "its last good copy is in force" in said.err
    preview = world.run("digest", "preview", "morgens")
    assert (preview.code, preview.out.startswith("Digest morgens")) == (0, True)
    assert world.run("alert", "test").code == 0
    shown = world.run("config", "show")
    assert (shown.code, "last good copy" in shown.err, "[[watch]]" in shown.out) == (0, True, True)


@pytest.fixture
def items(tmp_path: Path) -> str:
    return '{"id": "1", "title": "Acme ruft zurück"}\n{"id": "2", "title": "Wetter"}\n'


def test_query_match_takes_the_configs_watches(world: World, items: str) -> None:
    world.configure()
    said = world.run("query", "match", typed=items)
    assert said.code == 0
    assert said.json == {
        "id": "1",
        "watch": "Acme",
        "spans": [{"field": "title", "start": 0, "end": 4, "term": "Acme"}],
    }


def test_query_match_says_which_query_does_not_parse(world: World, items: str) -> None:
    said = world.run("query", "match", "-q", "a b", "-q", "wetter", typed=items)
    assert (said.code, said.json["id"]) == (3, "2")
    assert "two words side by side" in said.err


def test_query_explain(world: World) -> None:
    assert world.run("query", "explain", "-q", "acme").out.startswith("Finds items in which")
    said = world.run("query", "explain", "-q", "a b", "--json")
    assert (said.code, said.json["ok"], said.json["repairs"]) == (3, False, ['"a b"', "a AND b"])


def test_query_explain_knows_the_lists_of_a_config(world: World) -> None:
    path = world.configure()
    path.write_text(path.read_text(encoding="utf-8") + '\n[list.krise]\nwords = ["Rückruf"]\n', encoding="utf-8")
    said = world.run("query", "explain", "-q", "acme NEAR/3 list:krise", "-c", "smwatch.toml")
    assert (said.code, "a word of the list “krise”" in said.out) == (0, True)
    assert world.run("query", "explain", "-q", "list:krise").code == 3


def test_query_test(world: World) -> None:
    cases = world.folder / "cases.toml"
    case = '[[case]]\nquery = "acme"\nitem = { title = "Acme" }\nmatch = '
    cases.write_text(f"{case}true\n", encoding="utf-8")
    assert world.run("query", "test", "cases.toml") == Said(code=0, out="", err="1 cases, 0 failed\n")
    cases.write_text(f"{case}false\n", encoding="utf-8")
    said = world.run("query", "test", "cases.toml", "--json")
    assert (said.code, said.json["ok"], said.json["cases"], len(said.json["failures"])) == (3, False, 1, 1)
    cases.write_text("[[", encoding="utf-8")
    assert world.run("query", "test", "cases.toml").code == 1


def test_source_test_a_file(world: World) -> None:
    (world.folder / "feed.xml").write_text(
        '<rss version="2.0"><channel><title>Werk</title><item><title>Acme</title><guid>7</guid></item></channel></rss>',
        encoding="utf-8",
    )
    world.configure()
    said = world.run("source", "test", "--json", "feed.xml")
    assert (said.code, said.json["ok"], [one["id"] for one in said.json["items"]]) == (0, True, ["7"])
    assert "→ Acme" in world.run("source", "test", "feed.xml").out
    assert world.run("source", "test", "--json", "http://127.0.0.1:9/").code == 3


def test_a_source_by_name_in_a_config_with_mistakes(world: World) -> None:
    world.configure(**{'type = "console"': 'type = "consoel"'})
    said = world.run("source", "test", "Werkblog")
    assert said.code == 3
    assert "has mistakes (smwatch check names them); it is left out here" in said.err
    assert world.run("source", "test", "Werkblog", "-c", "smwatch.toml").code == 78


def test_undo(world: World) -> None:
    world.configure()
    assert world.run("run", "--once").code == 0
    first = world.config.read_text(encoding="utf-8")
    assert world.run("config", "undo").code == 1
    world.config.write_text(first.replace("'Acme'", "'Globex'"), encoding="utf-8")
    assert world.run("run", "--once").code == 0
    assert world.run("config", "undo").out.startswith("1 file written")
    assert world.config.read_text(encoding="utf-8") == first


def test_the_example_passes_with_and_without_its_secrets(world: World) -> None:
    example = Path(smwatch.__file__).parent.parent / "config.example.toml"
    if not example.exists():
        pytest.skip("this is an installed copy, not a checkout")
    secrets = ("SMWATCH_SLACK_BOT_TOKEN", "SMWATCH_SLACK_APP_TOKEN", "SMWATCH_SLACK_WEBHOOK", "SMWATCH_HOOK_SECRET")
    for env in ({}, dict.fromkeys(secrets, "xoxb-0000-not-a-real-one")):
        said = world.run("check", "-c", str(example), "--json", **env)
        assert (said.code, said.json["ok"]) == (0, True)
        assert "xoxb" not in said.out
