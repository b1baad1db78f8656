"""What is installed: systemd likes the unit, the manifests ask for what the docs say, and nothing names a secret."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNIT = DEPLOY / "smwatch.service"
WORST_SCORE = 1.4
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed here")


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ANALYZE), *words], capture_output=True, text=True, check=False, timeout=60)


def _settings(name: str) -> list[str]:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


@needs_systemd
def test_the_sandbox_is_as_tight_as_promised() -> None:
    done = _analyze("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"exposure level for smwatch\.service: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= WORST_SCORE


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    here = tmp_path / "smwatch.service"  # the same unit, with a program that exists on this machine
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/smwatch/bin/smwatch", sys.executable), "utf-8")
    done = _analyze("verify", "--man=no", str(here))
    about_us = [line for line in done.stderr.splitlines() if "smwatch" in line]
    assert (about_us, done.returncode) == ([], 0)


def test_the_unit_waits_restarts_and_stops_as_the_docs_say() -> None:
    assert _settings("Type") == ["notify"]
    assert _settings("RestartPreventExitStatus") == ["78"]
    assert _settings("Restart") == ["always"]
    assert _settings("KillMode") == ["mixed"]
    assert _settings("LoadCredential") == ["smwatch:/etc/smwatch/credentials"]


def test_too_much_memory_ends_the_service_alone_and_it_starts_again() -> None:
    high, most = (int(_settings(name)[0].removesuffix("M")) for name in ("MemoryHigh", "MemoryMax"))
    assert 256 <= high < most
    assert (_settings("MemorySwapMax"), _settings("OOMPolicy"), _settings("Restart")) == (
        ["0"],
        ["continue"],
        ["always"],
    )


def test_every_group_of_hardening_lines_says_why() -> None:
    """A setting of the sandbox stands below a comment, or below one that does."""
    lines = UNIT.read_text(encoding="utf-8").partition("# --- sandbox")[2].partition("[Install]")[0].splitlines()[1:]
    blank = [n for n, line in enumerate(lines) if not line.strip()]
    after_blank = [lines[n + 1] for n in blank if n + 1 < len(lines)]
    assert [line for line in after_blank if line and not line.startswith("#")] == []
    assert sum(line.startswith("#") for line in lines) >= 12


def _scopes(name: str) -> set[str]:
    """The bot's scopes of a manifest, and whether it uses Socket Mode (read without a YAML library)."""
    lines = (DEPLOY / "slack" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("    bot:")
    found = set()
    for line in lines[start + 1 :]:
        if not line.startswith("      - "):
            break
        found.add(line.removeprefix("      - ").partition("#")[0].strip())
    return found | {line.strip() for line in lines if line.strip().startswith("socket_mode_enabled: true")}


def test_each_manifest_asks_for_what_it_can_and_no_more() -> None:
    socket_mode = "socket_mode_enabled: true  # the app-level token (xapp-…) needs connections:write"
    assert _scopes("webhook") == {"incoming-webhook"}
    assert _scopes("chat") == {"chat:write", "commands", socket_mode}
    assert _scopes("full") == {"chat:write", "commands", "channels:history", "channels:read", socket_mode}


def test_the_readme_installs_files_that_are_there() -> None:
    words = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"deploy/[\w./]+", words)) | {f"deploy/{it}" for it in re.findall(r"slack/\w+\.yaml", words)}
    assert sorted(it for it in named if not (DEPLOY.parent / it).is_file()) == []
    assert "deploy/smwatch.service" in named
