"""The pages that people read: links lead somewhere, commands exist, configurations pass, queries parse."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import tomli

from smwatch.cli import cli
from smwatch.config import check, render_problems
from smwatch.query.parse import parse
from smwatch.web.metrics import Metrics

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "deploy" / "README.md", *(ROOT / "docs").rglob("*.md")])
BASE = {  # what an excerpt of a configuration may take for granted: a place in the file, and what stands there
    ("channels", "pr"): '[channels.pr]\ntype = "slack"\nwebhook = { env = "SMWATCH_SLACK_WEBHOOK" }\n',
    ("digest", "morgens"): '[digest.morgens]\nat = "08:00"\nchannels = ["pr"]\n',
    ("digest", "mornings"): '[digest.mornings]\nat = "08:00"\nchannels = ["pr"]\n',
    ("watch",): "[[watch]]\nname = 'Acme'\nquery = 'acme'\nalert = ['pr']\n",
    ("source",): '[[source]]\ntype = "feed"\nurl = "https://www.example.org/feed.xml"\n',
}
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|bin/)smwatch [a-z-]")
_INLINE = re.compile(r"(?<!`)`((?:\.venv/bin/)?smwatch [^`\n]+)`(?!`)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for path in PAGES:
        words = path.read_text(encoding="utf-8")
        for at in _BLOCK.finditer(words):
            if at[1] == kind:
                found.append((f"{named(path)}:{words[: at.start()].count(chr(10)) + 1}", at[2]))
    return list(dict.fromkeys(found))


def cases(found: list[tuple[str, str]]) -> list[object]:
    return [pytest.param(words, id=place) for place, words in found]


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    words = _BLOCK.sub("", path.read_text(encoding="utf-8"))
    lost = []
    for link in _LINK.findall(words):
        target, _, anchor = unquote(link).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(link)
    assert lost == []


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    heads = re.findall(r"^#+ (.+)$", _BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert [one.name for one in pictures] == ["alert.png", "case.png", "digest.png"]
    assert all(one.read_bytes().startswith(b"\x89PNG") for one in pictures)
    assert [one.name for one in pictures if one.stat().st_size > 200_000] == []


def command_lines() -> list[tuple[str, str]]:
    found = []
    for place, block in blocks("sh"):
        found += [(place, line) for line in block.splitlines() if _COMMAND.search(line)]
    for path in PAGES:
        words = _BLOCK.sub("", path.read_text(encoding="utf-8"))
        found += [(named(path), line) for line in _INLINE.findall(words)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("place", "line"), command_lines())
def test_every_command_exists_with_its_options(place: str, line: str) -> None:
    words = shlex.split(line.partition(" #")[0].split(" < ")[0].split(" > ")[0].replace("…", "x"), comments=False)
    at = next(n for n, word in enumerate(words) if word.rpartition("/")[2] == "smwatch")
    command: click.Command = cli
    rest = words[at + 1 :]
    while rest and isinstance(command, click.Group):
        if rest[0].startswith("-"):
            break
        assert rest[0] in command.commands, f"{place}: {line}"
        command = command.commands[rest.pop(0)]
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    assert [word for word in rest if word.startswith("-") and word.partition("=")[0] not in options] == [], line


def test_there_are_commands_to_check() -> None:
    assert len(command_lines()) > 30


def is_there(tables: dict[str, object], table: str, name: str | None = None) -> bool:
    found = tables.get(table)
    return name in found if name is not None and isinstance(found, dict) else name is None and bool(found)


@pytest.mark.parametrize("words", cases(blocks("toml")))
def test_every_configuration_passes(words: str, tmp_path: Path) -> None:
    tables = tomli.loads(words)
    missing = [given for place, given in BASE.items() if not is_there(tables, *place)]
    filled = "\n".join([words, *missing])
    path = tmp_path / "smwatch.toml"
    path.write_text(filled, encoding="utf-8")
    odd = [it for it in check(path) if it.severity == "error" or "changes nothing" in str(it.message)]
    assert odd == [], render_problems(odd, "en")


@pytest.mark.parametrize("words", cases(blocks("query")))
def test_every_query_parses(words: str) -> None:
    lines = words.splitlines()
    assert [str(parse(line)) for line in lines if line.strip()] != []


def test_queries_in_tables_parse() -> None:
    for name in ("de/README.md", "en/README.md"):
        rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert len(rows) >= 8
        for row in rows:
            parse(row)


@pytest.mark.parametrize("name", ["de/betrieb.md", "en/operating.md"])
def test_the_operators_page_names_figures_that_exist(name: str) -> None:
    words = (ROOT / "docs" / name).read_text(encoding="utf-8")
    told = set(re.findall(r"`(smwatch_\w+?)(?:_total)?(?:\{[^}]*\})?`", words))
    known = {family.name for family in Metrics().registry.collect()}
    assert told - known - {"smwatch_"} == set()
    assert {"smwatch_queue_length", "smwatch_sources", "smwatch_config_reload_ok"} <= told
