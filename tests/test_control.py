"""The control socket: verbs, sentences, rights, and what happens when nobody is there."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.web import control
from smwatch.web.control import ControlServer, ask, ask_daemon, socket_path, socket_paths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STORE = "sqlite:///srv/acme/smwatch.db"


async def _echo(args: dict[str, Any]) -> dict[str, Any]:
    return {"heard": args}


async def _refuse(args: dict[str, Any]) -> dict[str, Any]:
    raise UserError(text("there is no digest called {name}", name=args["name"]))


async def _break(_: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError("secret details")


@asynccontextmanager
async def daemon(path: Path, **more: Any) -> AsyncIterator[ControlServer]:
    server = ControlServer(path, {"echo": _echo, "refuse": _refuse, "break": _break, **more})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def test_a_verb_takes_and_returns_json(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s.sock"):
        assert await ask(tmp_path / "s.sock", "echo", name="Müller-Lüdenscheidt", n=3) == {
            "heard": {"name": "Müller-Lüdenscheidt", "n": 3}
        }


async def test_what_the_daemon_refuses_arrives_as_its_sentence(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s.sock"):
        with pytest.raises(UserError, match="no digest called mittags"):
            await ask(tmp_path / "s.sock", "refuse", name="mittags")
        with pytest.raises(UserError, match="does not know “fly”"):
            await ask(tmp_path / "s.sock", "fly")


async def test_a_bug_in_a_verb_tells_nothing_and_leaves_the_daemon_there(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s.sock"):
        with pytest.raises(UserError, match="its log says more") as caught:
            await ask(tmp_path / "s.sock", "break")
        assert "secret details" not in str(caught.value)
        assert await ask(tmp_path / "s.sock", "echo") == {"heard": {}}


async def test_nobody_there_is_none(tmp_path: Path) -> None:
    assert await ask(tmp_path / "s.sock", "echo") is None
    assert await ask(tmp_path / "no" / "folder" / "s.sock", "echo") is None
    async with daemon(tmp_path / "s.sock"):
        pass
    assert await ask(tmp_path / "s.sock", "echo") is None
    assert not (tmp_path / "s.sock").exists()


async def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    control._bound(path).close()  # a bound socket whose process is gone stays in its folder
    assert path.is_socket()
    assert await ask(path, "echo") is None
    async with daemon(path):
        assert await ask(path, "echo") == {"heard": {}}


async def test_only_owner_and_group_may_speak(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s.sock"):
        assert stat.S_IMODE((tmp_path / "s.sock").stat().st_mode) == 0o660


async def test_a_long_path_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    async with daemon(folder / "s.sock"):
        assert await ask(folder / "s.sock", "echo") == {"heard": {}}


async def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot listen on"):
        await ControlServer(tmp_path / "no" / "s.sock", {}).start()


@pytest.mark.parametrize("line", [b"", b"nonsense\n", b"[]\n", b'{"verb": 3}\n', b'{"verb": "echo", "args": []}\n'])
async def test_a_line_that_is_no_question_is_refused(tmp_path: Path, line: bytes) -> None:
    async with daemon(tmp_path / "s.sock"):
        folder = os.open(tmp_path, os.O_PATH)
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/s.sock")
        os.close(folder)
        writer.write(line)
        writer.write_eof()
        answer = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        assert answer["ok"] is False
        assert await ask(tmp_path / "s.sock", "echo") == {"heard": {}}


async def test_a_daemon_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: dict[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(control, "PATIENCE", 0.05)
    async with daemon(tmp_path / "s.sock", hang=hang):
        with pytest.raises(UserError, match="does not answer"):
            await ask(tmp_path / "s.sock", "hang")


async def test_stop_ends_open_talks(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def hang(_: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    async with daemon(tmp_path / "s.sock", hang=hang):
        asking = asyncio.create_task(ask(tmp_path / "s.sock", "hang"))
        await begun.wait()
    with pytest.raises(UserError, match="hung up"):
        await asking


def test_each_store_has_a_socket_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    folder = Path("/srv/acme")
    assert socket_path(STORE, folder).parent == folder
    assert socket_path(STORE, folder) != socket_path(STORE + "2", folder)
    assert len(socket_paths(STORE, folder)) == 2
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/smwatch:/run/other")
    assert socket_path(STORE, folder).parent == Path("/run/smwatch")


async def test_a_command_finds_the_daemon_from_any_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, runtime = tmp_path / "state", tmp_path / "run"
    state.mkdir()
    runtime.mkdir()
    monkeypatch.setattr(control, "SYSTEM_FOLDER", runtime)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    path = socket_path(STORE, state)
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    async with daemon(path):
        assert await ask_daemon(STORE, state, "echo") == {"heard": {}}
        assert await ask_daemon(STORE + "2", state, "echo") is None
