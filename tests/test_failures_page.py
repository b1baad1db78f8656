"""The page of failures names tests that exist, and every failure once."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = (HERE.parent / "docs" / "en" / "failures.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]\d+) \| .+? \| (.+) \|$", PAGE, re.MULTILINE)
GROUPS = {"A": 25, "B": 26, "C": 12, "D": 14, "E": 17, "F": 28, "S": 48}


@cache
def names_of(module: str) -> set[str]:
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_failure_has_its_line() -> None:
    assert [name for name, _ in ROWS] == [f"{group}{n}" for group, most in GROUPS.items() for n in range(1, most + 1)]


def test_the_tests_that_it_names_exist() -> None:
    named = re.findall(r"`([\w/]+)::(\w+)`", PAGE)
    assert [f"{module}::{name}" for module, name in named if name not in names_of(module)] == []


def test_each_line_names_a_test_a_gap_or_why_there_is_none() -> None:
    silent = [name for name, shown in ROWS if not re.search(r"::|not yet|there (?:is|are)|[A-F]\d", shown)]
    assert silent == []
