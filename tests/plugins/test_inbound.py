"""Signed webhooks: what is let in, what becomes of it, and what the sender hears."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import CIMultiDict
from smwatch.plugins.inbound import InboundSource

from smwatch.errors import Broken, UserError
from smwatch.model import Author, Engagement
from smwatch.plugin import Accepted, Answered, Received, Refused, Request, Secret
from smwatch.testing.receiver_kit import receives
from smwatch.testing.source_kit import walker

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WORD = "gemeinsames-geheimnis"
MAP = {"id": "post.id", "title": "post.topic.title", "text": "post.cooked", "author": "post.user.name"}
POST = {
    "post": {
        "id": 4711,
        "topic": {"title": "Acme ruft zurück"},
        "cooked": "<p>Die <b>Pumpe</b> leckt.</p><p>Wer noch?</p>",
        "user": {"name": "Erika Beispiel", "handle": "erika"},
        "created_at": "2026-11-24T09:59:30.000Z",
        "likes": "3",
    }
}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SECRET", WORD)
    monkeypatch.setenv("FORUM_SECRET_OLD", "das-alte")


def inbound(**keys: Any) -> InboundSource:
    values = {"type": "inbound", "name": "forum", "secret": Secret("env", "FORUM_SECRET"), "map": MAP, **keys}
    return InboundSource.model_validate(values)


def signed(body: bytes, word: str = WORD) -> str:
    return hmac.new(word.encode(), body, hashlib.sha256).hexdigest()


def posting(body: object, headers: dict[str, str] | None = None, **how: Any) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signed(raw)}"} | (headers or {})
    return Request(**{"method": "POST", "headers": CIMultiDict(given), "body": raw, "now": NOW} | how)


async def unpacked(source: InboundSource, request: Request) -> Any:
    verdict = source.accept(request)
    assert isinstance(verdict, Accepted), verdict
    async with walker(source) as core:
        from smwatch.fetch.walk import Walk

        walk = Walk(source=source, client=core.client, pool=core.pool, now=NOW)
        return await source.unpack(walk, Received(body=request.body, headers=verdict.headers, at=NOW))


async def test_what_is_signed_becomes_an_item() -> None:
    mapped = MAP | {"url": "https://forum.example/p/{post.id}", "published": "post.created_at", "likes": "post.likes"}
    page = await unpacked(inbound(map=mapped | {"handle": "post.user.handle"}), posting(POST))
    (item,) = page.items
    assert (item.id, item.title, item.url) == ("4711", "Acme ruft zurück", "https://forum.example/p/4711")
    assert item.text == "Die Pumpe leckt.\n\nWer noch?"
    assert item.author == Author(name="Erika Beispiel", handle="erika")
    assert item.engagement == Engagement(likes=3)
    assert item.published == datetime(2026, 11, 24, 9, 59, 30, tzinfo=UTC)
    assert (item.source, item.kind) == ("forum", "post")


@pytest.mark.parametrize("scheme", ["body", "stripe", "standard"])
async def test_conforms(scheme: str) -> None:
    source = inbound(path="acme-forum", scheme=scheme)
    body, stamp = json.dumps(POST).encode(), str(int(NOW.timestamp()))
    told = {
        "stripe": {"Stripe-Signature": f"t={stamp},v1={signed(stamp.encode() + b'.' + body)}"},
        "standard": {
            "Webhook-Id": "msg_1",
            "Webhook-Timestamp": stamp,
            "Webhook-Signature": "v1,"
            + base64.b64encode(
                hmac.digest(source._secrets()[0], f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
            ).decode(),
        },
    }
    page = await receives(source, posting(body, told.get(scheme)))
    assert [item.id for item in page.items] == ["4711"]


@pytest.mark.parametrize(
    ("keys", "headers"),
    [
        ({}, {"X-Hub-Signature-256": "sha256=" + signed(b"{}").upper()}),
        ({"header": "X-Sig", "prefix": ""}, {"X-Sig": signed(b"{}")}),
        (
            {"header": "X-Discourse-Event-Signature"},
            {"X-Discourse-Event-Signature": f"sha256={signed(b'{}')}"},
        ),
        (
            {"header": "X-Sig", "prefix": "", "encoding": "base64"},
            {"X-Sig": base64.b64encode(bytes.fromhex(signed(b"{}"))).decode()},
        ),
        (
            {"old_secret": Secret("env", "FORUM_SECRET_OLD")},
            {"X-Hub-Signature-256": f"sha256={signed(b'{}', 'das-alte')}"},
        ),
        ({"scheme": "stripe"}, {"Stripe-Signature": f"t={int(NOW.timestamp())},v1={'0' * 64},v1=%s"}),
    ],
)
def test_signatures_of_every_shape(keys: dict[str, Any], headers: dict[str, str]) -> None:
    body = f"{int(NOW.timestamp())}.".encode() + b"{}"
    told = {name: said % signed(body) if said.endswith("%s") else said for name, said in headers.items()}
    verdict = inbound(**keys).accept(posting(b"{}", told))
    assert verdict == Refused(status=422, reason="no value at post.id")  # which is asked only behind the signature


def test_standard_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SECRET", "whsec_" + base64.b64encode(b"ein Schluessel").decode())
    body, stamp = json.dumps(POST).encode(), str(int(NOW.timestamp()))
    told = hmac.digest(b"ein Schluessel", f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{base64.b64encode(bytes(32)).decode()} v1,{base64.b64encode(told).decode()}",
    }
    source = inbound(scheme="standard")
    assert source.accept(posting(body, headers)) == Accepted(id="msg_1")
    other = source.accept(posting(body, headers | {"Webhook-Id": "msg_2"}))  # the id is signed, too
    assert other == Refused(status=401, reason="the signature does not match")


@pytest.mark.parametrize(
    "said", ["", "sha256=", "sha256=zz", f"sha1={signed(b'{}')}", f"sha256={signed(b'{ }')}", "ä", signed(b"{}")]
)
def test_forged(said: str) -> None:
    verdict = inbound().accept(posting(b"{}", {"X-Hub-Signature-256": said}))
    assert isinstance(verdict, Refused)
    assert verdict.status == 401


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        ("", "the signed time is no number of seconds"),
        ("jetzt", "the signed time is no number of seconds"),
        ("1e9", "the signed time is no number of seconds"),
        ("²", "the signed time is no number of seconds"),
        ("9" * 400, "the signed time is no number of seconds"),
        (str(int(NOW.timestamp()) - 301), "the signed time is too long ago"),
        (str(int(NOW.timestamp()) + 301), "the signed time is in the future"),
        (str(int(NOW.timestamp()) - 299), None),
    ],
)
def test_the_signed_time(stamp: str, reason: str | None) -> None:
    body = json.dumps(POST).encode()
    told = signed(f"{stamp}.".encode() + body)
    verdict = inbound(scheme="stripe").accept(posting(body, {"Stripe-Signature": f"t={stamp},v1={told}"}))
    assert verdict == (Accepted() if reason is None else Refused(status=401, reason=reason))


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "the body is no JSON"),
        (b"{", 400, "the body is no JSON"),
        (b"\xff\xfe\x00", 400, "the body is no JSON"),
        (b"[" * 100_000, 400, "the body is no JSON"),
        (b"null", 400, "the body holds nothing, no object"),
        (b'"post"', 400, "the body holds text, no object"),
        (b"17", 400, "the body holds a number, no object"),
        (b"{}", 422, "no value at post.id"),
        (b'{"post": "4711"}', 422, "post.id: id stands in text"),
        (b'{"post": {"id": {}}}', 422, "post.id holds an object"),
        (b'{"post": {"id": true}}', 422, "post.id holds true or false"),
        (b'{"post": {"id": 1, "cooked": ["a"]}}', 422, "post.cooked holds a list"),
    ],
)
def test_what_does_not_fit_is_told(body: bytes, status: int, reason: str) -> None:
    assert inbound().accept(posting(body)) == Refused(status=status, reason=reason)


@pytest.mark.parametrize(
    ("how", "headers", "status"),
    [
        ({"method": "GET"}, {}, 405),
        ({"method": "PUT"}, {}, 405),
        ({}, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_other_ways_in_are_shut(how: dict[str, Any], headers: dict[str, str], status: int) -> None:
    verdict = inbound().accept(posting(POST, headers, **how))
    assert isinstance(verdict, Refused)
    assert verdict.status == status


def test_a_ping_is_answered() -> None:
    assert inbound().accept(posting({"zen": "…"}, {"X-GitHub-Event": "ping"})) == Answered(answer="pong")


def test_the_delivery_has_the_name_that_its_sender_gave_it() -> None:
    assert inbound().accept(posting(POST, {"X-GitHub-Delivery": "72d3162e"})) == Accepted(id="72d3162e")
    own = inbound(delivery_header="X-Nr")
    assert own.accept(posting(POST, {"X-Nr": "9" * 500, "X-GitHub-Delivery": "7"})) == Accepted(id="9" * 200)


async def test_a_batch_and_what_is_left_out_of_it() -> None:
    entries = [{"id": n, "t": f"Beitrag {n}"} for n in (1, 2)] + [{"id": None}, {"id": 3, "t": {}}, "Text"]
    source = inbound(items="data.posts", map={"id": "id", "title": "t", "parent": "$.topic.id"})
    page = await unpacked(source, posting({"topic": {"id": 9}, "data": {"posts": entries}}))
    assert [(item.id, item.title, item.parent_id) for item in page.items] == [
        ("1", "Beitrag 1", "9"),
        ("2", "Beitrag 2", "9"),
    ]


async def test_a_list_at_the_top_is_a_batch() -> None:
    page = await unpacked(inbound(map={"id": "[0]", "title": "[-1]"}), posting([["a", "A"], ["b", "B"]]))
    assert [(item.id, item.title) for item in page.items] == [("a", "A"), ("b", "B")]


def test_where_the_batch_should_be_is_something_else() -> None:
    source = inbound(items="data.posts")
    assert source.accept(posting({"data": {"posts": {}}})) == Refused(
        status=422, reason="data.posts holds an object, no list"
    )
    assert source.accept(posting({})) == Refused(status=422, reason="data.posts holds nothing, no list")
    assert source.accept(posting({"data": {"posts": []}})) == Accepted()


@pytest.mark.parametrize(
    ("rule", "headers", "body", "gone"),
    [
        ({"when": "event", "is": ["destroyed"]}, {}, {"event": "destroyed"}, True),
        ({"when": "event", "is": ["destroyed"]}, {}, {"event": "created"}, False),
        ({"when": "post.deleted_at"}, {}, {"post": {"deleted_at": "2026-11-24"}}, True),
        ({"when": "post.deleted_at"}, {}, {"post": {"deleted_at": None}}, False),
        ({"when": "hidden", "is": ["true"]}, {}, {"hidden": True}, True),
        ({"when": "@X-Event", "is": ["post_destroyed"]}, {"x-event": "post_destroyed"}, {}, True),
        ({"when": "@X-Event", "is": ["post_destroyed"]}, {}, {}, False),
    ],
)
async def test_deletions(rule: dict[str, Any], headers: dict[str, str], body: dict[str, Any], gone: bool) -> None:
    told = {"post": {"id": 1} | body.get("post", {})} | {k: v for k, v in body.items() if k != "post"}
    page = await unpacked(inbound(deleted=rule), posting(told, headers))
    assert page.deleted == (("1",) if gone else ())
    assert [item.id for item in page.items] == ([] if gone else ["1"])


def test_only_what_counts() -> None:
    source = inbound(only={"when": "@X-Event", "is": ["post_created"]})
    assert source.accept(posting({"user": {}}, {"X-Event": "user_created"})) == Answered(answer="ignored")
    assert source.accept(posting(POST, {"X-Event": "post_created"})) == Accepted(headers={"x-event": "post_created"})


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        (1_764_000_000, "2025-11-24 16:00:00+00:00"),
        (1_764_000_000_000, "2025-11-24 16:00:00+00:00"),
        ("Di, 24 Nov 2026 10:00:00 +0100", "2026-11-24 09:00:00+00:00"),
        ("gestern", "None"),
        (-1, "None"),
        (1e300, "None"),
    ],
)
async def test_times(said: object, moment: str) -> None:
    page = await unpacked(inbound(map={"id": "id", "published": "at"}), posting({"id": 1, "at": said}))
    assert str(page.items[0].published) == moment


async def test_the_first_that_is_there() -> None:
    page = await unpacked(inbound(map={"id": "issue.id | post.id", "title": "issue.title|post.title"}), posting(
        {"post": {"id": 5, "title": "Frage"}}
    ))  # fmt: skip
    assert (page.items[0].id, page.items[0].title) == ("5", "Frage")


async def test_no_foreign_address_becomes_a_link() -> None:
    mapped = {"id": "id", "url": "u"}
    page = await unpacked(inbound(map=mapped, items="all"), posting({"all": [
        {"id": 1, "u": "javascript:alert(1)"}, {"id": 2, "u": "https://a.example/"}, {"id": 3, "u": "file:///etc/passwd"}
    ]}))  # fmt: skip
    assert [item.url for item in page.items] == ["", "https://a.example/", ""]


async def test_what_no_store_takes_is_replaced() -> None:
    body = b'{"post": {"id": "a\\ud800\\u0000b", "topic": {"title": "T\\ud800"}, "cooked": "x\\u0000y"}}'
    (item,) = (await unpacked(inbound(), posting(body))).items
    assert (item.id, item.title, item.text) == ("a\ufffd\ufffdb", "T\ufffd", "x\ufffdy")


async def test_a_delivery_that_breaks_only_later_says_so() -> None:
    async with walker(inbound()) as core:
        from smwatch.fetch.walk import Walk

        walk = Walk(source=core.source, client=core.client, pool=core.pool, now=NOW)
        with pytest.raises(Broken, match=r"no value at post\.id"):
            await inbound().unpack(walk, Received(body=b"{}", headers={}, at=NOW))


@pytest.mark.parametrize(
    "keys",
    [
        {"name": ""},
        {"name": "a/b"},
        {"path": ".."},
        {"map": {"id": "a..b"}},
        {"map": {"id": "id", "url": "https://a.example/{}"}},
        {"map": {"id": "id", "title": "ein titel"}},
        {"items": "data posts"},
        {"deleted": {"when": ""}},
    ],
)
def test_keys_that_make_no_sense(keys: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        inbound(**keys)


def test_a_path_may_be_written_as_the_address_shows_it() -> None:
    assert inbound(path="/in/acme-forum").address() == "acme-forum"


def test_a_path_of_its_own_survives_a_rename() -> None:
    source = inbound(path="acme-forum")
    assert source.key() == source.model_copy(update={"name": "another name"}).key() == "acme-forum"
    assert inbound(tolerance="1h").tolerance == timedelta(hours=1)
