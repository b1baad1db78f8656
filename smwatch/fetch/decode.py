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
        self.is_gzip = kind == "gzip"
        self._wbits = zlib.MAX_WBITS | 16 if self.is_gzip else zlib.MAX_WBITS
        self._members = 0
        self._start = b""
        self._begun = False
        self._inner = zlib.decompressobj(self._wbits)

    def feed(self, data: bytes) -> Iterator[bytes]:  # noqa: D102 - see Coding
        if not self.is_gzip and (data := self._headed(data)) == b"":
            return
        while data:
            if self._inner.eof and not self._next(data):
                return
            if out := self._inner.decompress(data, STEP):
                yield out
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail

    def _headed(self, data: bytes) -> bytes:
        """Wait for two bytes of "deflate": they tell whether the zlib header is there that should be."""
        if self._begun:
            return data
        self._start += data
        if len(self._start) < 2:  # noqa: PLR2004 - the header's length
            return b""
        self._begun = True
        if self._start[0] & 15 != 8 or int.from_bytes(self._start[:2], "big") % 31:  # noqa: PLR2004 - RFC 1950
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._start

    def _next(self, data: bytes) -> bool:
        """Begin the next member; what follows the last one (padding) is left alone."""
        self._members += 1
        if self._members > MEMBERS or not data.startswith(b"\x1f"):
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
            if not chunk.startswith(b"\x1f") and self._codings and getattr(self._codings[0], "is_gzip", False):
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
