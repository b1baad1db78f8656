"""Lines and columns, counted from 1 in characters: also behind umlauts, in long strings and in mended lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from config_world import GOOD, edited, problems, said
from hypothesis import given
from hypothesis import strategies as st

from smwatch.config import scan
from smwatch.config.document import Raw
from smwatch.config.reader import read
from smwatch.config.strings import inside, origins
from smwatch.config.tree import Node, tree


def planted(content: str) -> Node:
    return tree(read(Raw(path=Path("a.toml"), data=content.encode())))


def place(node: Node) -> tuple[int, int]:
    return node.spot.line, node.spot.column


def test_values_and_keys_have_places() -> None:
    root = planted('# ä\n[smwatch]\n"ä.ö" = "ü"\nops = ["ä",\n  "b"]  # c\n')
    table = root.table["smwatch"]
    assert place(table) == (2, 1)
    assert (table.table["ä.ö"].key.column, place(table.table["ä.ö"])) == (1, (3, 9))
    assert [place(it) for it in table.table["ops"].entries] == [(4, 8), (5, 3)]


def test_columns_count_characters() -> None:
    root = planted('a = { "äöü" = "ß", b = "x" }\n')
    assert place(root.table["a"].table["b"]) == (1, 24)
    assert root.table["a"].table["b"].key.column == 20


def test_headings_have_places_also_nested_and_indented() -> None:
    root = planted(
        "[[watch]]\nname = 'a'\n  [[watch.raise]]\n  query = 'x'\n[[watch]]\n[[watch.raise]]\n[[watch.raise]]\n"
    )
    first, second = root.table["watch"].entries
    assert [place(it) for it in first.table["raise"].entries] == [(3, 3)]
    assert [place(it) for it in second.table["raise"].entries] == [(6, 1), (7, 1)]


def test_dotted_keys_have_the_place_of_their_line() -> None:
    root = planted("[smwatch]\n  a.b.c = 3\n")
    assert root.table["smwatch"].table["a"].key.line == 2
    assert root.table["smwatch"].table["a"].key.column == 3


def test_brackets_in_long_strings_are_no_headings() -> None:
    root = planted("[a]\nq = '''\n[b]\nc = 1\n'''\n[b]\nx = 1\n")
    assert place(root.table["b"]) == (6, 1)


@pytest.mark.parametrize(
    ("raw", "value", "at", "expected"),
    [
        ("'acme'", "acme", 2, (1, 8)),
        ('"a\\tb\\u00e4c"', "a\tbäc", 4, (1, 16)),
        ("'''\nacme\nOR (x'''", "acme\nOR (x", 8, (3, 4)),
        ("'''acme\n  (x'''", "acme\n  (x", 7, (2, 3)),
        ('"""a \\\n   b (c"""', "a b (c", 4, (2, 6)),
    ],
)
def test_a_character_of_a_string_has_its_place(raw: str, value: str, at: int, expected: tuple[int, int]) -> None:
    node = planted(f"q = {raw}\n").table["q"]
    assert node.value == value
    spot = inside(node, at)
    assert (spot.line, spot.column) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from(["'", "'''", '"', '"""']))
def test_every_character_of_every_string_is_found_again(value: str, fence: str) -> None:
    raw = f"{fence}{value}{fence}"
    try:
        parsed = tomli.loads(f"q = {raw}")["q"]
    except tomli.TOMLDecodeError:
        return
    raw = raw.replace("\r\n", "\n")
    places = origins(raw)
    assert len(places) == len(parsed) + 1
    assert all(raw[at] == sign for at, sign in zip(places, parsed, strict=False) if raw[at] != "\\")


def test_a_query_mistake_points_into_the_query() -> None:
    content = edited(("query = 'acme'", "query = '''\nacme OR\n  (\"ÄÖ\" OR äpfel birnen)\n'''"))
    assert said(problems(content)) == [(13, 18, "two words")]


def test_exclusions_and_raising_rules_are_parsed_too() -> None:
    content = edited(
        ("alert =", "exclude = ['gut', '(offen']\nalert ="),
        ('digest = ["morgens"]\n', 'digest = ["morgens"]\n[[watch.raise]]\nquery = \'ä (\'\npriority = "sofort"\n'),
    )
    assert said(problems(content)) == [(12, 20, "not closed"), (16, 12, "not closed")]


def test_a_repair_is_the_suggestion() -> None:
    found = problems(edited(("'acme'", "'äpfel birnen'")))
    assert [it.suggestion for it in found] == ['"äpfel birnen"']


def test_all_mistakes_are_told_at_once_in_their_order() -> None:
    content = edited(
        ('language = "de"', 'language = „de“\nfarbe = "rot"'),
        ('alert = ["pr"]', 'alert = ["rp"]'),
        ('at = "08:00"', "at = 08:00"),
        ('channels = ["pr"]', 'channels = ["pr"'),
    )
    assert [it.line for it in problems(content)] == [2, 3, 13, 22, 25]


def test_a_mended_line_keeps_its_columns() -> None:
    content = GOOD.replace("[[watch]]", "[[watch]]\nexclude = „a“", 1).replace('type = "feed"', 'typ: "feed"')
    found = problems(content)
    assert [(it.line, it.column) for it in found] == [(10, 11), (18, 4)]


def test_a_broken_statement_is_not_also_missing() -> None:
    found = problems(edited(("query = 'acme'", "query = = =")))
    assert [it.line for it in found] == [11]


@pytest.mark.parametrize("content", ["", "\n\n", "# nur eine Bemerkung\n"])
def test_an_empty_file_is_a_mistake(content: str) -> None:
    assert said(problems(content))[0] == (1, 1, "the file is empty: nothing would be watched")


def test_statements_are_found_in_broken_text() -> None:
    lines = ["[a]", "x = [", "  1,", "y = 2", "q = '''", "[b]", "'''", "", "[c]"]
    found = [(it.start, it.end, it.header) for it in scan.statements(lines)]
    assert found == [(1, 1, True), (2, 3, False), (4, 4, False), (5, 7, False), (9, 9, True)]
