"""The demo as people start it: a real process, its output on a terminal and in a pipe, and how it ends."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from smwatch.demo import showcase
from smwatch.demo.terminal import framed
from smwatch.demo.world import FORUM, PORTAL, POSTS, World
from smwatch.message.blockkit import block_kit
from smwatch.testing.slack_page import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

READER = Reader(language="de", timezone="Europe/Berlin", now=showcase.NOW)
LIMIT = 100  # seconds for a whole demo on a busy machine


def environment(tmp_path: Path, language: str = "de_DE.UTF-8") -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {**kept, "LANG": language, "TMPDIR": str(tmp_path), "TERM": "xterm-256color", "TZ": "Europe/Berlin"}


def start(tmp_path: Path, *words: str, language: str = "de_DE.UTF-8", **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "smwatch", "demo", *words],
        env=environment(tmp_path, language),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def left_behind(tmp_path: Path) -> list[str]:
    """Processes that still work in the demo's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(tmp_path) in words:
            found.append(words)
    return found


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """The output up to the line that holds `wanted`."""
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if wanted in line:
            return told
    raise AssertionError(f"{wanted!r} never came:\n{told}\n{process.stderr and process.stderr.read()}")


@pytest.mark.timeout(LIMIT + 20)
def test_a_whole_demo_in_a_pipe(tmp_path: Path) -> None:
    process = start(tmp_path)
    told, trouble = process.communicate(timeout=LIMIT)
    assert (process.returncode, trouble) == (0, "")
    assert "\x1b" not in told
    wanted = (
        "3 ältere Beiträge, 3 hätten getroffen",
        "Bergmühle eröffnet Besuchermühle in Oberau",
        "Why I switched to Bergmuehle",
        "🔴 Sofort · Bergmühle",
        "in 2 Quellen: ",
        "<!channel> Grüße an alle *Mitleser*",
        "Überblick morgens",
        "Außerdem: Wettbewerb (1)",
        "init --console",
    )
    assert [words for words in wanted if words not in told] == []
    acts = [told.index(words) for words in (wanted[0], wanted[1], "Überblick morgens", "init --console")]
    assert acts == sorted(acts)
    pages = re.findall(r"file://(\S+)", told)
    assert [Path(page).name for page in pages] == ["slack.html", "digest.html"]
    assert all("Bergmühle ruft Urkorn-Müsli zurück" in Path(page).read_text(encoding="utf-8") for page in pages)
    assert left_behind(tmp_path) == []
    assert sorted(path.name[:18] for path in tmp_path.iterdir()) == ["smwatch-demo-pages"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_at_once_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    read_until(process, "smwatch beobachtet")
    process.send_signal(number)
    told, trouble = process.communicate(timeout=LIMIT)
    assert (process.returncode, trouble) == (0, "")
    assert "Beendet." in told
    assert "Überblick morgens" not in told
    assert left_behind(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_starts(tmp_path: Path) -> None:
    process = start(tmp_path, language="C.UTF-8")
    read_until(process, "The daemon starts")
    process.send_signal(signal.SIGINT)
    told, trouble = process.communicate(timeout=LIMIT)
    assert (process.returncode, trouble) == (0, "")
    assert "Stopped." in told
    assert left_behind(tmp_path) == []


def test_a_reader_that_goes_away_ends_it(tmp_path: Path) -> None:
    process = start(tmp_path)
    read_until(process, "smwatch beobachtet")
    assert process.stdout is not None
    process.stdout.close()
    process.wait(timeout=LIMIT)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert left_behind(tmp_path) == []


def test_ctrl_c_on_a_terminal(tmp_path: Path) -> None:
    """Colours and links on a terminal; a real Ctrl-C reaches the whole foreground group."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "smwatch", "demo"],
        env=environment(tmp_path) | {"COLUMNS": "60"},
        cwd=tmp_path,
        preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - no other way to give it a terminal of its own
    )
    os.close(theirs)
    told = "".join(_terminal(ours, until="Besuchermühle"))
    os.write(ours, b"\x03")
    told += "".join(_terminal(ours, until=None))
    assert process.wait(timeout=LIMIT) == 0
    os.close(ours)
    assert "\x1b[1m" in told
    assert "\x1b]8;" in told
    assert "Traceback" not in told
    assert "Beendet." in told
    assert left_behind(tmp_path) == []


def _terminal(device: int, until: str | None) -> Iterator[str]:
    """What is printed until `until` was, or until the other side closes."""
    told, end = b"", time.monotonic() + LIMIT
    while time.monotonic() < end and (until is None or until.encode() not in told):
        if not select.select([device], [], [], 1)[0]:
            continue
        try:
            piece = os.read(device, 65_536)
        except OSError:
            break
        if not piece:
            break
        told += piece
    yield told.decode(errors="replace")


@pytest.mark.parametrize("width", [24, 40, 80, 160])
@pytest.mark.parametrize("plain", [True, False])
def test_messages_fit_every_width(width: int, plain: bool) -> None:
    console = Console(width=width, file=StringIO())
    for message in (showcase.alert(), showcase.digest()):
        console.print(framed({"blocks": block_kit(message)}, READER, "Slack #pr-alerts", plain=plain))
    lines = console.file.getvalue().splitlines()
    assert {cell_len(line) for line in lines} == {width}
    if plain and width == 160:
        assert any("<https://pressespiegel.example/14>" in line for line in lines)


def test_the_world_waits_until_somebody_watches() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    world = World(lambda: now[0])
    old = [post.title for post, _ in world.visible(FORUM)]
    now[0] += timedelta(minutes=5)
    assert [post.title for post, _ in world.visible(FORUM)] == old == ["Welches Müsli ohne Zucker?"]
    world.begin()
    assert [post.title for post, _ in world.visible(FORUM)] == old
    now[0] += world.lasts
    assert sum(len(world.visible(feed)) for feed in {post.feed for post in POSTS}) == len(POSTS)
    assert [post.site for post, _ in world.visible(PORTAL)][:2] == ["rundschau", "tagesbote"]
