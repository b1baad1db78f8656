"""When a hub is asked, and what counts as signed."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from smwatch.fetch.links import linked
from smwatch.store.websub import Subscription
from smwatch.websub import after_asking, is_due, is_signed, lapsed

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEW = Subscription(source_id=1, token="t", secret="s", hub="https://hub.example/", topic="https://a.example/f")


def sign(secret: str, body: bytes, method: str) -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_signed(method: str) -> None:
    header = sign("s", b"body", method)
    assert is_signed("s", b"body", header)
    assert is_signed("s", b"body", f" {header.upper()} ")
    assert not is_signed("other", b"body", header)
    assert not is_signed("s", b"body!", header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "sha256",
        "=",
        "md5=03c7c0ace395d80182db07ae2c30f034",
        "sha3_256=00",
        "sha256=ü",
        sign("s", b"body", "sha256")[7:],
    ],
)
def test_not_signed(header: str) -> None:
    assert not is_signed("s", b"body", header)


def test_a_lease_is_renewed_at_four_fifths() -> None:
    one = Subscription(**{**_fields(NEW), "state": "active", "since": NOW, "until": NOW + 10 * HOUR})
    assert [is_due(one, NOW + hours * HOUR) for hours in (0, 7.9, 8, 9)] == [False, False, True, True]
    asked = after_asking(one, NOW + 8 * HOUR)
    assert [is_due(asked, NOW + hours * HOUR) for hours in (8, 8.1, 8.2, 9)] == [False, False, True, True]


def test_a_lease_that_ended_is_none_and_is_asked_for_at_once() -> None:
    one = Subscription(
        **{**_fields(NEW), "state": "active", "since": NOW, "until": NOW + HOUR, "again": NOW + 9 * HOUR}
    )
    assert lapsed(one, NOW) == one
    over = lapsed(one, NOW + HOUR)
    assert (over.state, over.until, is_due(over, NOW + HOUR)) == ("asked", None, True)


def test_a_hub_that_does_not_answer_is_asked_later_and_later_and_every_day_at_the_latest() -> None:
    one, now, waits = NEW, NOW, []
    for _ in range(12):
        assert is_due(one, now)
        one = after_asking(one, now)
        waits.append(one.again - now)
        now = one.again
    assert waits[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert waits[-1] == timedelta(days=1)


def _fields(one: Subscription) -> dict[str, object]:
    return {name: getattr(one, name) for name in Subscription.__slots__}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            [("Link", '<https://hub.example/>; rel="hub", </f>; rel=self')],
            {"hub": "https://hub.example/", "self": "https://a.example/f"},
        ),
        (
            [("Link", "<https://hub.example/>; rel=hub"), ("link", '<https://a.example/f>; REL="self"')],
            {"hub": "https://hub.example/", "self": "https://a.example/f"},
        ),
        (
            [("Link", '<https://a.example/2>; rel="next last"; title="a, b"')],
            {"next": "https://a.example/2", "last": "https://a.example/2"},
        ),
        (
            [("Link", '<https://one.example/>; rel="hub", <https://two.example/>; rel="hub"')],
            {"hub": "https://one.example/"},
        ),
        ([("Link", "<javascript:alert(1)>; rel=hub")], {}),
        ([("Link", "https://hub.example/; rel=hub")], {}),
        ([("Link", "<https://hub.example/>")], {}),
        ([("Link", "<" * 100_000)], {}),
        ([], {}),
    ],
)
def test_links_of_a_header(headers: list[tuple[str, str]], expected: dict[str, str]) -> None:
    assert linked(CIMultiDict(headers), "https://a.example/feed.xml") == expected
