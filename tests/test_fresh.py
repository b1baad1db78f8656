"""The parts of the docs that the program writes itself."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import pytest

from smwatch import hookspecs, loader
from smwatch.testing.fresh import Stale, commands, marks, plugins, stale

ROOT = Path(__file__).resolve().parent.parent
CHECKOUT = (ROOT / "smwatch").is_dir() and (ROOT / "README.md").is_file()
needs_checkout = pytest.mark.skipif(not CHECKOUT, reason="the wheel carries neither docs nor catalogues' sources")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout's pages and catalogues, to spoil."""
    for name in ("docs", "deploy", "smwatch/locale"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path / "README.md")
    return tmp_path


@needs_checkout
def test_the_checkout_is_fresh() -> None:
    assert [one.path.relative_to(ROOT).as_posix() for one in stale(ROOT)] == []


@needs_checkout
@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("docs/de/befehle.md", "smwatch check"),
        ("docs/de/konfiguration.md", "`timezone`"),
        ("docs/plugins/feed.md", "deeplink"),
        ("docs/plugins/README.md", "RegisterSource"),
        ("docs/slack-for-it.md", "chat:write"),
    ],
)
def test_a_page_that_grew_old_is_named(copy: Path, name: str, old: str) -> None:
    page = copy / name
    fresh = page.read_bytes()
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    spoilt = max(n for n, line in enumerate(lines) if old in line)
    page.write_text("".join(lines[:spoilt] + lines[spoilt + 1 :]), encoding="utf-8")
    assert list(stale(copy)) == [Stale(page, fresh)]


@needs_checkout
def test_a_translation_that_is_not_compiled_is_named(copy: Path) -> None:
    source = copy / "smwatch" / "locale" / "de" / "fetch.po"
    source.write_text(source.read_text(encoding="utf-8") + '\nmsgid "soup"\nmsgstr "Suppe"\n', encoding="utf-8")
    assert [one.path.name for one in stale(copy)] == ["fetch.mo"]


@needs_checkout
def test_the_page_of_a_plugin_that_is_gone_goes_too(copy: Path) -> None:
    page = copy / "docs" / "plugins" / "telegraph.md"
    page.write_text(f"{plugins.MADE}\n\n# telegraph\n", encoding="utf-8")
    assert list(stale(copy)) == [Stale(page, None)]


def test_every_command_has_its_help_in_both_languages() -> None:
    names = {path for path, _ in commands.walk(commands.cli)}
    assert {"smwatch", "smwatch check", "smwatch digest preview"} <= names
    for language in ("de", "en"):
        assert names == {line[4:-1] for line in commands.page(language).splitlines() if line.startswith("## `")}


def test_the_help_speaks_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    german = commands.page("de")
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert commands.page("de") == german


def test_every_hook_stands_in_the_table_with_its_signature() -> None:
    table = plugins.hooks()
    specs = [it for it in vars(hookspecs).values() if inspect.isfunction(it) and hasattr(it, "smwatch_spec")]
    assert [name for name in map(plugins.signature, specs) if f"`{name}`" not in table] == []
    assert "`register_sources(register: RegisterSource) -> None`" in table


def test_every_built_in_plugin_has_a_page_that_names_its_keys(tmp_path: Path) -> None:
    pages = {path.stem: words for path, words in plugins.pages(tmp_path)}
    assert set(pages) == {info.name for info in loader.load().plugins}
    assert "| `opml` |" in pages["feed"]
    assert "It cannot see: " in pages["feed"]
    assert "| `api_url` |" in pages["slack"]


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# By hand\n", encoding="utf-8")
    assert marks.pages([page]) == {}
