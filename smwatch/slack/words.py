"""What Slack says when it says no, and what follows from each word (https://docs.slack.dev/reference/methods)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.entry import parse_retry_after
from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from smwatch.channel import ChannelContext

BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"}
BLOCKS |= {"invalid_payload", "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large"}
NO_THREAD = {"thread_not_found", "cannot_reply_to_message"}
LOST = {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", *NO_THREAD}
UNSURE = {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "rollup_error"}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
REASONS: Mapping[str, Text] = {
    "channel_not_found": text("Slack does not find this channel (or the bot is not in it)"),
    "is_archived": text("the Slack channel is archived"),
    "not_in_channel": text("the bot is not a member of the Slack channel: invite it with /invite"),
    "restricted_action": text("a rule of the Slack workspace forbids posting in this channel"),
    "token_revoked": text("the Slack token was revoked: a new one is needed"),
    "token_expired": text("the Slack token has expired: a new one is needed"),
    **dict.fromkeys(("invalid_auth", "not_authed"), text("Slack does not accept the token")),
    "account_inactive": text("the Slack account of the bot is switched off"),
    "missing_scope": text("the Slack token lacks a scope"),
    "no_service": text("Slack does not know this incoming webhook any more"),
    "action_prohibited": text("a rule of the Slack workspace forbids posting in this channel"),
}
NO_HISTORY = text("without the scope channels:history a message whose answer was lost is sent again and marked")
PERMANENT = {
    *REASONS,
    *("access_denied", "no_active_hooks", "ekm_access_denied", "enterprise_is_restricted", "invalid_token"),
    *("channel_is_archived", "messages_tab_disabled", "no_permission", "no_team", "not_allowed_token_type"),
    *("posting_to_channel_denied", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel"),
    *("restricted_action_thread_only_channel", "team_access_not_granted", "team_not_found", "user_disabled"),
    *("two_factor_setup_required", "user_not_found", "org_login_required"),
}


class SlackRefusal(ChannelError):
    """Slack said no, in a word of its own; surely not sent, unless it is one of its inner errors."""

    def __init__(self, code: str, retry_after: timedelta | None = None, detail: str = "") -> None:
        self.code = code
        said = f"{code}: {detail}" if detail else code
        reason = REASONS.get(code, text("Slack refuses the message"))
        super().__init__(
            text("Slack asks to slow down") if code in BUSY else text("{reason} ({code})", reason=reason, code=said),
            outcome=Outcome.UNSURE if code in UNSURE else Outcome.NOT_SENT,
            scope=Scope.CHANNEL if code in BUSY or code in PERMANENT else Scope.MESSAGE,
            retry_after=retry_after,
            permanent=code in PERMANENT or code in BLOCKS,
            edit_lost=code in LOST,
        )


def refuse(code: str, status: int, headers: Mapping[str, str], ctx: ChannelContext, detail: str = "") -> None:
    """Raise what an answer other than yes means: 429 in any shape, Slack's word, or a bare status."""
    if status == 429 or code in BUSY:  # noqa: PLR2004 - too many requests
        raise SlackRefusal("ratelimited", parse_retry_after(headers.get("Retry-After"), ctx.now))
    if code:
        raise SlackRefusal(code, detail=detail)
    if status >= 500 or status < 300:  # noqa: PLR2004 - broken inside, or a page in between that says 200
        reason = text("Slack answered with an error ({status})", status=status)
        raise ChannelError(
            reason, outcome=Outcome.UNSURE, retry_after=parse_retry_after(headers.get("Retry-After"), ctx.now)
        )
    raise ChannelError(text("Slack answered with an error ({status})", status=status), scope=Scope.CHANNEL)
