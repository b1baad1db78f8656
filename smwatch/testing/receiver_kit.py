"""What every receiver must do, for plugin authors to run against theirs with a delivery as the vendor sends it.

async def test_conforms():
request = Request(method="POST", headers={"X-Signature": …}, body=b"{…}", now=NOW)
page = await receives(InboundSource(…), request)
assert page.items[0].title == "Acme ruft zurück"
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from multidict import CIMultiDict

from smwatch.fetch.walk import Walk
from smwatch.source import Accepted, Answered, Received, Refused
from smwatch.testing.source_kit import are_items, has_a_card, walker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.model import Page
    from smwatch.source import Receiver, Request

GARBAGE = (
    b"",
    b"{",
    b"null",
    b"17",
    b'"text"',
    b"[]",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"{}",
    b'{"a": [1, {"b": null}]}',
)
STRANGE = ("", "x", "sha256=", "sha256=zz", "t=,v1=", "t=99999999999999999999,v1=00", "ä", "a" * 10_000, "\x00")


async def receives(receiver: Receiver, request: Request) -> Page:
    """Assert that `receiver` does what the core relies on; what `request`, a rightly signed one, unpacks to."""
    has_a_card(receiver)
    assert receiver.address(), "a receiver has an address"
    assert not receiver.listens(), "the web server listens, not the source"
    request = replace(request, headers=CIMultiDict(request.headers))
    accepted = receiver.accept(request)
    assert isinstance(accepted, Accepted), f"the delivery is not accepted: {accepted}"
    assert receiver.accept(request) == accepted, "a verdict depends on the request alone"
    json.dumps(dict(accepted.headers))  # they are stored
    _is_on_its_guard(receiver, request)
    page = await _unpacked(receiver, request, accepted)
    are_items(list(page.items), receiver)
    assert page.cursor is None, "a receiver has no cursor"
    return page


def _is_on_its_guard(receiver: Receiver, request: Request) -> None:
    """Whatever else comes is refused with a reason, and nothing of it raises."""
    _refuses(receiver, replace(request, body=request.body + b" "), "another body under the same signature")
    for name, said in request.headers.items():
        for strange in STRANGE:
            _answers(receiver, replace(request, headers=_with(request.headers, name, strange)))
        if said:
            _answers(receiver, replace(request, headers=_with(request.headers, name, None)))
    _refuses(receiver, replace(request, headers=CIMultiDict()), "no headers at all")
    for body in GARBAGE:
        _refuses(receiver, replace(request, body=body), f"{body[:20]!r} instead of what was signed")
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        assert not isinstance(receiver.accept(replace(request, method=method)), Accepted), f"{method} is accepted"
    _answers(receiver, replace(request, now=request.now + timedelta(days=3650)))


def _with(headers: Mapping[str, str], name: str, said: str | None) -> CIMultiDict[str]:
    changed = CIMultiDict(headers)
    changed.popall(name, None)
    if said is not None:
        changed[name] = said
    return changed


def _answers(receiver: Receiver, request: Request) -> Accepted | Answered | Refused:
    verdict = receiver.accept(request)
    assert isinstance(verdict, Accepted | Answered | Refused)
    if isinstance(verdict, Refused):
        assert 400 <= verdict.status < 500, f"{verdict.status} tells the sender that it is our fault"
        assert verdict.reason
        assert len(verdict.reason) < 300
    return verdict


def _refuses(receiver: Receiver, request: Request, what: str) -> None:
    assert isinstance(_answers(receiver, request), Refused), f"{what} is not refused"


async def _unpacked(receiver: Receiver, request: Request, accepted: Accepted) -> Page:
    async with walker(receiver) as core:
        walk = Walk(source=receiver, client=core.client, pool=core.pool, now=request.now)
        return await receiver.unpack(walk, Received(body=request.body, headers=accepted.headers, at=request.now))
