"""Which files are read, in which order, and how a saved one is noticed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from config_world import GOOD, KINDS

from smwatch.config import check, find, load
from smwatch.config.document import Role
from smwatch.config.files import collect
from smwatch.config.loading import plugin_names
from smwatch.config.watcher import changed_files, saves, stamps
from smwatch.errors import ConfigError, UserError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_lookup_order(tmp_path: Path) -> None:
    named, environment, here = tmp_path / "a.toml", tmp_path / "b.toml", tmp_path / "smwatch.toml"
    xdg = tmp_path / "xdg" / "smwatch" / "config.toml"
    xdg.parent.mkdir(parents=True)
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "SMWATCH_CONFIG": str(environment)}
    for path in (named, environment, here, xdg):
        path.touch()
    assert find(named, env=env, cwd=tmp_path) == named
    assert find(env=env, cwd=tmp_path) == environment
    del env["SMWATCH_CONFIG"]
    assert find(env=env, cwd=tmp_path) == here
    here.unlink()
    assert find(env=env, cwd=tmp_path) == xdg


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*nowhere\.toml"):
        find(tmp_path / "nowhere.toml", env={})


def test_without_any_file_all_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"smwatch\.toml.*smwatch init"):
        find(env={"HOME": str(tmp_path)}, cwd=tmp_path)


def test_the_operators_files_and_then_the_peoples(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\ninclude = ["team/*.toml", "team/a*.toml"]\n')
    for name in ("conf.d/20-b.toml", "conf.d/10-a.toml", "conf.d/note.txt", "team/a.toml", "team/b.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [(str(it.path.relative_to(tmp_path)), it.role) for it in collect(main).raws]
    assert found == [
        ("config.toml", Role.OPERATOR),
        ("conf.d/10-a.toml", Role.OPERATOR),
        ("conf.d/20-b.toml", Role.OPERATOR),
        ("team/a.toml", Role.PEOPLE),
        ("team/b.toml", Role.PEOPLE),
    ]


def test_includes_are_found_in_a_broken_file_too(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\ninclude = ["team.toml"]\n\n[[watch]\n')
    (tmp_path / "team.toml").touch()
    assert [it.role for it in collect(main).raws] == [Role.OPERATOR, Role.PEOPLE]


def test_an_include_that_finds_nothing_is_said(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text(GOOD.replace("[smwatch]", '[smwatch]\ninclude = ["team/*.toml"]'))
    found = check(main, KINDS)
    assert [it.severity for it in found if "include" in str(it.message)] == ["warning"]


def test_load_raises_with_all_problems(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text("[smwatch]\nlanguage = 1\nfarbe = 2\n")
    with pytest.raises(ConfigError) as caught:
        load(main, KINDS)
    assert [it.line for it in caught.value.problems if it.severity == "error"] == [2, 3]
    with pytest.raises(UserError, match="cannot be read"):
        check(tmp_path / "nowhere.toml", KINDS)


def test_plugins_are_named_by_the_operator_only(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\nplugins = ["extra"]\nplugins_dir = "mine"\ninclude = ["team.toml"]\n')
    (tmp_path / "team.toml").write_text('[smwatch]\nplugins = ["evil"]\n')
    assert plugin_names(collect(main).raws) == (("extra",), tmp_path / "mine")


def test_a_plugin_that_is_not_installed_is_a_mistake_at_its_place(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\nplugins = ["no-such-plugin"]\n\n[channels.t]\ntype = "console"\n')
    found = [it for it in check(main) if it.severity == "error"]
    assert [(it.line, it.column) for it in found] == [(2, 12)]


def test_a_missing_plugins_dir_is_no_mistake(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\nplugins_dir = "nowhere"\n\n[channels.t]\ntype = "console"\n')
    assert [it for it in check(main) if it.severity == "error"] == []


def test_changed_files_are_those_whose_stamp_differs(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text('[smwatch]\ninclude = ["*.team.toml"]\n')
    before = stamps(main)
    team = tmp_path / "pr.team.toml"
    team.write_text("")
    assert changed_files(before, stamps(main)) == {team}
    assert changed_files(stamps(main), stamps(main)) == frozenset()


async def test_a_save_is_noticed_once_it_is_whole(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text(GOOD)
    stop = asyncio.Event()
    seen = saves(main, stop, every=0.05, settle=0.02)
    first = asyncio.create_task(anext(seen))
    await asyncio.sleep(0)
    fresh = tmp_path / "fresh"
    fresh.write_text(GOOD + "# more\n")
    fresh.replace(main)
    assert await asyncio.wait_for(first, 10) == {main}
    stop.set()
    with pytest.raises(StopAsyncIteration):
        await anext(seen)
