"""`smwatch case …` beside no daemon: it writes by itself, and the daemon sends what follows when it runs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from smwatch.cli import cli

CONFIG = """
[smwatch]
store = "sqlite://{folder}/s.db"
language = "{language}"

[channels.pr]
type = "console"

[[watch]]
name = "Acme"
query = "acme"
alert = ["pr"]

[[source]]
type = "feed"
url = "https://www.tagesbote.example/feed.xml"
"""


@pytest.fixture
def smwatch(tmp_path):
    path = tmp_path / "smwatch.toml"
    path.write_text(CONFIG.format(folder=tmp_path, language="de"))

    def run(*words, code=0):
        done = CliRunner().invoke(cli, ["case", *words, "-c", str(path)], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.stderr

    return run


def test_a_case_from_its_beginning_to_its_end(smwatch):
    assert smwatch("list") == ""
    assert smwatch("add", "Radio Nord fragt nach dem Rückruf", "--until", "2h", "--by", "anna") == "V01: angelegt\n"
    assert smwatch("take", "V01", "--by", "anna") == "V01: erledigt\n"
    (listed,) = json.loads(smwatch("list", "--json"))
    assert (listed["id"], listed["status"], listed["owner"], listed["overdue"]) == ("V01", "taken", "anna", False)
    assert "übernommen von @anna · bis" in smwatch("list")
    smwatch("pass", "V01", "jan", "--by", "anna")
    smwatch("note", "V01", "Ruft zurück", "--by", "jan")
    smwatch("answer", "V01", "--by", "jan")
    assert json.loads(smwatch("list", "--json")) == []
    shown = json.loads(smwatch("show", "V01", "--json"))
    assert [(it["move"], it["by"]) for it in shown["events"]] == [
        ("add", "anna"), ("take", "anna"), ("hand-over", "anna"), ("note", "jan"), ("answer", "jan"),
    ]  # fmt: skip
    smwatch("undo", "V01")
    assert [one["status"] for one in json.loads(smwatch("list", "--json"))] == ["taken"]
    smwatch("close", "V01")
    assert [one["outcome"] for one in json.loads(smwatch("list", "--all", "--json"))] == ["no answer needed"]


def test_what_cannot_be_is_one_sentence(smwatch):
    assert smwatch("take", "V01", code=1) == "kein Vorgang heißt V01; smwatch case list zeigt sie\n"
    smwatch("add", "Anruf")
    assert "keine Frist" in smwatch("deadline", "V01", "gestern", code=1)
    smwatch("close", "V01")
    assert smwatch("take", "V01", code=1) == "Das geht nicht mehr: Stand ist „geschlossen“\n"


def test_who_is_away(smwatch):
    assert smwatch("away", "mira", "jan", "--until", "7d") == "mira: jan vertritt\n"
    assert smwatch("away", "mira") == "mira ist wieder da\n"
