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
def smwatch_of(tmp_path):
    def of(config):
        path = tmp_path / "smwatch.toml"
        path.write_text(config.format(folder=tmp_path, language="de"))

        def run(*words, code=0):
            done = CliRunner().invoke(cli, ["case", *words, "-c", str(path)], catch_exceptions=False)
            assert done.exit_code == code, done.output
            return done.stdout if code == 0 else done.stderr

        return run

    return of


@pytest.fixture
def smwatch(smwatch_of):
    return smwatch_of(CONFIG)


def test_a_case_from_its_beginning_to_its_end(smwatch):
    assert smwatch("list") == ""
    assert smwatch("add", "Radio Nord fragt nach dem Rückruf", "--until", "2h", "--by", "anna") == "V01: angelegt\n"
    assert smwatch("take", "V01", "--by", "anna") == "V01: eingetragen\n"
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
    steps = [line.rpartition("  ")[2] for line in smwatch("show", "V01").splitlines()[-5:]]
    assert steps == ["angelegt", "übernommen", "übergeben", "notiert: Ruft zurück", "beantwortet"]
    smwatch("undo", "V01")
    assert [one["status"] for one in json.loads(smwatch("list", "--json"))] == ["taken"]
    smwatch("close", "V01")
    assert [one["outcome"] for one in json.loads(smwatch("list", "--all", "--json"))] == ["no answer needed"]


def test_what_cannot_be_is_one_sentence(smwatch):
    assert smwatch("take", "V01", code=1) == "kein Vorgang heißt V01; smwatch case list zeigt sie\n"
    smwatch("add", "Anruf")
    assert "keine Frist" in smwatch("deadline", "V01", "gestern", code=1)
    assert "„2020-01-01“ ist schon vorbei" in smwatch("deadline", "V01", "2020-01-01", code=1)
    assert "„2020-01-01“ ist schon vorbei" in smwatch("add", "Radio", "--until", "2020-01-01", code=1)
    smwatch("close", "V01")
    assert smwatch("take", "V01", code=1) == "Das geht nicht mehr: Stand ist „geschlossen“\n"


def test_who_is_away(smwatch):
    assert smwatch("away", "mira", "jan", "--until", "7d") == "mira: jan vertritt\n"
    assert smwatch("away", "mira") == "mira ist wieder da\n"


CLIENTS = """
[smwatch]
store = "sqlite://{folder}/s.db"
language = "{language}"

[channels.a]
type = "console"
client = "Alpha"

[channels.b]
type = "console"
client = "Beta"

[[watch]]
name = "A"
client = "Alpha"
query = "acme"
alert = ["a"]

[[watch]]
name = "B"
client = "Beta"
query = "acme"
alert = ["b"]

[[source]]
type = "feed"
url = "https://www.tagesbote.example/feed.xml"
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "bitte den Mandanten nennen, mit --client: Alpha, Beta"),
        (("--client", "Betta"), "einen Mandanten Betta gibt es nicht; ist Beta gemeint?"),
        (("--client", "Alpha", "--channel", "b"), "der Kanal b ist keiner von Alpha"),
    ],
)
def test_a_case_is_some_clients_and_stands_in_its_channel(smwatch_of, words, said):
    smwatch = smwatch_of(CLIENTS)
    assert smwatch("add", "Anruf", *words, code=1) == f"{said}\n"
    assert smwatch("list") == ""


def test_a_channel_says_whose_a_case_is(smwatch_of):
    smwatch = smwatch_of(CLIENTS)
    smwatch("add", "Anruf", "--channel", "b")
    assert [one["client"] for one in json.loads(smwatch("list", "--json"))] == ["Beta"]


def test_a_case_is_the_only_clients(smwatch_of):
    smwatch = smwatch_of(CONFIG.replace('name = "Acme"', 'name = "Acme"\nclient = "Acme"'))
    smwatch("add", "Anruf")
    assert [one["client"] for one in json.loads(smwatch("list", "--json"))] == ["Acme"]
