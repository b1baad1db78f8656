"""`init`: what it finds, what it writes, what it refuses."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_world import PATIENCE, Said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smwatch.cli import wizard
from smwatch.errors import UserError
from smwatch.fetch.request import Limits
from smwatch.init.answers import Answers, mail_server
from smwatch.init.brand import finds, hints, query_for, query_for_all, short_name
from smwatch.init.feeds import Feed, Search, finder
from smwatch.init.place import local_zone, problems_of, store_for
from smwatch.init.plan import Channel, Secret, Smtp, quoted
from smwatch.testing.servers import FeedServer, entry, evil, rss

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cli_world import World

NOWHERE = "http://127.0.0.1:9/feed.xml"
QUICK = Limits(head=1.0, total=2.0, pause=0.0)
HTML = {"content_type": "text/html; charset=utf-8"}
HOOK = "https://hooks.slack.com/services/T000/B000/secretpart"


# --- the query ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brand", "query"),
    [
        ("Acme", "Acme"),
        ("  Acme   GmbH & Co. KG ", "Acme"),
        ("Bergmühle", "Bergmühle"),
        ("Deutsche Bahn AG", '"Deutsche Bahn" OR DeutscheBahn'),
        ("Dr. Oetker", '"Dr. Oetker" OR DrOetker'),
        ("Müller und Söhne", '"Müller und Söhne" OR MüllerundSöhne'),
        ("L'Oréal", "L'Oreal"),
        ("Møller", "Moller"),
        ("C&A", "C&A"),
        ("AT&T Inc.", "AT&T"),
        ("Yahoo!", '"Yahoo!"'),
        ("NEAR", '"NEAR"'),
        ("title:x", '"title:x"'),
        ("“Acme”", "Acme"),
    ],
)
def test_the_query_for_a_brand(brand: str, query: str) -> None:
    assert query_for(brand) == query
    assert finds(query, short_name(brand))


@pytest.mark.parametrize(
    ("brand", "said"),
    [("Bergmühle", "Die BERGMUEHLE am Bach"), ("Møller", "Moeller"), ("Deutsche Bahn", "#DeutscheBahn")],
)
def test_spellings_that_need_no_words_of_ours(brand: str, said: str) -> None:
    assert finds(query_for(brand), said) is (brand != "Møller")


@pytest.mark.parametrize("brand", ["", " ", "–", "()", "***", "“”"])
def test_a_name_that_nothing_can_be_found_by(brand: str) -> None:
    with pytest.raises(UserError):
        query_for(brand)


@pytest.mark.parametrize(
    ("brand", "hint"),
    [
        ("dm", "so short"),
        ("Müller", "common surname"),
        ("Volt", "everyday word"),
        ("Acme", "Acme* finds those"),
        ("H&M", None),
    ],
)
def test_hints(brand: str, hint: str | None) -> None:
    said = " ".join(map(str, hints(brand)))
    assert said == "" if hint is None else hint in said


def test_competitors_are_one_query() -> None:
    assert query_for_all(["Globex AG", "Kornhof Mühle", "L'Oréal"]) == 'Globex OR "Kornhof Mühle" OR L\'Oreal'


# --- the file ----------------------------------------------------------------------------------------------------

SECRET = Secret(kind="env", place="SMWATCH_SLACK_WEBHOOK")
CHANNELS = [
    Channel(),
    Channel(kind="slack", webhook=SECRET),
    Channel(kind="slack", token=SECRET, slack_channel="#pr"),
    Channel(kind="email", to=("presse@acme.example",)),
    Channel(
        kind="email", to=("Presse <p@acme.example>",), smtp=Smtp(host="smtp.acme.example", user="me", password=SECRET)
    ),
]


def _answers(**given: object) -> Answers:
    fixed = {"brand": "Acme", "language": "de", "store": "sqlite:///var/lib/x/x.db"}
    return Answers(**{**fixed, **given})  # type: ignore[arg-type]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    brand=st.text(min_size=1, max_size=30),
    title=st.text(max_size=90),
    channel=st.sampled_from(CHANNELS),
    language=st.sampled_from(["de", "de-CH", "en"]),
    people=st.booleans(),
)
def test_whatever_is_answered_the_file_passes_the_check(
    brand: str, title: str, channel: Channel, language: str, people: bool
) -> None:
    try:
        query_for(brand)
    except UserError:
        return
    search = Search(address=NOWHERE, feeds=(Feed(url="https://acme.example/feed?a=1&b='x'", title=title),))
    answers = _answers(brand=brand, channel=channel, language=language, people=people, competitors=(brand, "Globex"))
    content = answers.plan((), (search,)).toml()
    assert [one for one in problems_of(Path("/x/smwatch.toml"), content) if one.severity == "error"] == []


def test_it_is_about_15_lines() -> None:
    search = Search(address=NOWHERE, feeds=(Feed(url="https://acme.example/feed", title="Acme Presse"),))
    lines = [line for line in _answers().plan((), (search,)).toml().splitlines() if line and not line.startswith("#")]
    assert len([line for line in lines if not line.startswith("interval")]) <= 18
    assert problems_of(Path("/x/smwatch.toml"), "\n".join(lines)) == ()


def test_on_a_terminal_nobody_waits_ten_minutes_for_the_first_alert() -> None:
    search = Search(address=NOWHERE, feeds=(Feed(url="https://acme.example/feed", title="Acme Presse"),))
    trial, slack = (_answers(**it).plan((), (search,)).toml() for it in ({}, {"channel": CHANNELS[1]}))
    assert 'interval = "1m"   # zum Ausprobieren; ohne die Zeile alle 10 Minuten' in trial
    assert "interval" not in slack


def test_own_posts_do_not_alert_where_there_are_others_to_read() -> None:
    own = Search(address="acme.example", feeds=tuple(Feed(url=f"https://acme.example/{n}") for n in range(5)))
    other = Search(address="https://zeitung.example", feeds=(Feed(url="https://zeitung.example/rss"),))
    both = _answers(websites=("acme.example",)).plan((own,), (other,))
    assert both.own == ("https://acme.example",)
    assert [one.url for one in both.sources] == [
        "https://zeitung.example/rss", "https://acme.example/0", "https://acme.example/1",
    ]  # fmt: skip
    alone = _answers(websites=("acme.example",)).plan((own,), ())
    assert (alone.own, len(alone.sources)) == ((), 3)


def test_what_could_not_be_read_is_written_all_the_same() -> None:
    plan = _answers().plan((), (Search(address="acme.example/feed"), Search(address=NOWHERE)))
    assert [one.url for one in plan.sources] == ["https://acme.example/feed", NOWHERE]


@pytest.mark.parametrize(
    ("written", "toml"),
    [
        ("localhost", '{ host = "localhost", port = 25, tls = "none" }'),
        ("smtp.acme.example", '{ host = "smtp.acme.example", port = 587, tls = "starttls" }'),
        ("smtp.acme.example:465", '{ host = "smtp.acme.example", port = 465, tls = "tls" }'),
        ("smtp.acme.example:25", '{ host = "smtp.acme.example", port = 25, tls = "none" }'),
    ],
)
def test_mail_servers(written: str, toml: str) -> None:
    assert mail_server(written).toml() == toml


@pytest.mark.parametrize("written", ["", ":25", "a b", "host:port", "host:"])
def test_what_is_no_mail_server(written: str) -> None:
    if written == "host:":
        assert mail_server(written) == Smtp(host="host")
    else:
        with pytest.raises(UserError):
            mail_server(written)


def test_the_services_secrets_are_credentials(tmp_path: Path) -> None:
    options = {"slack_channel": "#pr", "slack_token_env": None, "output": "/etc/smwatch/config.toml"}
    assert wizard._bot(options).token == Secret(kind="credential", place="slack_bot_token")
    assert wizard._bot({**options, "output": str(tmp_path / "a.toml")}).token == Secret(
        kind="env", place="SMWATCH_SLACK_BOT_TOKEN"
    )
    assert wizard._bot({**options, "slack_token_env": "X"}).token == Secret(kind="env", place="X")


def test_strings_are_tame() -> None:
    assert quoted('a"\\\x1b[31m\n\u202eb\x7f') == '"a\\"\\\\[31m b"' or "\x1b" not in quoted("\x1b")


def test_where_things_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_for(tmp_path / "acme.toml") == f"sqlite://{tmp_path}/acme-data/smwatch.db"
    assert store_for(Path("/etc/smwatch/config.toml")) == "sqlite:///var/lib/smwatch/smwatch.db"
    monkeypatch.setenv("TZ", "America/New_York")
    assert local_zone() == "America/New_York"
    for nonsense in ("UTC", "../../etc/passwd", "Nowhere/Land", ":UTC"):
        monkeypatch.setenv("TZ", nonsense)
        assert local_zone() is None


# --- feeds -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def site() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        server.put("/feed.xml", rss(entry("Alt", guid="1", published="2026-01-01T00:00:00Z"), title="Alles"))
        server.put("/neu.xml", rss(entry("Neu", guid="1", published="2026-11-01T00:00:00Z"), title="Neues"))
        yield server


async def _found(address: str) -> Search:
    async with finder(allow_private=True, limits=QUICK) as search:
        return await search.find(address)


async def test_a_feed_is_itself(site: FeedServer) -> None:
    search = await _found(site.url("/feed.xml"))
    assert [(one.url, one.title, one.items) for one in search.feeds] == [(site.url("/feed.xml"), "Alles", 1)]


async def test_a_page_names_its_feeds_the_newest_first_and_no_comments(site: FeedServer) -> None:
    page = """<head><base href="/deep/"><link rel="alternate" type="application/rss+xml" href="../feed.xml">
        <link rel=alternate type=application/rss+xml title="Kommentare" href="/comments/feed">
        <link rel="alternate" type="application/json+oembed" href="/oembed">
        <link rel="alternate" type="APPLICATION/ATOM+XML" href="/neu.xml"></head>"""
    site.put("/", page, **HTML)
    search = await _found(f"127.0.0.1:{site.port}")
    assert [one.title for one in search.feeds] == ["Neues", "Alles"]
    assert not {"/comments/feed", "/oembed"} & {seen.path for seen in site.requests}


async def test_the_press_page_is_looked_at(site: FeedServer) -> None:
    site.put("/", '<a href="/presse/">Presse</a><a href="https://facebook.example/press">Press</a>', **HTML)
    site.put("/presse/", '<a href="/neu.xml">RSS</a>', **HTML)
    assert [one.title for one in (await _found(site.url("/"))).feeds] == ["Neues"]


async def test_usual_places(site: FeedServer) -> None:
    site.put("/", "<h1>Acme</h1>", **HTML)
    assert [one.url for one in (await _found(site.url("/"))).feeds] == [site.url("/feed.xml")]


async def test_no_feed(site: FeedServer) -> None:
    site.pages.clear()
    site.put("/", "<h1>Acme</h1>", **HTML)
    search = await _found(site.url("/"))
    assert (search.feeds, str(search.trouble)) == ((), "no feed was found there")


@pytest.mark.parametrize("kind", ["bomb-gzip", "silent", "redirect-private", "status-404", "huge", "not-http", "reset"])
async def test_evil_sites_are_told_in_a_sentence(kind: str) -> None:
    async with evil(kind) as url:
        search = await _found(url)
    assert search.feeds == ()
    assert search.trouble is not None


async def test_private_addresses_are_guarded(site: FeedServer) -> None:
    async with finder(limits=QUICK) as search:
        found = await search.find(site.url("/feed.xml"))
    assert "allow_private" in str(found.trouble)
    assert site.requests == []


@pytest.mark.parametrize("address", ["", "  ", "ftp://a.example", "http://u:p@a.example/", "a b", "http://"])
async def test_what_is_no_address(address: str) -> None:
    assert (await _found(address)).trouble is not None


# --- the command -------------------------------------------------------------------------------------------------


def test_the_demos_last_word_works_without_a_network(world: World) -> None:
    words = ("init", "--console", "--brand", "Acme", "--feed", NOWHERE, "--output", "smwatch.toml")
    said = world.run(*words)
    assert (said.code, said.out) == (0, "")
    assert f"✗ {NOWHERE}: " in said.err
    assert "written: smwatch.toml" in said.err
    assert world.run("check", "--json").json == {"ok": True, "problems": []} or world.run("check").code == 0
    assert world.run("run", "--once").code == 0


def test_the_demo_ends_with_that_command() -> None:
    import smwatch.demo.stage

    source = Path(smwatch.demo.stage.__file__).read_text(encoding="utf-8")
    assert 'smwatch init --console --brand "Acme" --feed https://www.example.org/feed.xml' in source


def test_nothing_is_written_over(world: World) -> None:
    world.config.write_text("# mine", encoding="utf-8")
    said = world.run("init", "--brand", "Acme", "--yes")
    assert (said.code, world.config.read_text(encoding="utf-8")) == (1, "# mine")
    assert "--force replaces it" in said.err
    assert world.run("init", "--brand", "Acme", "--force").code == 0
    assert (world.folder / "smwatch.toml.bak").read_text(encoding="utf-8") == "# mine"
    assert "query = 'Acme'" in world.config.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("--slack-webhook-env", HOOK),
        ("--slack-webhook-file", HOOK),
        ("--slack-webhook-credential", HOOK),
        ("--slack-channel", "#pr", "--slack-token-env", "xoxb-1-secretpart"),
        ("--slack-channel", "xoxb-1-secretpart"),
        ("--email", "a@b.example", "--smtp-user", "me", "--smtp-password-env", "secretpart"),
        ("--feed", HOOK),
        ("--website", HOOK),
        ("--competitor", "xoxb-1-secretpart"),
    ],
    ids=lambda words: words[-2],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_secret_is_refused_and_not_repeated(world: World, language: str, words: tuple[str, ...]) -> None:
    said = world.run("init", "--brand", "Acme", "--language", language, *words)
    assert said.code == 1
    assert not world.config.exists()
    assert "secretpart" not in said.out + said.err
    assert {"en": "say where it is kept", "de": "sagen Sie, wo es steht"}[language] in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--slack-webhook-env", "ACME_HOOK"), 'webhook = { env = "ACME_HOOK" }'),
        (("--slack-webhook-file", "/run/hook"), 'webhook = { file = "/run/hook" }'),
        (("--slack-webhook-credential", "hook"), 'webhook = { credential = "hook" }'),
        (("--slack-channel", "pr-alerts"), 'channel = "#pr-alerts"'),
        (("--slack-channel", "C0123456789"), 'channel = "C0123456789"'),
        (
            ("--email", "a@b.example", "--smtp", "127.0.0.1:9"),
            'smtp = { host = "127.0.0.1", port = 9, tls = "none" }',
        ),
        (("--language", "en"), 'days = "workdays"'),
        (("--people",), "people = true"),
        (("--timezone", "Europe/Zurich"), 'timezone = "Europe/Zurich"'),
        (("--website", "127.0.0.1:9", "--feed", NOWHERE), 'own_accounts = ["https://127.0.0.1:9"]'),
        (("--store", "sqlite:///tmp/a/b.db"), 'store = "sqlite:///tmp/a/b.db"'),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_options(world: World, words: tuple[str, ...], line: str) -> None:
    said = world.run("init", "--brand", "Acme", *words)
    assert said.code == 0
    assert line in world.config.read_text(encoding="utf-8").splitlines()
    assert world.run("check").code == 0


def test_to_the_standard_output(world: World) -> None:
    said = world.run("init", "--brand", "Acme", "-o", "-")
    assert (said.code, list(world.folder.glob("*.toml"))) == (0, [])
    (world.folder / "piped.toml").write_text(said.out, encoding="utf-8")
    assert world.run("check", "-c", "piped.toml").code == 0


@pytest.mark.parametrize("output", ["/nowhere/smwatch.toml", "/", "/proc/smwatch.toml"])
def test_where_nothing_can_be_written(world: World, output: str) -> None:
    said = world.run("init", "--brand", "Acme", "-o", output)
    assert (said.code, said.out) == (1, "")
    assert len(said.err.splitlines()) <= 6


def test_nonsense_is_refused_before_anything_is_written(world: World) -> None:
    for words in (("--timezone", "Nowhere"), ("--email", "nobody"), ("--feed", "ftp://x"), ("--store", "mysql://x")):
        assert world.run("init", "--brand", "Acme", *words).code == 1
    assert world.run("init", "--brand", "()").code == 1
    assert list(world.folder.glob("*")) == []


def _typed(world: World, *lines: str) -> tuple[Said, str]:
    """The dialogue on a terminal: all answers are typed ahead. Nothing of it is on stdout."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        world.command("init"), cwd=world.folder, env=world.env, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE
    )
    os.close(theirs)
    os.write(ours, "".join(f"{line}\n" for line in lines).encode())
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    out, _ = process.communicate(timeout=PATIENCE)
    return Said(code=process.returncode, out=out.decode(), err=""), seen.decode()


def test_the_dialogue_in_german(world: World) -> None:
    world.config.write_text("# mine", encoding="utf-8")
    hook = "https://hooks.slack.com/services/T/B/pasted"
    said, seen = _typed(
        world, "xx", "de", "", "Bergmühle GmbH", "", f"127.0.0.1:9, {NOWHERE}", "Globex, Kornhof",
        "9", "1", hook, "ACME_HOOK", "vielleicht", "n", "n", "acme.toml",
    )  # fmt: skip
    assert (said.code, said.out) == (0, "")
    for sentence in (
        "please answer with one of: de, de-CH, en",
        "Wie heißt die Marke?",
        "Das wird gebraucht.",
        "Ein Geheimnis kommt nicht in die Datei",
        "Bitte mit ja oder nein antworten.",
        "gibt es schon. Ersetzen",
        "vor dem Start: export ACME_HOOK=…",
    ):
        assert sentence in seen
    assert world.config.read_text(encoding="utf-8") == "# mine"
    written = (world.folder / "acme.toml").read_text(encoding="utf-8")
    assert 'webhook = { env = "ACME_HOOK" }' in written
    assert "query = 'Globex OR Kornhof'" in written
    assert "pasted" not in written
    assert world.run("check", "-c", "acme.toml").code == 0


def test_the_dialogue_takes_enter_for_an_answer(world: World) -> None:
    said, seen = _typed(world, "", "Acme", "", "", "", "", "")
    assert (said.code, said.out) == (0, "")
    assert "No source yet" in seen
    assert 'type = "console"' in world.config.read_text(encoding="utf-8")


def test_the_end_of_the_input_stops_the_dialogue(world: World) -> None:
    said, seen = _typed(world, "en", "\x04")
    assert (said.code, seen.splitlines()[-1]) == (1, "Stopped.")
    assert not world.config.exists()
