"""Runs the command line: inside this process where that shows the same, as a process of its own where it would not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.testing import CliRunner

from smwatch.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # which `run` does not hear any more when it has ended
PATIENCE = 60  # seconds after which a process is given up
CONFIG = """\
[smwatch]
language = "{language}"
store = "sqlite://{folder}/state/smwatch.db"

[web]
listen = ""

[channels.terminal]
type = "console"

[[watch]]
name = "Acme"
query = 'Acme'
alert = ["terminal"]
digest = ["morgens"]

[[source]]
name = "Werkblog"
type = "feed"
url = "{url}"
interval = "2s"
allow_private = true

[digest.morgens]
at = "08:00"
channels = ["terminal"]
"""
JSON_COMMANDS = (
    ("check",), ("status",), ("queue",), ("doctor",), ("plugins",), ("query", "explain", "-q", "acme"),
    ("config", "show"), ("config", "history"), ("digest", "preview", "morgens"), ("source", "test", "Werkblog"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, (*path, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A folder to work in, with a config that is right; `language` is the environment's."""

    folder: Path
    language: str = "en"

    @property
    def config(self) -> Path:
        return self.folder / "smwatch.toml"

    def configure(self, url: str = "http://127.0.0.1:9/feed.xml", **changes: str) -> Path:
        content = CONFIG.format(folder=self.folder, url=url, language=self.language)
        for old, new in changes.items():
            content = content.replace(old, new)
        self.config.write_text(content, encoding="utf-8")
        return self.config

    @property
    def env(self) -> dict[str, str]:
        """Nothing of this machine's user: no config of theirs, no secrets."""
        kept = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ
        }
        locale = {"en": "C.UTF-8", "de": "de_DE.UTF-8"}[self.language]
        return {**kept, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "LANG": locale, "COLUMNS": "80"}

    def run(self, *words: str, typed: str | bytes | None = None, **env: str) -> Said:
        """In this process; what is typed is no terminal."""
        quiet = dict.fromkeys(set(os.environ) - set(self.env))
        before, heard = Path.cwd(), {number: signal.getsignal(number) for number in SIGNALS}
        os.chdir(self.folder)
        try:
            done = CliRunner().invoke(
                cli, list(words), input=typed, env={**quiet, **self.env, **env}, prog_name="smwatch"
            )
        finally:
            os.chdir(before)
            for number in SIGNALS:  # a thread that is not the main one has changed none
                if signal.getsignal(number) is not heard[number]:
                    signal.signal(number, heard[number])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(code=done.exit_code, out=done.stdout, err=done.stderr)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "smwatch", *words]

    def process(self, *words: str, **how: Any) -> Said:
        """As a process of its own."""
        given = {
            "cwd": self.folder,
            "env": self.env,
            "capture_output": True,
            "timeout": PATIENCE,
            "check": False,
            **how,
        }
        done = subprocess.run(self.command(*words), **given)  # noqa: PLW1510 - `given` says check=False
        return Said(code=done.returncode, out=(done.stdout or b"").decode(), err=(done.stderr or b"").decode())

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """`smwatch run`, ready; ended at the end, and what it says on its standard output is kept in `run.out`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(self.folder / "notify"))
            told.settimeout(PATIENCE)
            with (self.folder / "run.out").open("wb") as out, (self.folder / "run.err").open("wb") as err:
                env = {**self.env, "NOTIFY_SOCKET": str(self.folder / "notify")}
                process = subprocess.Popen(self.command("run"), cwd=self.folder, env=env, stdout=out, stderr=err)
            try:
                while b"READY=1" not in told.recv(4096):
                    pass
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
