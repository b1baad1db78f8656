"""Until when the certificates of the servers hold that were connected to."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from yarl import URL

KEPT = 2000  # servers


class Certificates:
    """The ends of the certificates by host and port; nothing of servers whose certificates are not looked at."""

    def __init__(self) -> None:
        self._ends: OrderedDict[tuple[str | None, int | None], datetime] = OrderedDict()

    def note(self, url: URL, transport: Any) -> None:  # noqa: ANN401 - an asyncio transport, or none any more
        """Remember the certificate of this connection, where it has one that was verified."""
        inside = transport.get_extra_info("ssl_object") if transport is not None else None
        until = (inside.getpeercert() or {}).get("notAfter") if inside is not None else None
        if until:
            self._ends.pop((url.host, url.port), None)
            self._ends[url.host, url.port] = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
            if len(self._ends) > KEPT:
                self._ends.popitem(last=False)

    def days(self, url: URL, now: datetime) -> int | None:
        """How many whole days the certificate of this server still holds; None where it has none or nobody looked."""
        end = self._ends.get((url.host, url.port))
        return (end - now).days if end is not None else None


class Connector(aiohttp.TCPConnector):
    """A connector that looks at the certificate of every connection that it gives away."""

    def __init__(self, certificates: Certificates, **keys: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(**keys)
        self._certificates = certificates

    async def connect(self, req: ClientRequest, *rest: Any, **keys: Any) -> Any:  # noqa: ANN401 - as aiohttp has it
        """The connection, new or kept."""
        connection = await super().connect(req, *rest, **keys)
        self._certificates.note(req.url, connection.transport)
        return connection
