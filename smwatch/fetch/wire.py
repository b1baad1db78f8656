"""A plain connection for protocols that are not HTTP: the same address guard, the same trust, limits in time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohappyeyeballs

from smwatch.errors import Broken, Transient
from smwatch.fetch.guard import guarded_socket, private_socket
from smwatch.fetch.verdicts import by_exception
from smwatch.i18n import text

if TYPE_CHECKING:
    from smwatch.fetch.client import Client
    from smwatch.fetch.guard import AddrInfo

CONNECT = 10.0  # seconds, the handshake included
LINE = 4 * 1024 * 1024  # bytes; a longer line is no line
NEXT_ADDRESS = 0.25  # seconds until a second address is tried beside the first


@dataclass(slots=True)
class Wire:
    """See `smwatch.source.Wire`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    context: ssl.SSLContext

    async def secure(self) -> None:
        """STARTTLS: go on encrypted; raises Broken where something unencrypted was said after the agreement."""
        if self.reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way to see it
            raise Broken(text("{host} mixes what is encrypted with what is not", host=self.host))
        try:
            async with asyncio.timeout(CONNECT):
                await self.writer.start_tls(self.context, server_hostname=self.host)
        except (OSError, TimeoutError) as error:
            raise by_exception(error, self.host) from error

    async def close(self) -> None:
        """Hang up."""
        self.writer.transport.abort()


async def connect(  # noqa: PLR0913 - a connection and its conditions
    client: Client, host: str, port: int, *, tls: bool, allow_private: bool, insecure: bool
) -> Wire:
    """A connection to an address that may be reached; raises a SourceError."""
    context = _anybody() if insecure else client.trust
    try:
        async with asyncio.timeout(CONNECT):
            found = await client.resolver.resolve(host, port)
            infos = [_info(one["host"], port, one["family"]) for one in found]
            factory = private_socket if allow_private else guarded_socket
            plug = await aiohappyeyeballs.start_connection(
                infos, happy_eyeballs_delay=NEXT_ADDRESS, interleave=1, socket_factory=factory
            )
            reader, writer = await _plugged(plug, host, context if tls else None)
    except (ConnectionRefusedError, ConnectionResetError) as error:
        raise Transient(text("{host} cannot be reached", host=host)) from error
    except Exception as error:
        raise by_exception(error, host) from error
    return Wire(reader, writer, host, context)


async def _plugged(
    plug: socket.socket, host: str, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(
            sock=plug, limit=LINE, ssl=context, server_hostname=host if context else None
        )
    except BaseException:
        plug.close()
        raise


def _anybody() -> ssl.SSLContext:
    """Accepts every certificate: `tls = "insecure"`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _info(address: str, port: int, family: int) -> AddrInfo:
    place = (address, port) if family == socket.AF_INET else (address, port, 0, 0)
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place
