"""What people type never becomes SQL: it is found to the letter, or it is not, on SQLite and on PostgreSQL."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from test_pipeline import Press, item, page

import smwatch
from smwatch.model import Watch
from smwatch.store import asked
from smwatch.store.db import Store

TITLES = (
    "Acme 100% sicher",
    "Acme 1000 sicher",
    "Acme_AG meldet",
    "Acme-AG meldet",
    'Acme\'s "Bote"; DROP TABLE item; --',
    "Acme \\ Bote",
    "ACME ÜBERNIMMT MÜLLER",
    "Acme: Übermüdung",
)
RUDE = (
    "%",
    "_",
    "'",
    '"',
    "\\",
    ";",
    "--",
    "' OR '1'='1",
    "') OR 1=1 --",
    "/*",
    "*/",
    "\x00",
    "${}",
    ":word",
    "?",
    "$1",
)
TAKES_SQL = {"exec_driver_sql", "text", "literal_column"}
HOME = Path(smwatch.__file__).parent


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    press = Press(opened)
    await press.watches(Watch(name="Acme", query="acme", alert=("pr",)))
    await press.brings(page())
    await press.brings(page(*(item(str(n), title=title) for n, title in enumerate(TITLES))))
    yield opened
    await opened.close()


async def found(store: Store, words: str) -> set[str]:
    async with store.read() as connection:
        return {one.item.title for one in await asked.search(connection, words, [None], 20)}


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("100%", {TITLES[0]}),
        ("acme_ag", {TITLES[2]}),
        ("DROP TABLE", {TITLES[4]}),
        ('\'s "bote";', {TITLES[4]}),
        ("\\", {TITLES[5]}),
        ("übernimmt Müller", {TITLES[6]}),
        ("ÜBERMÜDUNG", {TITLES[7]}),
        ("übermüdung", {TITLES[7]}),
    ],
)
async def test_words_are_found_to_the_letter(store, words, titles):
    assert await found(store, words) == titles


async def test_no_words_do_anything_but_be_looked_for(store):
    for rude in RUDE:
        for words in (rude, f"acme {rude}", f"{rude}acme{rude}"):
            wanted = [word.lower() for word in words.replace("\x00", " ").split()]
            expected = {title for title in TITLES if wanted and all(word in title.lower() for word in wanted)}
            assert await found(store, words) == expected, words
    assert await found(store, "acme") == set(TITLES)


def test_sql_is_written_by_us_alone():
    """Nothing that takes SQL as text gets a text that is put together."""
    loose = [
        f"{path.relative_to(HOME)}:{node.lineno}"
        for path in (HOME / "store").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node) in TAKES_SQL and any(_is_made(one) for one in node.args)
    ]
    assert loose == ["store/schema.py:73"]  # the name of a column of ours


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _is_made(one: ast.expr) -> bool:
    return isinstance(one, ast.JoinedStr | ast.BinOp | ast.Call)
