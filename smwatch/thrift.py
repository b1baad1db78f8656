"""A daemon that runs for months gives back the memory that it does not need: settings of malloc."""

from __future__ import annotations

import ctypes
import gc
import sys

ARENA_MAX, MMAP_THRESHOLD = -8, -3  # malloc.h
ARENAS = 2  # not one for each thread: each keeps what its thread once needed
LARGE = 128 * 1024  # bytes from which a block goes back at once; fixed, as malloc raises it otherwise
SELDOM = 50  # collections of what is younger for one of all, which holds the loop for a tenth of a second
HAND_OVER = 0.0005  # seconds after which a thread that waits gets Python's lock: the store's stands still meanwhile


def begin() -> None:
    """Before threads are started and configs are read."""
    _call("mallopt", ARENA_MAX, ARENAS)
    _call("mallopt", MMAP_THRESHOLD, LARGE)
    sys.setswitchinterval(HAND_OVER)


def settle() -> None:
    """What was made for good is not looked through by the collector any more: that took it half a second each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
    trim()


def trim() -> None:
    """Give back what is free now."""
    _call("malloc_trim", 0)


def _call(name: str, *values: int) -> None:
    """A function of the C library; nothing where it has none of this name (musl)."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*(ctypes.c_int(value) for value in values))
