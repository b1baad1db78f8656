"""Content codings undone while the body streams in, never more than a limit of decoded bytes."""

from __future__ import annotations

import importlib
import zlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 64 * 1024
MEMBERS = 1000  # gzip members or zstd frames in one body
WINDOW = 23  # log2 of zstd's largest window: 8 MiB


class TooLarge(Exception):
    """The decoded body is over the limit."""


class Undecodable(Exception):
    """The body is not in the coding that its header names, or in one we do not know."""


class Coding(Protocol):
    """One coding being undone; never yields much more than `STEP` bytes at once."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes that `data` brings."""

    def finished(self) -> bool:
        """Whether the coded data came to its end."""


class Inflate:
    """gzip (any number of members) and deflate (with and without its zlib header)."""

    def __init__(self, kind: str) -> None:
        self._wbits = zlib.MAX_WBITS | 16 if kind == "gzip" else zlib.MAX_WBITS
        self._members = 0
        self._fresh = True
        self._inner = zlib.decompressobj(self._wbits)

    def feed(self, data: bytes) -> Iterator[bytes]:  # noqa: D102 - see Coding
        while data:
            if self._inner.eof and not self._next(data):
                return
            out = self._step(data)
            self._fresh = False
            if out:
                yield out
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail

    def _step(self, data: bytes) -> bytes:
        try:
            return self._inner.decompress(data, STEP)
        except zlib.error:
            if not self._fresh or self._members or self._wbits != zlib.MAX_WBITS:
                raise
            self._wbits = -zlib.MAX_WBITS  # "deflate" without the header it should have
            self._inner = zlib.decompressobj(self._wbits)
            return self._inner.decompress(data, STEP)

    def _next(self, data: bytes) -> bool:
        """Begin the next member; what follows the last one (padding) is left alone."""
        self._members += 1
        if self._members > MEMBERS or not data.startswith(b"\x1f\x8b"):
            return False
        self._inner = zlib.decompressobj(self._wbits)
        return True

    def finished(self) -> bool:  # noqa: D102 - see Coding
        return self._inner.eof


class Brotli:
    """br, by the brotli package from 1.2 on, whose decompressor can be stopped."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401 - the optional package
        self._inner = module.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:  # noqa: D102 - see Coding
        out = self._inner.process(data, output_buffer_limit=STEP)
        while out:
            yield out
            if self._inner.can_accept_more_data():
                return
            out = self._inner.process(b"", output_buffer_limit=STEP)

    def finished(self) -> bool:  # noqa: D102 - see Coding
        return bool(self._inner.is_finished())


class Zstd:
    """zstd, any number of frames, by the standard library (3.14) or backports.zstd."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401 - the optional package
        self._module = module
        self._frames = 0
        self._inner = self._begin()

    def _begin(self) -> Any:  # noqa: ANN401
        limit = {self._module.DecompressionParameter.window_log_max: WINDOW}
        return self._module.ZstdDecompressor(options=limit)

    def feed(self, data: bytes) -> Iterator[bytes]:  # noqa: D102 - see Coding
        while data or not (self._inner.eof or self._inner.needs_input):
            if self._inner.eof:
                self._frames += 1
                if self._frames > MEMBERS:
                    return
                self._inner = self._begin()
            out = self._inner.decompress(data, STEP)
            data = self._inner.unused_data if self._inner.eof else b""
            if out:
                yield out

    def finished(self) -> bool:  # noqa: D102 - see Coding
        return bool(self._inner.eof)


def _optional(*names: str) -> Any:  # noqa: ANN401
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


_brotli = _optional("brotli")
if _brotli is not None and not hasattr(_brotli.Decompressor, "can_accept_more_data"):
    _brotli = None  # an old one cannot be stopped at the limit
_zstd = _optional("compression.zstd", "backports.zstd")
ACCEPTED = ", ".join(["gzip", "deflate", *(["br"] if _brotli else []), *(["zstd"] if _zstd else [])])
_ERRORS: tuple[type[Exception], ...] = (
    zlib.error,
    *([_brotli.error] if _brotli else []),
    *([_zstd.ZstdError] if _zstd else []),
)


def _coding(name: str) -> Coding:
    if name in {"gzip", "x-gzip", "deflate"}:
        return Inflate(name.removeprefix("x-"))
    if name == "br" and _brotli:
        return Brotli(_brotli)
    if name == "zstd" and _zstd:
        return Zstd(_zstd)
    raise Undecodable(name)


class Body:
    """Collects a body: `add` what arrives, `done` gives all of it. Raises TooLarge, Undecodable."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        names = [name for name in content_encoding.lower().replace(" ", "").split(",") if name not in ("", "identity")]
        if len(names) > 4:  # noqa: PLR2004 - nobody in good faith wraps five times
            raise Undecodable(content_encoding[:100])
        self._codings = [_coding(name) for name in reversed(names)]
        self._counts = [0] * (len(names) + 1)
        self._limit = limit
        self._parts: list[bytes] = []
        self._begun = False

    def add(self, chunk: bytes) -> None:
        """Decode what arrived; nothing beyond the limit is ever held, not between two codings either."""
        if not self._begun and chunk:
            self._begun = True
            if not chunk.startswith(b"\x1f") and self._codings and _is_gzip(self._codings[0]):
                self._codings, self._counts = [], [0]  # says gzip and is not: read it as it is
        try:
            self._pass(0, chunk)
        except _ERRORS as error:
            raise Undecodable(type(self._codings[0]).__name__.lower()) from error

    def _pass(self, stage: int, data: bytes) -> None:
        self._counts[stage] += len(data)
        if self._counts[stage] > self._limit:
            raise TooLarge
        if stage == len(self._codings):
            self._parts.append(data)
            return
        for piece in self._codings[stage].feed(data):
            self._pass(stage + 1, piece)

    def done(self) -> bytes:
        """The whole decoded body; raises EOFError where the coded data breaks off."""
        if self._begun and not all(coding.finished() for coding in self._codings):
            raise EOFError
        return b"".join(self._parts)


def _is_gzip(coding: Coding) -> bool:
    return isinstance(coding, Inflate) and coding._wbits > zlib.MAX_WBITS  # noqa: SLF001 - its own module
