"""The control socket: writing commands go to the running daemon, which alone writes the store.

One JSON line each way: `{"verb": "digest_send", "args": {…}}`, then `{"ok": true, "result": {…}}` or
`{"ok": false, "error": <a sentence as JSON>}`. The socket's rights (0660) decide who may speak; its name carries a
hash of the store's address, so that nobody speaks to the daemon of another store.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from smwatch.errors import SmwatchError, UserError, system_reason
from smwatch.i18n import Text, from_json, text, to_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

log = structlog.get_logger(__name__)

MODE = 0o660
LARGEST = 1 << 20  # bytes of one line, either way
PATIENCE = 30.0  # seconds for one verb
SYSTEM_FOLDER = Path("/run/smwatch")  # RuntimeDirectory= of deploy/smwatch.service


def socket_path(store: str, folder: Path) -> Path:
    """Where the daemon of `store` listens: in $RUNTIME_DIRECTORY, else in `folder` beside the store."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(runtime) if runtime else folder) / _name(store)


def socket_paths(store: str, folder: Path) -> tuple[Path, ...]:
    """Where a command looks for that daemon, from any shell."""
    return tuple(dict.fromkeys((socket_path(store, folder), folder / _name(store), SYSTEM_FOLDER / _name(store))))


def _name(store: str) -> str:
    return f"control-{hashlib.sha256(store.encode()).hexdigest()[:8]}.sock"


class ControlServer:
    """Answers verbs on `path`; a handler takes and returns plain JSON values, and raises UserError for people."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self.path = path
        self._handlers = dict(handlers)
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen; a socket that a killed daemon left behind is replaced. Raises UserError."""
        try:
            wire = _bound(self.path)
        except OSError as error:
            reason = system_reason(error)
            raise UserError(text("cannot listen on {place}: {reason}", place=str(self.path), reason=reason)) from None
        self._server = await asyncio.start_unix_server(self._serve, sock=wire, limit=LARGEST)

    async def stop(self) -> None:
        """Stop listening, end open talks, take the socket away."""
        if self._server is None:
            return
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(self._talks, timeout=1)
        self.path.unlink(missing_ok=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101 - asyncio runs this in a task
        self._talks.add(talk)
        try:
            answer = await self._answer(await reader.readline())
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            log.info("control_talk_broken")  # they hung up, or sent a line without end
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        asked = _read(line)
        handler = self._handlers.get(asked[0]) if asked else None
        if asked is None or handler is None:
            return _refusal(text("the running smwatch does not know “{verb}”", verb=asked[0] if asked else "?"))
        try:
            return {"ok": True, "result": await handler(asked[1])}
        except SmwatchError as error:
            return _refusal(error.sentence)
        except Exception:
            log.exception("control_verb_failed", verb=asked[0])
            return _refusal(text("that went wrong inside smwatch; its log says more"))


def _read(line: bytes) -> tuple[str, dict[str, Any]] | None:
    try:
        asked = json.loads(line)
        verb, args = asked["verb"], asked.get("args", {})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return (verb, args) if isinstance(verb, str) and isinstance(args, dict) else None


def _refusal(sentence: Text) -> dict[str, Any]:
    return {"ok": False, "error": to_json(sentence)}


async def ask(path: Path, verb: str, **args: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """The daemon's answer; None where nobody listens on `path`. Raises UserError with what the daemon says is wrong."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _ask(path, verb, args)
    except TimeoutError:
        raise UserError(text("the running smwatch does not answer")) from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None
    except PermissionError:
        raise UserError(text("{path} may not be opened by this user; use sudo", path=str(path))) from None
    except (OSError, ValueError):
        raise UserError(text("the running smwatch hung up before it answered")) from None


async def _ask(path: Path, verb: str, args: Mapping[str, Any]) -> dict[str, Any]:
    wire = await _connected(path)
    reader, writer = await asyncio.open_unix_connection(sock=wire, limit=LARGEST)
    try:
        writer.write(json.dumps({"verb": verb, "args": args}, ensure_ascii=False).encode() + b"\n")
        await writer.drain()
        answer = json.loads(await reader.readline())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if not answer["ok"]:
        raise UserError(from_json(answer["error"]))
    found: dict[str, Any] = answer["result"]
    return found


async def ask_daemon(store: str, folder: Path, verb: str, **args: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """As `ask`, at the first of `socket_paths` where a daemon listens; None where there is none."""
    for path in socket_paths(store, folder):
        answer = await ask(path, verb, **args)
        if answer is not None:
            return answer
    return None


async def _connected(path: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        wire.setblocking(False)
        with _reachable(path) as address:
            await asyncio.get_running_loop().sock_connect(wire, address)
    except BaseException:
        wire.close()
        raise
    return wire


def _bound(path: Path) -> socket.socket:
    _clear(path)
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~MODE)  # rights are right from the first moment on
    try:
        with _reachable(path) as address:
            wire.bind(address)
    except BaseException:
        wire.close()
        raise
    finally:
        os.umask(before)
    return wire


def _clear(path: Path) -> None:
    """Take away a socket that nobody listens on any more; the store's lock says that no other daemon has it."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """An address for `path`: the kernel takes only 107 bytes, a folder's descriptor makes any path short."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
