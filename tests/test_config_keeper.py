"""A wrong file never stops what runs and never starts an empty one; history and undo."""

from __future__ import annotations

import gc
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from config_world import GOOD, KINDS, edited, parse

from smwatch import loader
from smwatch.config import ConfigError
from smwatch.config.build import build
from smwatch.config.document import Raw
from smwatch.config.keeper import Keeper
from smwatch.config.versions import MOST_VERSIONS, Copy
from smwatch.errors import UserError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEAM = '[[watch]]\nname = "Team"\nquery = \'globex\'\nalert = ["pr"]\n'


class House:
    """A folder with a config, and keepers that start on it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"
        self.team = folder / "team" / "pr.toml"
        self.state = folder / "state"
        self.team.parent.mkdir()
        self.write(GOOD)

    def write(self, content: str) -> None:
        self.path.write_text(content, encoding="utf-8")

    def include(self, content: str = TEAM) -> None:
        self.write(edited(('language = "de"', 'language = "de"\ninclude = ["team/*.toml"]')))
        self.team.write_text(content, encoding="utf-8")

    def keeper(self) -> Keeper:
        return Keeper(self.path, self.state, KINDS, parse=parse)

    def started(self) -> Keeper:
        keeper = self.keeper()
        keeper.start(NOW)
        return keeper


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_good_file_starts_and_is_kept(house: House) -> None:
    outcome = house.keeper().start(NOW)
    assert outcome.ok
    assert [it.name for it in outcome.config.watches] == ["Acme Marke"]
    assert [it.saved for it in house.keeper().history()] == [NOW]


def test_a_broken_file_without_a_good_copy_does_not_start(house: House) -> None:
    house.write(edited(('type = "feed"', 'type = "fed"')))
    with pytest.raises(ConfigError) as caught:
        house.keeper().start(NOW)
    assert [it.line for it in caught.value.problems] == [17]


@pytest.mark.parametrize("content", ["", "[[watch", GOOD.replace("[channels.pr]", "[kanal.pr]"), "\x00", GOOD[:100]])
def test_a_broken_file_starts_with_the_last_good_copy(house: House, content: str) -> None:
    house.started()
    house.write(content)
    outcome = house.keeper().start(NOW)
    assert outcome.fallback
    assert not outcome.ok
    assert outcome.kept == (house.path,)
    assert [it.name for it in outcome.config.watches] == ["Acme Marke"]


def test_a_missing_file_starts_with_the_last_good_copy(house: House) -> None:
    house.started()
    house.path.unlink()
    assert house.keeper().start(NOW).config.watches[0].name == "Acme Marke"


def test_a_broken_file_does_not_stop_what_runs(house: House) -> None:
    keeper = house.started()
    house.write(edited(('alert = ["pr"]', 'alert = ["pr"')))
    outcome = keeper.reload(NOW)
    assert [(it.file, it.line) for it in outcome.problems] == [(str(house.path), 13)]
    assert outcome.config.watches == keeper.config.watches
    assert outcome.changed == ()
    house.path.unlink()
    assert not keeper.reload(NOW).ok


def test_a_mended_file_is_taken(house: House) -> None:
    keeper = house.started()
    house.write("[[watch")
    keeper.reload(NOW)
    house.write(edited(("'acme'", "'acme OR globex'")))
    outcome = keeper.reload(NOW)
    assert outcome.ok
    assert [it.render("de") for it in outcome.changed] == ["Acme Marke: Suchanfrage geändert"]


def test_a_query_that_does_not_parse_stops_only_its_watch(house: House) -> None:
    keeper = house.started()
    second = '\n[[watch]]\nname = "Neu"\nquery = \'neu\'\nalert = ["pr"]\n'
    house.write(edited(("'acme'", "'acme ('")) + second)
    outcome = keeper.reload(NOW)
    assert outcome.stopped == ("Acme Marke",)
    assert {it.name: it.query for it in outcome.config.watches} == {"Neu": "neu", "Acme Marke": "acme"}
    assert [it.severity for it in outcome.problems] == ["error"]


def test_it_runs_on_with_its_last_good_version_also_after_a_restart(house: House) -> None:
    keeper = house.started()
    house.write(edited(("'acme'", "'acme ('"), ("08:00", "09:00")))
    keeper.reload(NOW)
    again = house.keeper().start(NOW)
    assert [(it.name, it.query) for it in again.config.watches] == [("Acme Marke", "acme")]
    assert again.config.digests["morgens"].at == "09:00"
    house.write("[[watch")
    third = house.keeper().start(NOW)
    assert third.config.digests["morgens"].at == "09:00"
    assert [(it.name, it.query) for it in third.config.watches] == [("Acme Marke", "acme")]


def test_a_new_watch_whose_query_does_not_parse_just_does_not_run(house: House) -> None:
    keeper = house.started()
    house.write(GOOD + '\n[[watch]]\nname = "Neu"\nquery = \'neu (\'\nalert = ["pr"]\n')
    outcome = keeper.reload(NOW)
    assert [it.name for it in outcome.config.watches] == ["Acme Marke"]
    assert outcome.stopped == ("Neu",)


def test_a_mistake_in_a_peoples_file_stops_only_that_file(house: House) -> None:
    house.include()
    keeper = house.started()
    assert [it.name for it in keeper.config.watches] == ["Acme Marke", "Team"]
    house.team.write_text(TEAM.replace("[[watch]]", "[[watch]"), encoding="utf-8")
    house.path.write_text(house.path.read_text().replace("08:00", "10:00"))
    outcome = keeper.reload(NOW)
    assert outcome.kept == (house.team,)
    assert [it.name for it in outcome.config.watches] == ["Acme Marke", "Team"]
    assert outcome.config.digests["morgens"].at == "10:00"


def test_a_peoples_file_that_was_never_good_is_left_out(house: House) -> None:
    house.include("[smwatch]\nops = []\n")
    outcome = house.keeper().start(NOW)
    assert [it.name for it in outcome.config.watches] == ["Acme Marke"]
    assert outcome.kept == (house.team,)
    assert not outcome.ok


def test_copies_of_office_programs_are_skipped_with_a_note(house: House) -> None:
    house.include()
    for name in ("pr - Kopie.toml", "~$pr.toml", ".~lock.pr.toml#", "pr (1).toml"):
        (house.team.parent / name).write_text("[[watch")
    outcome = house.keeper().start(NOW)
    assert [it.name for it in outcome.config.watches] == ["Acme Marke", "Team"]
    assert len([it for it in outcome.problems if it.severity == "warning"]) == 4


def test_what_changed_is_said_in_words(house: House) -> None:
    keeper = house.started()
    house.write(
        edited(
            ("alert =", "exclude = ['looney']\nalert ="),
            ('at = "08:00"', 'at = "07:30"'),
            ('language = "de"', 'language = "en"'),
            (
                "[digest.morgens]",
                '[[source]]\nname = "Presse"\ntype = "feed"\nurl = "https://p.acme.example/f"\n\n[digest.morgens]',
            ),
        )
    )
    changed = [it.render("de") for it in keeper.reload(NOW).changed]
    assert changed == [
        "Acme Marke: +1 Ausschluss",
        "+1 Quelle: Presse",
        "Überblick „morgens“ geändert",
        "„language“ geändert",
    ]


def test_a_renamed_watch_keeps_its_history(house: House) -> None:
    keeper = house.started()
    house.write(edited(('name = "Acme Marke"', 'name = "Acme"\nwas = "Acme Marke"')))
    assert [str(it) for it in keeper.reload(NOW).changed] == ["Acme Marke is now called Acme"]


def test_an_unchanged_file_makes_no_version(house: House) -> None:
    keeper = house.started()
    assert keeper.reload(NOW).changed == ()
    house.write(GOOD + "# Bemerkung\n")
    keeper.reload(NOW)
    assert len(keeper.history()) == 2


def test_what_only_a_restart_can_change_is_said(house: House) -> None:
    keeper = house.started()
    house.write(edited(('language = "de"', 'language = "de"\nstore = "sqlite:///tmp/x.db"')))
    assert [str(it) for it in keeper.reload(NOW).restart] == ["“store” takes effect after a restart"]


def test_the_last_20_good_versions_are_kept(house: House) -> None:
    keeper = house.started()
    for minute in range(MOST_VERSIONS + 5):
        house.write(GOOD + f"# {minute}\n")
        keeper.reload(NOW + timedelta(minutes=minute))
    assert len(keeper.history()) == MOST_VERSIONS
    assert len(list((house.state / "config").iterdir())) == MOST_VERSIONS
    assert house.keeper().history() == keeper.history()


def test_versions_that_lie_on_the_disk_are_not_held_in_memory(house: House) -> None:
    keeper = house.started()
    found, rest = {}, [keeper.versions]
    while rest:
        one = rest.pop()
        if id(one) not in found and not isinstance(one, type):
            found[id(one)] = one
            rest += gc.get_referents(one)
    assert len(keeper.history()) == 1
    assert not [one for one in found.values() if isinstance(one, Copy) or one == GOOD]


def test_a_version_that_could_not_be_written_is_remembered(house: House) -> None:
    house.state.write_text("not a folder")
    keeper = house.started()
    assert keeper.texts() == {house.path: GOOD}
    house.write(edited(("'acme'", "'globex'")))
    keeper.reload(NOW)
    assert [version.number for version in keeper.history()] == [1, 2]


def test_undo_writes_the_version_before(house: House) -> None:
    keeper = house.started()
    house.write(edited(("'acme'", "'globex'")))
    keeper.reload(NOW)
    assert keeper.undo() == (house.path,)
    assert house.path.read_text(encoding="utf-8") == GOOD
    assert keeper.reload(NOW).config.watches[0].query == "acme"


def test_undo_leaves_a_file_alone_that_somebody_else_changed(house: House) -> None:
    keeper = house.started()
    with pytest.raises(UserError, match="no earlier version"):
        keeper.undo()
    house.write(edited(("'acme'", "'globex'")))
    keeper.reload(NOW)
    house.write(edited(("'acme'", "'initech'"), ('{ env = "SMWATCH_SLACK_BOT_TOKEN" }', '"xoxb-geheim"')))
    with pytest.raises(UserError, match="initech") as caught:
        keeper.undo()
    assert "initech" in house.path.read_text()
    assert "geheim" not in str(caught.value)


def test_a_damaged_version_counts_as_none(house: House) -> None:
    house.started()
    for path in (house.state / "config").iterdir():
        path.write_text("{")
    house.write("[[watch")
    with pytest.raises(ConfigError):
        house.keeper().start(NOW)


def test_a_state_folder_that_cannot_be_written_is_said_and_stops_nothing(house: House) -> None:
    house.state.write_text("not a folder")
    outcome = house.keeper().start(NOW)
    assert outcome.unsaved is not None
    assert outcome.config.watches[0].name == "Acme Marke"


def test_stored_copies_are_for_nobody_else(house: House) -> None:
    house.started()
    assert [it.stat().st_mode & 0o777 for it in (house.state / "config").iterdir()] == [0o600]


def mutated(chance: random.Random, content: str = GOOD) -> str:
    """A good file after a few accidents."""
    lines = content.split("\n")
    signs = ["[", "{", '"', "'", ",", "=", "\n", "ü", "\x00", "'''", "#", "[[watch]]", "\u00a0", "„", "\\", "1", "\r"]
    for _ in range(chance.randint(1, 4)):
        at, kind = chance.randrange(len(lines)), chance.randrange(6)
        cut = chance.randrange(len(lines[at]) + 1)
        if kind == 0:
            lines[at] = ""
        elif kind == 1:
            lines.insert(at, chance.choice(lines))
        elif kind == 2:
            lines[at] = lines[at][:cut]
        elif kind == 3:
            lines[at] = lines[at][:cut] + chance.choice(signs) + lines[at][cut:]
        elif kind == 4:
            lines[at] = (
                lines[at].partition("=")[0] + "= " + chance.choice(["1", "[]", "{}", "[1]", "08:00", "nan", '""'])
            )
        else:
            lines = lines[: at + 1]
    return "\n".join(lines)


def test_300_mutations_of_the_example_are_problems_or_a_config() -> None:
    """With the real plugins and the real query language, every key in use."""
    example, registry = Path(__file__).parent.parent / "config.example.toml", loader.load()
    chance = random.Random(815)
    for _ in range(300):
        content = mutated(chance, example.read_text(encoding="utf-8"))
        found = build([Raw(path=example, data=content.encode())], registry)
        for it in found.findings:
            assert 1 <= it.problem.column <= len(it.document.line(it.problem.line)) + 2
            assert it.problem.message.render("de")
        assert found.broken or found.config is not None


def test_300_mutated_files_by_reload_and_by_start_never_stop_it(house: House) -> None:
    keeper = house.started()
    chance = random.Random(4711)
    refused = 0
    for number in range(300):
        house.write(mutated(chance))
        outcome = keeper.reload(NOW) if number % 2 else house.keeper().start(NOW)
        refused += not outcome.ok
        assert all(it.line >= 1 and it.column >= 1 for it in outcome.problems)
        assert outcome.ok or outcome.problems
        for it in outcome.problems:
            it.message.render("de")
    assert refused > 150
    house.write(GOOD)
    assert keeper.reload(NOW).ok
