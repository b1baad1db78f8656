"""https://www.standardwebhooks.com/: whatever another program sends, as signed JSON, the moment that it happens.

The program sends its events to `https://YOUR-HOST/in/NAME`, where NAME is this source's name and YOUR-HOST the
`public_url` of `[smwatch]`: a proxy with a certificate stands in front of `[web] listen`. Both sides know the secret;
the program signs the body with it (HMAC-SHA256), and what is not signed rightly is refused.

`header`, `prefix` and `encoding` say where the signature stands. As they are, GitHub's fits; Discourse's has
`header = "X-Discourse-Event-Signature"`. `scheme = "stripe"` reads `t=…,v1=…`, `scheme = "standard"` the three headers
of Standard Webhooks: both sign the time as well, and a delivery older than `tolerance` is refused.

`map` says which value is what. A path goes from key to key: `post.topic.title`, `posts[0].id`; `a | b` takes the first
that is there, `$.` begins at the top where `items` leads to a list of entries, `@X-Header` is a header, and
`https://forum.example/t/{post.topic_id}` fills values into an address. `deleted` names the events that take an entry
back, `only` those that count at all.

A delivery is on the disk before the sender hears "200 ok". The same one sent again (by its id, or to the byte) is
answered with "duplicate" and changes nothing. One that cannot be read is answered with 4xx and the reason; where that
shows only later, it is kept, named in the source's state, and the next ones go on.
`smwatch inbox list` shows what is kept, `smwatch inbox retry` tries it again.

To try it out on the same machine:

```sh
body='{"post": {"id": 1, "title": "Acme"}}'
sign=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SMWATCH_FORUM_SECRET" -r | cut -d' ' -f1)
url=http://127.0.0.1:8787/in/forum
curl -d "$body" -H "Content-Type: application/json" -H "X-Hub-Signature-256: sha256=$sign" $url
```
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from smwatch.plugin import (
    READ_MAPPED,
    Accepted,
    Answered,
    Card,
    Duration,
    Field,
    Layout,
    NotMapped,
    Page,
    Received,
    Receiver,
    Refused,
    Request,
    Secret,
    SourceContext,
    UserError,
    entry_fault,
    feed_items,
    hookimpl,
    path_fault,
    path_headers,
    places,
    read_document,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.hookspecs import RegisterSource

DELIVERY_IDS = ("X-GitHub-Delivery", "X-Discourse-Event-Id", "Webhook-Id", "Idempotency-Key", "X-Delivery-Id")
LONGEST_ID = 200
DIGITS = 12  # of a time in seconds
JSON_TYPES = ("application/json", "text/json", "text/plain", "")


class Rule(BaseModel):
    """`{ when = "path" }`: there is something; `{ when = "path", is = ["word"] }`: it is one of these."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str
    values: tuple[str, ...] = Field(default=(), alias="is")


class Map(BaseModel):
    """Which path leads to which field; only `id` is required."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str | None = None
    lead: str | None = None
    text: str | None = None
    url: str | None = None
    author: str | None = None
    handle: str | None = None
    author_url: str | None = None
    followers: str | None = None
    published: str | None = None
    updated: str | None = None
    lang: str | None = None
    kind: str | None = None
    parent: str | None = None
    root: str | None = None
    likes: str | None = None
    replies: str | None = None
    shares: str | None = None
    views: str | None = None
    rating: str | None = None
    tags: str | None = None


class InboundSource(Receiver):
    """`[[source]]` with `type = "inbound"`."""

    card: ClassVar[Card] = Card(
        title="Inbound webhook (signed JSON)",
        docs="https://www.standardwebhooks.com/",
        author=True,
        followers=True,
        engagement=True,
        comments=True,
        push=True,
        gives=("type", "tag", "rating"),
        blind=text("what the sender does not send, and what it sent while it could not reach smwatch and gave up"),
        example='[[source]]\ntype = "inbound"\nname = "forum"\nsecret = { env = "SMWATCH_FORUM_SECRET" }\n'
        'header = "X-Discourse-Event-Signature"\n'
        'map = { id = "post.id", title = "post.topic_title", text = "post.cooked", author = "post.username", '
        'url = "https://forum.acme.example/p/{post.id}", published = "post.created_at" }\n'
        'deleted = { when = "@X-Discourse-Event", is = ["post_destroyed"] }\n',
    )

    secret: Secret = Field(description="What both sides know; the sender signs with it.")
    old_secret: Secret | None = Field(default=None, description="The one before, while the sender still uses it.")
    map: Map = Field(description="Which value is what: paths into the JSON.")
    items: str | None = Field(default=None, description="The path of the list, where one delivery holds several.")
    deleted: Rule | None = Field(default=None, description="When an entry says that it is gone.")
    only: Rule | None = Field(
        default=None, description="Which entries count; all the others are answered and left out."
    )
    kind: str = Field(default="post", description="What the entries are, for the query field `type`.")
    path: str | None = Field(default=None, description="The end of the address, where it is not the name.")
    scheme: Literal["body", "stripe", "standard"] = Field(default="body", description="What is signed, and how.")
    header: str | None = Field(default=None, description='Where the signature stands ("X-Hub-Signature-256").')
    prefix: str | None = Field(default=None, description='What stands before it ("sha256=").')
    encoding: Literal["hex", "base64"] = Field(default="hex", description="How it is written.")
    delivery_header: str | None = Field(default=None, description="The delivery's own id, where it is an unusual one.")
    tolerance: Duration = Field(default=timedelta(minutes=5), description="How old a signed time may be.")

    def model_post_init(self, _context: object) -> None:
        """A name that can stand in an address, and paths that can be read."""
        if not (self.path or self.name):
            raise UserError(text("an inbound source needs a name: it is the end of its address /in/NAME"))
        if set(self.address()) & set("/?#%\\") or self.address() in (".", ".."):
            raise UserError(text("{name} cannot stand in an address; give it a path of its own", name=self.address()))
        for path in self._paths():
            if wrong := path_fault(path):
                raise UserError(text("“{path}” is no path to a value", path=wrong))

    def key(self) -> str:
        """The end of its address."""
        return self.address()

    def address(self) -> str:
        """`path`, perhaps with the "/in/" that stands before it, else the name."""
        return self.path.removeprefix("/in/") if self.path else self.name

    def _paths(self) -> Iterator[str]:
        yield from self._mapped().values()
        yield from (rule.when for rule in (self.deleted, self.only) if rule)
        if self.items:
            yield self.items

    def _mapped(self) -> dict[str, str]:
        return self.map.model_dump(exclude_none=True)

    def accept(self, request: Request) -> Accepted | Answered | Refused:
        """Signed, of today, JSON, and at least one entry fits the mapping."""
        if request.method != "POST":
            return Refused(status=405, reason="send it with POST")
        if (wrong := self._unsigned(request)) is not None:
            return Refused(status=401, reason=wrong)
        if not _says_json(request.headers.get("Content-Type", "")):
            return Refused(status=415, reason="send JSON (application/json)")
        if _is_ping(request):
            return Answered(answer="pong")
        return self._fits(request)

    def _fits(self, request: Request) -> Accepted | Answered | Refused:
        headers = self._headers(request)
        layout = Layout.of(self._options(headers))
        try:
            document = read_document(request.body)
        except NotMapped as error:
            return Refused(status=400, reason=str(error))
        try:
            found = places(document, headers, layout)
        except NotMapped as error:
            return Refused(status=422, reason=str(error))
        if not found and self.only is not None:
            return Answered(answer="ignored")
        faults = [entry_fault(place, layout) for place in found]
        if faults and all(faults):
            return Refused(status=422, reason=faults[0])
        return Accepted(id=self._delivery_id(request), headers=headers)

    def _unsigned(self, request: Request) -> str | None:
        """Why the signature does not count; None where it does."""
        name = self.header or {"stripe": "Stripe-Signature", "standard": "Webhook-Signature"}.get(
            self.scheme, "X-Hub-Signature-256"
        )
        said = request.headers.get(name)
        if not said:
            return f"no signature in the header {name}"
        if self.scheme == "body":
            prefix = "sha256=" if self.prefix is None else self.prefix
            return self._compared([said.removeprefix(prefix)] if said.startswith(prefix) else [], request.body)
        stamp, given = self._timed(said, request)
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= DIGITS):
            return "the signed time is no number of seconds"
        late = request.now.timestamp() - int(stamp)
        if abs(late) > self.tolerance.total_seconds():
            return "the signed time is too long ago" if late > 0 else "the signed time is in the future"
        mark = f"{request.headers.get('Webhook-Id', '')}.{stamp}." if self.scheme == "standard" else f"{stamp}."
        return self._compared(given, mark.encode("utf-8", "surrogateescape") + request.body)

    def _timed(self, said: str, request: Request) -> tuple[str, list[str]]:
        """The signed time and the signatures."""
        if self.scheme == "standard":
            given = [part.removeprefix("v1,") for part in said.split() if part.startswith("v1,")]
            return request.headers.get("Webhook-Timestamp", ""), given
        pairs = [part.strip().partition("=") for part in said.split(",")]
        stamps = [value for name, _, value in pairs if name == "t"]
        return (stamps[0] if stamps else ""), [value for name, _, value in pairs if name == "v1"]

    def _compared(self, given: list[str], signed: bytes) -> str | None:
        encoding = "base64" if self.scheme == "standard" else self.encoding
        told = [_decoded(one, encoding) for one in given]
        right = [hmac.digest(key, signed, hashlib.sha256) for key in self._secrets()]
        matches = [hmac.compare_digest(one, other) for one in told for other in right]
        return None if any(matches) else "the signature does not match"

    def _secrets(self) -> list[bytes]:
        found = [one.reveal() for one in (self.secret, self.old_secret) if one is not None]
        if self.scheme != "standard":
            return [one.encode() for one in found]
        return [_decoded(one.removeprefix("whsec_"), "base64") or one.encode() for one in found]

    def _delivery_id(self, request: Request) -> str:
        names = (self.delivery_header,) if self.delivery_header else DELIVERY_IDS
        return next((said for name in names if (said := request.headers.get(name))), "")[:LONGEST_ID]

    def _headers(self, request: Request) -> dict[str, str]:
        """Those that a path asks for, in lower case."""
        names = {name for path in self._paths() for name in path_headers(path)}
        return {name.lower(): said for name in names if (said := request.headers.get(name)) is not None}

    def _options(self, headers: dict[str, str]) -> dict[str, Any]:
        rules = {"deleted": self.deleted, "only": self.only}
        return {
            "map": self._mapped(),
            "items": self.items,
            "kind": self.kind,
            "headers": headers,
            **{name: rule.model_dump() for name, rule in rules.items() if rule},
        }

    async def unpack(self, ctx: SourceContext, received: Received) -> Page:
        """The entries by the mapping."""
        answer = await ctx.parse(READ_MAPPED, received.body, self._options(dict(received.headers)))
        if answer["left_out"]:
            ctx.log.warning("entries_left_out", count=len(answer["left_out"]), reason=str(answer["left_out"][0])[:200])
        return Page(items=feed_items(answer, self.name), deleted=tuple(str(one) for one in answer["deleted"]))


def _is_ping(request: Request) -> bool:
    """Whether the sender only asks whether somebody is there (GitHub, Discourse and others)."""
    return any(name.lower().endswith("-event") and said.lower() == "ping" for name, said in request.headers.items())


def _says_json(content_type: str) -> bool:
    said = content_type.partition(";")[0].strip().lower()
    return said in JSON_TYPES or said.endswith("+json")


def _decoded(written: str, encoding: str) -> bytes:
    """The bytes; b"" where it is not written like that."""
    try:
        return bytes.fromhex(written) if encoding == "hex" else base64.b64decode(written, validate=True)
    except (ValueError, binascii.Error):
        return b""


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "inbound"`."""
    register("inbound", InboundSource)
