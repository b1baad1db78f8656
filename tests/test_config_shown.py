"""The effective config as TOML, the schema for editors, and problems as text."""

from __future__ import annotations

from pathlib import Path

import tomli
from config_world import GOOD, KINDS, built, edited, problems

from smwatch.config import render_problems, schema, show
from smwatch.config.effective import duration, timedelta
from smwatch.config.reference import reference
from smwatch.errors import Problem
from smwatch.i18n import text

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def test_what_is_shown_means_the_same() -> None:
    config = built(EXAMPLE.read_bytes(), path=str(EXAMPLE)).config
    again = built(show(config), path=str(EXAMPLE)).config
    assert [_plain(it) for it in again.watches] == [_plain(it) for it in config.watches]
    assert (again.sources, dict(again.channels)) == (config.sources, dict(config.channels))
    assert {name: _plain(it) for name, it in again.digests.items()} == {
        name: _plain(it) for name, it in config.digests.items()
    }


def _plain(it: object) -> dict[str, object]:
    return {key: getattr(it, key) for key in it.__slots__ if key != "where"}  # type: ignore[attr-defined]


def test_what_cases_need_is_shown_and_means_the_same() -> None:
    more = '\n[privacy]\ncases = "anonym"\n'
    config = built(edited(("query = 'acme'", 'query = \'acme\'\nanswer_within = "4h"\nescalate = "pr"')) + more).config
    again = built(show(config)).config
    assert (config.anonymous_cases, again.anonymous_cases) == (True, True)
    assert (again.watches[0].answer_within, again.watches[0].escalate) == (timedelta(hours=4), "pr")


def test_secrets_are_shown_as_references() -> None:
    assert 'token = { env = "SMWATCH_SLACK_BOT_TOKEN" }' in show(built(GOOD).config)


def test_awkward_texts_survive() -> None:
    query = "'''\nacme \"x\" OR 'y'\n\\ \t ü'''"
    config = built(edited(("'acme'", query), ('"Acme Marke"', '"Ac\\"me\' ü"'))).config
    assert built(show(config)).config.watches[0].query == config.watches[0].query
    assert built(show(config)).config.watches[0].name == "Ac\"me' ü"


def test_durations_are_short() -> None:
    assert [duration(timedelta(seconds=it)) for it in (0, 90, 600, 7200, 86400 * 14)] == [
        "0s",
        "90s",
        "10m",
        "2h",
        "14d",
    ]


def test_the_schema_knows_every_table_and_key() -> None:
    found = schema(KINDS)
    assert set(found["properties"]) == {
        "smwatch", "web", "http", "watch", "digest", "client", "list", "silence", "privacy", "channels", "source",
    }  # fmt: skip
    watch = found["properties"]["watch"]["items"]
    assert watch["required"] == ["name", "query"]
    assert "raise" in watch["properties"]
    slack = found["properties"]["channels"]["additionalProperties"]["allOf"][0]["then"]["properties"]
    assert slack["token"]["properties"].keys() == {"env", "file", "credential"}
    assert schema(KINDS, "de")["properties"]["web"]["description"] == "Status und Messwerte."


def test_the_caret_stands_below_the_mistake_also_in_long_lines() -> None:
    long = Problem(file="a", line=1, column=301, message=text("oops"), excerpt="x" * 300 + "HERE" + "y" * 300, width=4)
    tabbed = Problem(file="a", line=1, column=3, message=text("oops"), excerpt="\t\tHERE", width=4)
    for problem in (long, tabbed):
        _, line, caret, *_ = render_problems([problem], "en").split("\n")
        assert line[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_colours_only_on_wish() -> None:
    found = problems(edited(('"08:00"', '"25:00"')))
    assert "\x1b[" not in render_problems(found, "de")
    assert "\x1b[31m" in render_problems(found, "de", colour=True)
    assert render_problems([], "de") == ""


def test_secrets_never_appear_whatever_the_mistake() -> None:
    for line in (
        'passwort = "Sommer2026"', 'token = "xoxb-Sommer2026', "webhook = 'https://hooks.slack.com/services/Sommer2026'",
        'note = "xapp-1-Sommer2026"', "token = „Sommer2026“", 'api_url = "https://x:Sommer2026@y.example/"', 'token = ["Sommer2026"]',
        "token: Sommer2026", "token = Sommer2026", 'token = { env = "A", wert = "xoxp-Sommer2026" }', "[[xoxb-Sommer2026",
    ):  # fmt: skip
        found = problems(edited(('token = { env = "SMWATCH_SLACK_BOT_TOKEN" }', line)))
        assert found, line
        assert "Sommer2026" not in render_problems(found, "de") + render_problems(found, "en"), line


def test_the_example_passes_with_the_real_plugins() -> None:
    from smwatch.config import check

    found = check(EXAMPLE)
    assert [it for it in found if it.severity == "error"] == []


def test_every_key_stands_in_the_example() -> None:
    """Live or as a comment: whoever looks for a key finds it there."""
    from smwatch.config import tables

    content = EXAMPLE.read_text(encoding="utf-8")
    keys = {key for it in (*tables.TABLES.values(), tables.RAISE) for key in it.keys}
    assert {key for key in keys if f"{key} =" not in content} == set()
    assert tomli.loads(content)


def test_the_tables_in_the_docs_are_fresh() -> None:
    for page, language in (("de/konfiguration.md", "de"), ("en/configuration.md", "en")):
        content = (EXAMPLE.parent / "docs" / page).read_text(encoding="utf-8")
        assert reference(language) in content, f"run: cog -r docs/{page}"


def test_the_files_in_the_docs_pass() -> None:
    for page in ("de/konfiguration.md", "en/configuration.md"):
        content = (EXAMPLE.parent / "docs" / page).read_text(encoding="utf-8")
        first = content.split("```toml\n")[1].split("```")[0]
        assert problems(first) == []
