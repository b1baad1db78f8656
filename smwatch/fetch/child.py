"""One parse worker as its parent sees it: started, asked, watched, killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch.fetch.worker import HEADER, READY

if TYPE_CHECKING:
    from smwatch.fetch.pool import Bounds

LIMITED = (-signal.SIGABRT, -signal.SIGXCPU)  # how compiled code ends that gets no memory; how the kernel ends a job
START = 30.0  # seconds until a new worker has to be ready; its imports are no job's time
AT_ONCE = 64 * 1024  # bytes of a body that are copied to go in one write
TICK = 0.1  # seconds between two looks at a busy child
CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
BOOTSTRAP = (
    "import sys, json; memory, limit, parent, path = json.loads(sys.argv[1]); sys.path[:] = path;"
    " from smwatch.fetch.worker import main; main(memory, limit, parent)"
)


class Killed(Exception):
    """The job used more than it may and its worker is gone."""


class Died(Exception):
    """The worker ended by itself in the middle of a job; `limited` where a limit of memory or CPU did it."""

    def __init__(self, *, limited: bool) -> None:
        super().__init__(limited)
        self.limited = limited


class Child:
    """A running worker; one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ready = False
        self.jobs = 0

    @classmethod
    async def start(cls, bounds: Bounds) -> Child:
        """A new worker, its imports still under way; it gets our module path and nothing of our environment."""
        arguments = json.dumps([bounds.memory, bounds.answer, os.getpid(), _module_path()])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-B", "-c", BOOTSTRAP, arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
            limit=bounds.answer + HEADER.size,
        )  # fmt: skip
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as we have heard."""
        return self._process.returncode is None

    async def ask(self, job: dict[str, Any], body: bytes, bounds: Bounds) -> Any:  # noqa: ANN401 - plain JSON values
        """The answer to one job; raises Killed or Died, and the child is gone then."""
        self.jobs += 1
        await self._await_ready()
        task = asyncio.ensure_future(self._exchange(job, body, bounds.answer))
        try:
            if not await self._watch(task, bounds):
                raise Killed
            return await task
        except (OSError, EOFError, ValueError) as error:
            await self.kill()
            raise Died(limited=self._process.returncode in LIMITED) from error
        finally:
            if not task.done() or task.cancelled() or task.exception() is not None:
                await self.kill()
                task.cancel()
                await asyncio.wait({task})

    async def _await_ready(self) -> None:
        if self._ready:
            return
        assert self._process.stdout is not None  # noqa: S101 - a pipe, see start
        try:
            async with asyncio.timeout(START):
                self._ready = await self._process.stdout.readexactly(len(READY)) == READY
        except (OSError, EOFError, TimeoutError) as error:
            await self.kill()
            raise Died(limited=False) from error

    async def _exchange(self, job: dict[str, Any], body: bytes, limit: int) -> Any:  # noqa: ANN401
        assert self._process.stdin is not None  # noqa: S101 - both are pipes, see start
        assert self._process.stdout is not None  # noqa: S101
        frame = json.dumps(job).encode()
        head = HEADER.pack(len(frame)) + frame + HEADER.pack(len(body))
        self._process.stdin.writelines((head, body) if len(body) > AT_ONCE else (head + body,))
        await self._process.stdin.drain()
        size = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))[0]
        if size > limit:
            raise ValueError(size)
        return json.loads(await self._process.stdout.readexactly(size))

    async def _watch(self, task: asyncio.Future[Any], bounds: Bounds) -> bool:
        """Wait for the answer; False when the job used up its CPU or wall time."""
        loop = asyncio.get_running_loop()
        started, used = loop.time(), self.cpu()
        while loop.time() - started < bounds.wall:
            if (await asyncio.wait({task}, timeout=TICK))[0]:
                return True
            if self.cpu() - used > bounds.cpu:
                return False
        return False

    def cpu(self) -> float:
        """Seconds of CPU used since it began; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / CLOCK

    def memory(self) -> int:
        """Bytes of memory in use; 0 where the system does not tell."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * PAGE
        except OSError:
            return 0

    async def kill(self) -> None:
        """End it at once and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive:
                os.kill(self.pid, signal.SIGKILL)  # Popen's own kill() polls first and so takes the status from asyncio
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


def _module_path() -> list[str]:
    """Where the child imports from: the folder of our package, also in a bare checkout, then as we do ourselves."""
    home = Path(__file__).resolve().parent.parent.parent
    return [str(home), *(str(Path(entry).resolve()) for entry in sys.path if entry)]
