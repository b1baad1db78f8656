"""What a file comes to: defaults, German values, resolved names, files beside each other."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest
from config_world import GOOD, KINDS, built, edited, parse, problems, said

from smwatch.config.build import build
from smwatch.config.document import Raw, Role
from smwatch.model import Priority, Where
from smwatch.secret import Secret


def test_a_good_file_has_no_problems() -> None:
    found = built(GOOD)
    assert found.findings == ()
    config = found.config
    assert [it.name for it in config.watches] == ["Acme Marke"]
    assert config.watches[0].where == Where(file="smwatch.toml", line=9)
    assert [it.name for it in config.sources] == ["Werkblog"]
    assert config.channels["pr"].token == Secret("env", "SMWATCH_SLACK_BOT_TOKEN")  # type: ignore[attr-defined]
    assert config.digests["morgens"].days == "workdays"
    assert config.digests["morgens"].timezone == "Europe/Berlin"
    assert config.ops == ("pr",)


def test_almost_everything_has_a_default() -> None:
    config = built('[channels.terminal]\ntype = "console"\n').config
    assert config.language == "de"
    assert config.store == "sqlite:///var/lib/smwatch/smwatch.db"
    assert config.retention == timedelta(days=90)
    assert config.listen == "127.0.0.1:8787"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("sofort", Priority.URGENT),
        ("urgent", Priority.URGENT),
        ("nur-digest", Priority.DIGEST_ONLY),
        ("digest-only", Priority.DIGEST_ONLY),
    ],
)
def test_priorities_in_both_languages(word: str, meant: Priority) -> None:
    config = built(edited(('alert = ["pr"]', f'alert = ["pr"]\npriority = "{word}"'))).config
    assert config.watches[0].priority is meant


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ('"täglich"', "daily"),
        ('"workdays"', "workdays"),
        ('"montags"', "mon"),
        ('["Mi", "freitags"]', "wed,fri"),
        ('"Mo, Do"', "mon,thu"),
        ('"wochenende"', "sat,sun"),
    ],
)
def test_days_in_both_languages(days: str, expected: str) -> None:
    found = built(edited(('days = "werktags"', f"days = {days}")))
    assert (found.findings, found.config.digests["morgens"].days) == ((), expected)


def test_a_cron_line_needs_no_time() -> None:
    found = built(edited(('at = "08:00"\n', ""), ('"werktags"', '"0 8,16 * * 1-5"')))
    assert found.findings == ()
    assert found.config.digests["morgens"].cron == "0 8,16 * * 1-5"


def test_quiet_hours_are_read_with_german_words() -> None:
    quiet = 'quiet_hours = { from = "20:00", to = "7:00", days = "werktags", except_priority = "sofort" }'
    found = built(edited(('channel = "#pr-alerts"', f'channel = "#pr-alerts"\n{quiet}')))
    hours = found.config.channels["pr"].quiet_hours
    assert found.findings == ()
    assert hours is not None
    assert (hours.start, hours.end, hours.except_priority) == (time(20), time(7), Priority.URGENT)
    assert hours.days == ("mon", "tue", "wed", "thu", "fri")


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    assert problems("\ufeff" + GOOD) == []
    assert problems(GOOD.replace("\n", "\r\n")) == []


def test_a_watch_without_routes_is_in_every_digest_of_its_client() -> None:
    content = edited(('alert = ["pr"]\ndigest = ["morgens"]\n', 'client = "Acme"\n'))
    found = built(content)
    assert found.config.watches[0].digest == ("morgens",)
    assert found.findings == ()


def test_a_digest_of_another_client_does_not_take_it() -> None:
    content = edited(
        ('alert = ["pr"]\ndigest = ["morgens"]\n', 'client = "Acme"\n'), ('days = "werktags"', 'client = "Globex"')
    )
    assert [it.severity for it in problems(content)] == ["warning"]
    assert built(content).config.watches[0].digest == ()


def test_what_a_client_says_reaches_its_digest() -> None:
    client = '[client.Globex]\nlanguage = "en"\ntimezone = "Europe/Zurich"\nholidays = "CH-ZH"\n\n[[watch]]\nclient = "Globex"'
    config = built(edited(("[[watch]]", client), ('days = "werktags"', 'client = "Globex"'))).config
    plan = config.digests["morgens"]
    assert (plan.language, plan.timezone, plan.holidays) == ("en", "Europe/Zurich", "CH-ZH")


@pytest.mark.parametrize("heading", ["[channels.pr]", "[digest.morgens]"])
def test_two_clients_share_only_what_says_so(heading: str) -> None:
    second = (
        '\n[[watch]]\nname = "Globex"\nquery = \'globex\'\nclient = "Globex"\nalert = ["pr"]\ndigest = ["morgens"]\n'
    )
    content = edited(("query = 'acme'", "query = 'acme'\nclient = \"Acme\"")) + second
    assert {it.suggestion for it in problems(content)} == {"shared = true"}
    both = content.replace("[channels.pr]", "[channels.pr]\nshared = true").replace(
        "[digest.morgens]", "[digest.morgens]\nshared = true"
    )
    assert problems(both) == []
    one = both.replace(f"{heading}\nshared = true", heading)
    assert [it.excerpt for it in problems(one)] == ([heading] if heading == "[digest.morgens]" else ["[channels.pr]"])


def test_several_files_are_one_config() -> None:
    more = '[[watch]]\nname = "Globex"\nquery = \'globex\'\ndigest = ["morgens"]\n'
    raws = [Raw(path=Path("smwatch.toml"), data=GOOD.encode()), Raw(path=Path("conf.d/a.toml"), data=more.encode())]
    found = build(raws, KINDS, parse=parse)
    assert [it.name for it in found.config.watches] == ["Acme Marke", "Globex"]
    assert found.config.watches[1].where == Where(file="conf.d/a.toml", line=1)


def test_a_name_is_defined_in_one_file_only() -> None:
    raws = [Raw(path=Path(name), data=GOOD.encode()) for name in ("smwatch.toml", "conf.d/a.toml")]
    lines = [(it.problem.file, it.problem.line) for it in build(raws, KINDS, parse=parse).findings]
    assert lines == [
        ("conf.d/a.toml", 4),
        ("conf.d/a.toml", 10),
        ("conf.d/a.toml", 16),
        ("conf.d/a.toml", 18),
        ("conf.d/a.toml", 20),
    ]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ('[smwatch]\nops = ["pr"]\n', 2),
        ('[channels.x]\ntype = "console"\n', 2),
        ('[web]\nlisten = ""\n', 2),
        ("[http]\nno_proxy = []\n", 2),
        ("[privacy]\npeople = false\n", 2),
        ('[[source]]\ntype = "feed"\nurl = "https://a.example/f"\nallow_private = true\n', 1),
        ('[[source]]\ntype = "feed"\nurl = "https://a.example/f"\nnote = { env = "X" }\n', 8),
    ],
)
def test_people_may_not_write_the_operators_tables(content: str, column: int) -> None:
    found = [it for it in problems(content, path="team.toml", role=Role.PEOPLE) if it.severity == "error"]
    assert [(it.file, it.column) for it in found] == [("team.toml", column)]
    assert "operator" in str(found[0].message)


def test_people_may_write_watches_sources_and_digests() -> None:
    content = '[[watch]]\nname = "Globex"\nquery = \'globex\'\nalert = ["pr"]\n\n[list.krise]\nwords = ["rückruf"]\n'
    assert problems(content, path="team.toml", role=Role.PEOPLE) == []


def test_a_list_of_feeds_must_be_there(tmp_path: Path) -> None:
    content = edited(('url = "https://blog.acme.example/feed.xml"', 'opml = "feeds.opml"'))
    missing = problems(content, path=str(tmp_path / "smwatch.toml"))
    assert [(it.severity, it.line, it.column) for it in missing] == [("warning", 18, 8)]
    (tmp_path / "feeds.opml").write_text("<opml/>")
    assert problems(content, path=str(tmp_path / "smwatch.toml")) == []


def test_people_reach_no_file_outside_of_their_folder(tmp_path: Path) -> None:
    content = '[[source]]\nname = "x"\ntype = "feed"\nopml = "../../etc/passwd"\n'
    found = problems(content, path=str(tmp_path / "team.toml"), role=Role.PEOPLE)
    assert said(found) == [(4, 8, "a people's file may name only lists in its own folder")]


def test_later_sources_are_left_out_with_a_warning() -> None:
    found = built(edited(('type = "feed"', 'type = "pinterest"')))
    assert [it.problem.severity for it in found.findings] == ["warning"]
    assert found.config.sources == ()


def test_later_sources_need_what_they_will_need() -> None:
    content = edited(('type = "feed"', 'type = "youtube"'), ('url = "https://blog.acme.example/feed.xml"\n', ""))
    assert [it.suggestion for it in problems(content) if it.severity == "error"] == ["key"]


def test_a_literal_key_of_a_later_source_is_refused() -> None:
    content = edited(
        ('type = "feed"', 'type = "youtube"'), ('url = "https://blog.acme.example/feed.xml"', 'key = "geheim4711"')
    )
    found = [it for it in problems(content) if it.severity == "error"]
    assert [it.column for it in found] == [7]
    assert "geheim4711" not in found[0].excerpt


def test_ops_falls_back_to_a_channel_that_somebody_reads() -> None:
    assert built(edited(('alert = ["pr"]\n', ""))).config.ops == ("pr",)
    assert built(edited(('language = "de"', 'ops = ["pr"]'))).config.ops == ("pr",)


def test_a_resting_watch_may_lead_nowhere() -> None:
    content = edited(
        ('alert = ["pr"]\ndigest = ["morgens"]\n', "active = false\n"), ('days = "werktags"', 'client = "Globex"')
    )
    assert problems(content) == []


def test_lists_reach_the_parser() -> None:
    seen: list[object] = []
    content = GOOD + '\n[list.krise]\nwords = ["rückruf", "klage"]\n'

    def listening(source: str, **options: object) -> object:
        seen.append(options["lists"])
        return parse(source)

    build([Raw(path=Path("a.toml"), data=content.encode())], KINDS, parse=listening)
    assert seen == [{"krise": ("rückruf", "klage")}]


def test_a_fallback_of_another_client_would_hold_two_clients() -> None:
    content = """
[channels.a]
type = "console"
fallback = "b"

[channels.b]
type = "console"

[[watch]]
name = "Acme"
query = "acme"
client = "Acme"
alert = ["a"]

[[watch]]
name = "Globex"
query = "globex"
client = "Globex"
alert = ["b"]

[[source]]
type = "feed"
url = "https://www.acme.example/feed.xml"
"""
    found = [it for it in problems(content) if it.severity == "error"]
    assert ["two clients" in str(it.message) for it in found] == [True]
