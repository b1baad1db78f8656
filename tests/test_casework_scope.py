"""Whose a channel is, where several clients share one config."""

from __future__ import annotations

import pytest
from config_world import built

from smwatch.casework.scope import clients_in

CONFIG = """
[channels.eigen]
type = "console"
client = "Acme"
[channels.nur-acme]
type = "console"
[channels.digest-acme]
type = "console"
[channels.alle]
type = "console"
shared = true
[channels.ops]
type = "console"
[[watch]]
name = "Acme"
query = "acme"
client = "Acme"
alert = ["eigen", "nur-acme", "alle"]
digest = ["morgens"]
[[watch]]
name = "Globex"
query = "globex"
client = "Globex"
alert = ["alle"]
[digest.morgens]
at = "08:00"
channels = ["digest-acme"]
client = "Acme"
[[source]]
type = "feed"
url = "https://www.example.org/feed.xml"
"""


@pytest.mark.parametrize(
    ("channel", "clients"),
    [
        ("eigen", {"Acme"}),
        ("nur-acme", {"Acme"}),
        ("digest-acme", {"Acme"}),
        ("alle", {None, "Acme", "Globex"}),
        ("ops", {None}),
    ],
)
def test_a_channel_that_gets_one_client_s_news_alone_is_that_client_s(channel, clients):
    assert clients_in(built(CONFIG).config, (channel,)) == clients


def test_where_nobody_is_anybody_s_client_a_channel_is_everybody_s():
    assert clients_in(built(CONFIG.replace("client = ", "note = ")).config, ("nur-acme",)) == {None}
