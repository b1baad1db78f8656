"""`query match`: queries of a file, what they exclude, and lines with any character."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smwatch.query.matcher import from_entries, read_entries
from smwatch.query.vectors import read_cases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.query.matcher import Answer

WATCHES = """
[[watch]]
name = "Bahn"
query = 'Bahn'
exclude = ['Gutschein', 'Rabatt*']

[[watch]]
name = "Zug"
query = 'Zug'
exclude = 'Spielzeug'
"""


def matched(entries: list[Mapping[str, Any]], *texts: str) -> list[list[str]]:
    lines = [json.dumps({"id": "1", "text": text}).encode() for text in texts]
    return [watches(found) for found in from_entries(entries).match_lines(lines)]


def watches(answer: Answer) -> list[str]:
    assert isinstance(answer, list)
    return [json.loads(line)["watch"] for line in answer]


def test_what_a_watch_excludes_is_left_out() -> None:
    texts = ("Bahn mit Gutschein", "Bahn: Rabattaktion", "Die Bahn fährt", "Bahn und Zug, Spielzeug", "Zug Gutschein")
    assert matched(read_entries(WATCHES), *texts) == [[], [], ["Bahn"], ["Bahn"], ["Zug"]]


def test_an_exclude_is_read_with_the_options_of_its_query() -> None:
    entry = {"query": "Bahn", "exclude": ["schon"], "umlauts": "loose"}
    assert matched([entry], "Bahn ist schön", "Bahn ist da") == [[], ["Bahn"]]


def test_where_an_exclude_does_not_parse_its_query_does_not_run() -> None:
    matcher = from_entries([{"name": "a", "query": "Bahn", "exclude": ["x", "zwei Wörter"]}, {"query": "Zug"}])
    assert [(it.name, it.source) for it in matcher.unread] == [("a", "zwei Wörter")]
    assert watches(next(matcher.match_lines([b'{"text": "Bahn Zug"}']))) == ["Zug"]


def test_a_line_ends_at_a_line_feed_only() -> None:
    """U+2028 and its like stand in JSON strings as they are."""
    for sign in "\u2028\u2029\x85\x0b\x0c\x1c":
        lines = "\n".join(json.dumps({"query": query, "name": f"a{sign}b"}, ensure_ascii=False) for query in "ab")
        if sign in "\x0b\x0c\x1c":  # control characters are escaped in JSON
            assert sign not in lines
        assert [it["name"] for it in read_entries(lines)] == [f"a{sign}b"] * 2
        assert [it["query"] for it in read_cases(lines)] == ["a", "b"]
        assert len(read_entries(lines.replace("\n", "\r\n"))) == 2
