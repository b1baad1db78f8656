"""Machine edits: what comes and goes, and that everything else stays to the letter."""

from __future__ import annotations

import pytest
import tomli

from smwatch import loader
from smwatch.config import edit
from smwatch.config.edit import Desk, tables, write
from smwatch.errors import ConfigError, UserError

HEAD = '[smwatch]\nlanguage = "de"\n'
ONE = '[[source]]\nname = "Eins"\ntype = "feed"\nurl = "https://eins.example/feed"   # 1\n'
TWO = '[[source]]\nname = "Zwei"\ntype = "feed"\nurl = "https://zwei.example/feed"\n'
NEW = {"name": "Neu", "type": "feed", "url": "https://neu.example/feed", "allow_private": True}
ADDED = '[[source]]\nname = "Neu"\ntype = "feed"\nurl = "https://neu.example/feed"\nallow_private = true\n'


@pytest.fixture(scope="module")
def kinds():
    return loader.load()


@pytest.fixture
def desk(tmp_path, kinds):
    def at(content):
        (tmp_path / "smwatch.toml").write_bytes(content.encode())
        return Desk(tmp_path / "smwatch.toml", kinds)

    return at


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HEAD, f"{HEAD}\n{ADDED}"),
        (f"{HEAD}\n\n\n", f"{HEAD}\n{ADDED}"),
        (f"{HEAD}{ONE}", f"{HEAD}{ONE}\n{ADDED}"),
        (f"{HEAD}{ONE}\n# to the digest\n[http]\n", f"{HEAD}{ONE}\n{ADDED}\n# to the digest\n[http]\n"),
        (f"{HEAD}{ONE}[http]\n", f"{HEAD}{ONE}\n{ADDED}\n[http]\n"),
        (f"{HEAD}{ONE}\n{TWO}# its own remark\n", f"{HEAD}{ONE}\n{TWO}\n{ADDED}\n# its own remark\n"),
        (HEAD.rstrip("\n"), f"{HEAD}\n{ADDED}"),
    ],
)
def test_a_source_comes_behind_the_last_one(desk, before, after):
    made = desk(before).add([NEW])
    assert (made.after, made.lines) == (after, ADDED)


def test_windows_line_ends_stay(desk):
    before = f"{HEAD}{ONE}".replace("\n", "\r\n")
    assert desk(before).add([NEW]).after == before + "\r\n" + ADDED.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}\n{ONE}\n{TWO}", f"{HEAD}\n{TWO}"),
        (f"{HEAD}\n{ONE}", f"{HEAD}\n"),
        (f"{HEAD}\n# mine\n{ONE}# below\n\n[http]\n", f"{HEAD}\n# mine\n# below\n\n[http]\n"),
    ],
)
def test_a_source_goes_with_its_table_alone(desk, before, after):
    assert desk(before).remove("Eins").after == after


def test_text_over_several_lines_is_no_heading(desk):
    tricky = f'{HEAD}{ONE}note = """\n[[source]]\n[http]\n"""\n\n{TWO}'
    assert desk(tricky).remove("Eins").after == f"{HEAD}{TWO}"
    assert tomli.loads(desk(tricky).add([NEW]).after)["source"][0]["note"] == "[[source]]\n[http]\n"


def test_what_is_read_again_makes_no_new_mistake(desk):
    with pytest.raises(ConfigError) as caught:
        desk(f"{HEAD}{ONE}").add([{"name": "Neu", "type": "feed", "url": "https://neu.example/", "interval": "often"}])
    assert len(caught.value.problems) == 1


def test_old_mistakes_do_not_stand_in_the_way(desk):
    assert desk(f'{HEAD}lnaguage = "x"\n{ONE}').remove("Eins").after == f'{HEAD}lnaguage = "x"\n'


def test_a_file_that_is_no_toml_is_left_alone(desk):
    with pytest.raises(UserError, match="cannot be edited as it stands"):
        desk(f"{HEAD}[[source\n").add([NEW])


def test_sources_in_a_list_are_taken_out_by_hand(desk):
    inline = f'source = [{{ name = "Eins", type = "feed", url = "https://eins.example/feed" }}]\n{HEAD}'
    with pytest.raises(UserError, match="in a list"):
        desk(inline).remove("Eins")
    with pytest.raises(UserError, match="cannot be edited as it stands"):
        desk(inline).add([NEW])


def test_no_such_source(desk):
    with pytest.raises(UserError, match="no source is called Drei"):
        desk(f"{HEAD}{ONE}").remove("Drei")


def test_a_file_that_changed_meanwhile_is_not_written(desk):
    made = desk(f"{HEAD}{ONE}").add([NEW])
    made.path.write_text(f"{HEAD}{TWO}", encoding="utf-8")
    with pytest.raises(UserError, match="changed since it was read") as caught:
        write(made)
    assert ADDED in str(caught.value)
    assert made.path.read_text(encoding="utf-8") == f"{HEAD}{TWO}"


def test_a_file_that_may_not_be_written_gets_the_lines_to_paste(desk, monkeypatch):
    made = desk(f"{HEAD}{ONE}").add([NEW])
    monkeypatch.setattr(edit.os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(UserError) as caught:
        write(made)
    assert str(caught.value) == f"{made.path} may not be written; please add these lines to it:\n\n{ADDED}"


def test_a_file_keeps_its_rights(desk):
    made = desk(f"{HEAD}{ONE}").add([NEW])
    made.path.chmod(0o640)
    write(made)
    assert (made.path.stat().st_mode & 0o777, made.path.read_text(encoding="utf-8")) == (0o640, made.after)


def test_names_are_written_so_that_they_are_read_the_same():
    name = 'Blog "Müsli" \\ \u2028 = # [x]'
    assert tomli.loads(tables([{"name": name}]))["source"] == [{"name": name}]
