"""All that a plugin may import.

A source plugin is a class whose fields are its TOML keys::

    from smwatch.plugin import Card, Item, Page, Source, hookimpl

    class Example(Source):
        '''https://vendor.example/api: what it reads, and what it cannot see.'''
        card = Card(…)
        url: str

        async def fetch(self, ctx):
            answer = await ctx.http.get(self.url)
            yield Page(items=…)

    @hookimpl
    def register_sources(register):
        register("example", Example)

The core owns HTTP, ids already seen, cursors, validators, back-off and budgets: no plugin keeps any of them.
"""

from __future__ import annotations

import pluggy
from pydantic import Field

from smwatch.batches import batches, events, merged
from smwatch.channel import Channel, ChannelContext, Click, Delivery, ListenContext, QuietHours, Receipt
from smwatch.entry import Duration, Plugin, parse_duration, parse_retry_after
from smwatch.errors import (
    AuthExpired,
    Broken,
    BudgetSpent,
    ChannelError,
    Gone,
    NotPermitted,
    Outcome,
    RateLimited,
    Scope,
    SourceError,
    Transient,
    UserError,
    system_reason,
)
from smwatch.feeds import READ_EXTRAS, READ_FEED, READ_FRAGMENTS, READ_MAPPED, READ_TRANSCRIPT, presets
from smwatch.feeds.address import read_address, spoken_address
from smwatch.feeds.items import feed_items, taken_back
from smwatch.feeds.mapping import Layout, NotMapped, places, read_document
from smwatch.feeds.mapping import problem as entry_fault
from smwatch.feeds.opml import Outline, read_opml
from smwatch.feeds.paths import fault as path_fault
from smwatch.feeds.paths import headers_in as path_headers
from smwatch.feeds.presets import refused as feed_refused
from smwatch.forums import LOOK_AT_FORUM, READ_DISCOURSE, READ_FLARUM, READ_NODEBB, READ_SELECTED
from smwatch.forums.engines import guesses as forum_guesses
from smwatch.forums.engines import root_of as forum_root
from smwatch.forums.engines import section_of as forum_section
from smwatch.forums.items import feed_posts, forum_items
from smwatch.forums.selected import known_selector
from smwatch.i18n import Text, text, texts
from smwatch.imap import Envelope, Imap
from smwatch.letters import READ_MAIL
from smwatch.links import canonical_link, clean_link, unwrapped
from smwatch.message.blockkit import block_kit, fallback, plain_fallback
from smwatch.message.buttons import form_view
from smwatch.message.escape import safe_url, shown_host, slack_escape, tame
from smwatch.message.mail import Mailbox, compose, mailbox, message_id
from smwatch.message.model import Form, Message, Run
from smwatch.message.pack import packed
from smwatch.message.plain import plain_text
from smwatch.model import Author, Engagement, Item, Page, Priority
from smwatch.pages import READ_PAGE, READ_SITEMAP
from smwatch.pages.changes import Reading
from smwatch.pages.changes import compare as compare_pages
from smwatch.pages.changes import told as told_changes
from smwatch.pages.checkup import Checkup
from smwatch.pages.health import Health
from smwatch.pages.html import is_page
from smwatch.pages.items import page_item, status_item
from smwatch.pages.ledger import Due, Ledger, Why
from smwatch.pages.ledger import mark_of as page_mark
from smwatch.pages.paths import Paths
from smwatch.pages.sitemaps import Sitemaps
from smwatch.pages.verdicts import closed_to_robots, shows_login
from smwatch.payload import Payload, read_payload
from smwatch.posts.bluesky import bluesky_address, bluesky_author, bluesky_post, bluesky_view
from smwatch.posts.mastodon import mastodon_post
from smwatch.query.pushdown.platforms import GDELT_COUNTRIES, GDELT_LANGUAGES
from smwatch.secret import Secret, SecretMissing
from smwatch.slack.api import Answer as SlackAnswer
from smwatch.slack.api import SlackApi, post_form
from smwatch.slack.hearing import hear as hear_slack
from smwatch.slack.hearing import socket_address
from smwatch.slack.words import BLOCKS as SLACK_REFUSES_BLOCKS
from smwatch.slack.words import NO_THREAD as SLACK_NO_THREAD
from smwatch.slack.words import REASONS as SLACK_SAYS
from smwatch.slack.words import SlackRefusal
from smwatch.source import (
    Accepted,
    Answered,
    Card,
    Enricher,
    Http,
    PushSource,
    Received,
    Receiver,
    Refused,
    Request,
    Response,
    Source,
    SourceContext,
    Wire,
)
from smwatch.text import hashtag_forms

hookimpl = pluggy.HookimplMarker("smwatch")

__all__ = [
    "GDELT_COUNTRIES",
    "GDELT_LANGUAGES",
    "LOOK_AT_FORUM",
    "READ_DISCOURSE",
    "READ_EXTRAS",
    "READ_FEED",
    "READ_FLARUM",
    "READ_FRAGMENTS",
    "READ_MAIL",
    "READ_MAPPED",
    "READ_NODEBB",
    "READ_PAGE",
    "READ_SELECTED",
    "READ_SITEMAP",
    "READ_TRANSCRIPT",
    "SLACK_NO_THREAD",
    "SLACK_REFUSES_BLOCKS",
    "SLACK_SAYS",
    "Accepted",
    "Answered",
    "AuthExpired",
    "Author",
    "Broken",
    "BudgetSpent",
    "Card",
    "Channel",
    "ChannelContext",
    "ChannelError",
    "Checkup",
    "Click",
    "Delivery",
    "Due",
    "Duration",
    "Engagement",
    "Enricher",
    "Envelope",
    "Field",
    "Form",
    "Gone",
    "Health",
    "Http",
    "Imap",
    "Item",
    "Layout",
    "Ledger",
    "ListenContext",
    "Mailbox",
    "Message",
    "NotMapped",
    "NotPermitted",
    "Outcome",
    "Outline",
    "Page",
    "Paths",
    "Payload",
    "Plugin",
    "Priority",
    "PushSource",
    "QuietHours",
    "RateLimited",
    "Reading",
    "Receipt",
    "Received",
    "Receiver",
    "Refused",
    "Request",
    "Response",
    "Run",
    "Scope",
    "Secret",
    "SecretMissing",
    "Sitemaps",
    "SlackAnswer",
    "SlackApi",
    "SlackRefusal",
    "Source",
    "SourceContext",
    "SourceError",
    "Text",
    "Transient",
    "UserError",
    "Why",
    "Wire",
    "batches",
    "block_kit",
    "bluesky_address",
    "bluesky_author",
    "bluesky_post",
    "bluesky_view",
    "canonical_link",
    "clean_link",
    "closed_to_robots",
    "compare_pages",
    "compose",
    "entry_fault",
    "events",
    "fallback",
    "feed_items",
    "feed_posts",
    "feed_refused",
    "form_view",
    "forum_guesses",
    "forum_items",
    "forum_root",
    "forum_section",
    "hashtag_forms",
    "hear_slack",
    "hookimpl",
    "is_page",
    "known_selector",
    "mailbox",
    "mastodon_post",
    "merged",
    "message_id",
    "packed",
    "page_item",
    "page_mark",
    "parse_duration",
    "parse_retry_after",
    "path_fault",
    "path_headers",
    "places",
    "plain_fallback",
    "plain_text",
    "post_form",
    "presets",
    "read_address",
    "read_document",
    "read_opml",
    "read_payload",
    "safe_url",
    "shown_host",
    "shows_login",
    "slack_escape",
    "socket_address",
    "spoken_address",
    "status_item",
    "system_reason",
    "taken_back",
    "tame",
    "text",
    "texts",
    "told_changes",
    "unwrapped",
]
