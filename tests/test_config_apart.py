"""Large configs are read by a process of their own, with the same result."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from smwatch import loader
from smwatch.config import apart
from smwatch.config.apart import LARGE, build_apart, is_large
from smwatch.config.build import build
from smwatch.config.document import Raw
from smwatch.config.files import collect, peek, standing_files
from smwatch.config.keeper import Keeper
from smwatch.config.light import Light
from smwatch.source import Source

HEAD = '# first\n[smwatch]\nlanguage = "en"\ninclude = [\n  "team/*.toml",\n]\n\n[channels.t]\ntype = "console"\n'
WATCH = '[[watch]]\nname = "Acme"\nquery = \'Acme\'\nalert = ["t"]\n'


def large(more=""):
    rows = (f'[[source]]\nname = "Q{n}"\ntype = "feed"\nurl = "https://q{n}.example/feed"\n' for n in range(4000))
    return f"{HEAD}{WATCH}{''.join(rows)}{more}"


@pytest.fixture(scope="module")
def kinds():
    return loader.load()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "smwatch.toml"
    path.write_text(large(), encoding="utf-8")
    return path


def test_it_reads_the_same(file, kinds):
    raws = collect(file).raws
    assert is_large(raws)
    there, here = build_apart(raws, kinds, None), build(raws, kinds)
    assert there.config == here.config
    assert len(there.config.sources) == 4000
    assert len({id(source.model_fields_set) for source in there.config.sources}) == 1


def test_what_ten_thousand_sources_have_alike_is_held_once(tmp_path, kinds):
    rows = (f'[[source]]\ntype = "feed"\nurl = "https://q{n}.example/feed"\ninterval = "10m"\n' for n in range(4000))
    watches = (f'[[watch]]\nname = "W{n}"\nquery = "Acme"\nalert = ["t"]\n' for n in range(200))
    raw = Raw(path=tmp_path / "smwatch.toml", data=f"{HEAD}{''.join(watches)}{''.join(rows)}".encode())
    config = build_apart([raw], kinds, None).config
    assert len({id(source.interval) for source in config.sources}) == 1
    assert len({id(watch.alert) for watch in config.watches}) == len({id(watch.query) for watch in config.watches}) == 1


def test_a_source_that_is_made_again_has_its_names_in_its_class_and_no_dict_of_them():
    class Leaflet(Source):
        url: str
        colour: str = "red"

    first = Leaflet(type="leaflet", url="https://q.example/")
    remake, (kind, inner, *values) = Light(io.BytesIO()).reducer_override(first)
    again = remake(kind, inner, *values)
    assert (again, again.model_fields_set) == (first, {"type", "url"})
    assert sys.getsizeof(again.__dict__) < sys.getsizeof(dict(again.__dict__))


def test_mistakes_keep_their_places(tmp_path, kinds):
    raw = Raw(path=tmp_path / "smwatch.toml", data=large('[[source]]\ntype = "fed"\n').encode())
    there, here = build_apart([raw], kinds, None), build([raw], kinds)
    assert [one.problem for one in there.findings] == [one.problem for one in here.findings]
    assert [one.document.path for one in there.broken] == [raw.path]


def test_other_plugins_by_now_are_read_here(file, kinds):
    other = replace(kinds, plugins=kinds.plugins[1:])
    assert build_apart(collect(file).raws, other, None) is None


def test_a_process_that_cannot_be_started_is_done_without(file, kinds, monkeypatch):
    monkeypatch.setattr(apart.sys, "executable", str(file))
    assert build_apart(collect(file).raws, kinds, None) is None
    keeper = Keeper(file)
    assert len(keeper.start(datetime.now(UTC)).config.sources) == 4000


def test_a_small_config_is_read_here():
    assert not is_large([Raw(path=None, data=bytes(LARGE - 1))])


def test_only_the_head_of_a_large_file_is_read_for_its_head(kinds):
    tricky = large('[[watch]]\nname = "B"\nquery = """\n[smwatch]\nlanguage = "de"\n"""\n')
    assert peek(tricky.encode()) == {"smwatch": {"language": "en", "include": ["team/*.toml"]}}
    inline = 'smwatch = { language = "en" }\n' + large().partition("\n\n")[2]
    assert peek(inline.encode())["smwatch"] == {"language": "en"}


def test_files_are_only_read_again_where_they_changed(file):
    team = file.parent / "team"
    team.mkdir()
    (team / "a.toml").write_text(WATCH, encoding="utf-8")
    assert standing_files(file) == [file, team / "a.toml"]
    (team / "b.toml").write_text(WATCH, encoding="utf-8")
    assert standing_files(file) == [file, team / "a.toml", team / "b.toml"]
    file.write_text(large().replace("team/*.toml", "nobody/*.toml"), encoding="utf-8")
    assert standing_files(file) == [file]
