"""One file for each kind of mistake, with what people read about it: `tests/config/bad.<mistake>.toml` and `.txt`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smwatch import loader
from smwatch.config.build import Built, build
from smwatch.config.document import Raw
from smwatch.config.render import render_problems

FOLDER = Path(__file__).with_name("config")
BAD = sorted(FOLDER.glob("bad.*.toml"))
REGISTRY = loader.load()


def read(path: Path) -> Built:
    return build([Raw(path=Path(path.name), data=path.read_bytes())], REGISTRY)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name.split(".")[1])
def test_each_mistake_has_its_sentence(path: Path) -> None:
    found = render_problems([it.problem for it in read(path).findings], "de")
    told = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert found == told.replace("TYPES", ", ".join(sorted(REGISTRY.sources)))


def test_there_is_a_file_for_each_kind_of_mistake() -> None:
    assert len(BAD) >= 115


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name.split(".")[1])
def test_both_languages_differ_and_neither_shows_a_raw_template(path: Path) -> None:
    for it in read(path).findings:
        german, english = it.problem.message.render("de"), it.problem.message.render("en")
        assert german != english
        assert not re.search(r"\{\w+\}", german + english)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("bad.secret_*.toml")), ids=lambda path: path.name.split(".")[1])
def test_no_secret_is_repeated(path: Path) -> None:
    findings = read(path).findings
    shown = "".join(render_problems([it.problem for it in findings], language) for language in ("de", "en"))
    for secret in ("1234567890", "abcdefghij", "verschwiegen", "Sommer2026", "T000/B000"):
        assert secret not in shown
    assert findings


def test_hints_are_warnings_and_everything_else_is_an_error() -> None:
    warned = {path.name.split(".")[1] for path in BAD if not any(_is_error(it) for it in read(path).findings)}
    hints = {path.name.split(".")[1] for path in FOLDER.glob("bad.hint_*.toml")}
    assert warned == hints | {"route_nowhere", "route_digest_only_with_alert", "route_raise_to_the_same"}


def _is_error(finding: object) -> bool:
    return finding.problem.severity == "error"  # type: ignore[attr-defined]
