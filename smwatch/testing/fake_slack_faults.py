"""The ways in which a call to Slack fails, each one answer: `slack.fail("chat.postMessage", lost_reply())`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EMPTY_HTML = "<html><body><h1>Down for maintenance</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One answer that is not the usual one. `store`: the message is kept all the same; `cut`: the line is cut."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    store: bool = False
    cut: bool = False
    hang: bool = False


def server_error(status: int = 500, *, store: bool = False) -> Fault:
    """5xx with a page; nobody knows whether it was posted."""
    return Fault(status=status, body=EMPTY_HTML, content_type="text/html", store=store)


def html_page() -> Fault:
    """A page in between that says 200: a maintenance page, a captive portal."""
    return Fault(body=EMPTY_HTML, content_type="text/html")


def lost_reply() -> Fault:
    """The message arrives, its answer does not."""
    return Fault(store=True, cut=True)


def cut_line() -> Fault:
    """The line is cut before the message arrives."""
    return Fault(cut=True)


def silence(*, store: bool = False) -> Fault:
    """No answer at all, for as long as somebody waits."""
    return Fault(hang=True, store=store)


def refusal(word: str, **more: object) -> Fault:
    """`{"ok": false, "error": word}`: "token_revoked", "channel_not_found", "invalid_blocks" and all others."""
    return Fault(body=json.dumps({"ok": False, "error": word, **more}))


def rate_limit(retry_after: str | None = "1", *, status: int = 429, page: bool = False) -> Fault:
    """429 in one of its shapes: seconds, a float, a date, nothing; JSON or HTML; or with status 200."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if page:
        return Fault(status=status, body=EMPTY_HTML, content_type="text/html", headers=headers)
    return Fault(status=status, body=json.dumps({"ok": False, "error": "ratelimited"}), headers=headers)
