"""The parse worker: a child process that may be killed at any moment and is not trusted with its answers.

Jobs come in on stdin, answers go out on the descriptor that was stdout, both as length-prefixed frames: a job is
`{"function", "file", "options"}` and the body, an answer `{"ok": …}` or `{"error": {"code", "detail"}}`, plain JSON.
It is started by `pool.py` with an empty environment and never by a fork of the daemon.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import json
import os
import resource
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = struct.Struct("!I")
READY = HEADER.pack(0)  # the first frame: what it needs is imported, the limits hold
PR_SET_PDEATHSIG = 1
CPU_SECONDS = 3  # the soft limit of one job; the parent kills at 2, this is for when it cannot
FILES = 64
DETAIL = 200  # characters of a foreign error
OUT_OF_MEMORY = 3  # exit status


def main(memory: int, answer_limit: int, parent: int) -> None:
    """Serve jobs until stdin ends. `memory` bounds the address space, `answer_limit` an answer (both in bytes)."""
    _die_with(parent)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints is nobody's answer
    importlib.import_module("smwatch.feeds.reader")
    importlib.import_module("fastfeedparser")
    importlib.import_module("selectolax.lexbor")
    importlib.import_module("smwatch.links.table").table()  # the one file of data that a reader needs
    _limit(memory)
    sys.addaudithook(_refuse)
    answers.write(READY)
    answers.flush()
    while (frame := _read(jobs)) is not None:
        body = _read(jobs)
        if body is None:
            return
        answer, over = _answer(json.loads(frame), body, answer_limit)
        answers.write(HEADER.pack(len(answer)) + answer)
        answers.flush()
        if over:
            os._exit(OUT_OF_MEMORY)  # a heap that was full once is not used again


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    size = HEADER.unpack(header)[0]
    body = stream.read(size)
    return body if len(body) == size else None


def _answer(job: dict[str, Any], body: bytes, limit: int) -> tuple[bytes, bool]:
    """The answer and whether memory ran out."""
    _grant_cpu()
    try:
        found = _function(job["function"], job.get("file"))(body, job["options"])
        answer = json.dumps({"ok": found}, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
        return (answer, False) if len(answer) <= limit else (_error("large", ""), False)
    except MemoryError:
        return _error("memory", ""), True
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the border around one parse: whatever it raises is its answer
        code = getattr(error, "code", None)
        known = isinstance(code, str)
        detail = getattr(error, "detail", "") if known else f"{type(error).__name__}: {error}"
        return _error(code if known else "raised", str(detail)), _is_memory(error)


def _is_memory(error: BaseException) -> bool:
    return "memory" in str(error).lower()[:DETAIL]  # lxml says so in words


def _error(code: object, detail: str) -> bytes:
    return json.dumps({"error": {"code": str(code)[:40], "detail": detail[: DETAIL * 2]}}).encode()


def _function(name: str, file: str | None) -> Callable[[bytes, dict[str, Any]], Any]:
    """`module:function`, imported by name or, for an operator's own plugin, from its file."""
    module, _, function = name.partition(":")
    if module not in sys.modules and file:
        spec = importlib.util.spec_from_file_location(module, file)
        if spec is not None and spec.loader is not None:
            sys.modules[module] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[module])
    found: Callable[[bytes, dict[str, Any]], Any] = getattr(importlib.import_module(module), function)
    return found


def _die_with(parent: int) -> None:
    """Be killed when the parent dies, however it dies; where the kernel cannot promise it, the end of stdin does."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _limit(memory: int) -> None:
    for what, bound in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (bound, bound))


def _grant_cpu() -> None:
    """The limit counts since the process began: used and then some."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


READABLE = (".py", ".pyc", ".so", ".pth", ".zip")
REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.remove", "os.rename")
ALLOWED = frozenset({"socket.__new__"})


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    """The second wall: no connections, no processes, no file but our own code is opened by what a feed says."""
    if event == "open":
        path, mode = str(args[0]), args[1]
        if (isinstance(mode, str) and mode.strip("rbtU")) or not path.endswith(READABLE):
            raise PermissionError("a parser opens no files")
    elif event.startswith(REFUSED) and event not in ALLOWED:
        raise PermissionError(event)
