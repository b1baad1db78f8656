"""The real daemon while the machine gives it nothing: writes that fail, no more open files. It waits, and goes on."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from daemon_process import Daemon


@pytest.fixture
async def real(world):
    """The world at the real time, and a daemon in a process of its own."""
    world.clock.runs()
    press = world.feed()
    world.watch("Acme", "acme")
    world.saves()
    daemon = Daemon(world.path)
    await (await daemon.start()).ready()
    await world.hears("smwatch beobachtet")
    yield world, press, daemon
    await daemon.close()


def limits(daemon, which, most):
    """At most so much from now on; what it was before."""
    _, hard = resource.prlimit(daemon.process.pid, which)
    return resource.prlimit(daemon.process.pid, which, (most, hard))


async def test_a_disk_that_fails_to_write_loses_nothing(real):
    world, press, daemon = real
    size = (world.folder / "fresh.db-wal").stat().st_size
    before = limits(daemon, resource.RLIMIT_FSIZE, size)
    press.publishes("Acme ruft zurück")
    await daemon.until(lambda: "not_stored" in daemon.said(), "a write that fails")
    limits(daemon, resource.RLIMIT_FSIZE, before[0])
    await world.hears("Acme ruft zurück")
    daemon.sends()
    assert await daemon.ends() == 0
    assert len(world.slack.reads("Acme ruft zurück")) == 1
    assert "Traceback" not in daemon.said()


async def test_without_file_descriptors_it_waits_and_goes_on(real):
    world, press, daemon = real
    open_ = max(int(one.name) for one in Path(f"/proc/{daemon.process.pid}/fd").iterdir())
    before = limits(daemon, resource.RLIMIT_NOFILE, open_ // 2)
    for writer in list(world.server._open):  # so that the next poll needs a new connection
        writer.close()
    press.publishes("Acme ruft zurück")
    await daemon.until(lambda: "source_failed" in daemon.said(), "a connection that cannot be opened")
    limits(daemon, resource.RLIMIT_NOFILE, before[0])
    await world.hears("Acme ruft zurück")
    daemon.sends()
    assert await daemon.ends() == 0
    assert len(world.slack.reads("Acme ruft zurück")) == 1
    assert "Traceback" not in daemon.said()
