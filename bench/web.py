"""Many feeds on loopback, served by nginx with ETags: what the benchmarks of polling ask."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = 10
WORDS = (
    *(
        "Acme",
        "ruft",
        "Müsli",
        "zurück",
        "weil",
        "darin",
        "Steinchen",
        "sind",
        "die",
        "Presse",
        "fragt",
        "seit",
        "März",
    ),
    *(
        "Kunde",
        "Bahn",
        "Markt",
        "Werk",
        "neue",
        "Preise",
        "Streik",
        "Bericht",
        "Verband",
        "Urteil",
        "Minister",
        "Zahlen",
    ),
)
CONF = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  log_format asked '$status $msec $uri'; access_log {folder}/answers asked; etag on; keepalive_timeout {keep};
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5; types {{ application/rss+xml xml; }}
  server {{
    listen {port} backlog=4096; root {folder}/www;
    location /hostile/ {{ return 503; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the feeds are; every `neighbours` of them share a host."""

    folder: Path
    port: int
    count: int
    neighbours: int

    def url(self, number: int) -> str:
        """The address of a feed."""
        host = number // self.neighbours
        return f"http://127.0.{host // 250 + 1}.{host % 250 + 1}:{self.port}/{number}.xml"

    def answered(self) -> Counter[int]:
        """How often the server gave each status since the last question."""
        answers = Counter(int(status) for status, _, _ in self._log())
        with (self.folder / "answers").open("r+b") as stream:
            stream.truncate(0)
        return answers

    def asked(self) -> dict[str, list[float]]:
        """When each feed was asked for, in Unix time, by the address that `url` gave it."""
        found: dict[str, list[float]] = {self.url(number): [] for number in range(self.count)}
        for _, moment, path in self._log():
            found[self.url(int(path[1:].removesuffix(".xml")))].append(float(moment))
        return found

    def _log(self) -> list[list[str]]:
        """Status, moment and path of each answer since the last question about statuses."""
        lines = (self.folder / "answers").read_text(encoding="ascii").splitlines()
        return [words for line in lines if len(words := line.split()) == len(("status", "moment", "path"))]

    def change(self) -> None:
        """Every feed gets a new entry on top, so that all are read anew."""
        now = datetime.now(UTC)
        for number in range(self.count):
            (self.folder / "www" / f"{number}.xml").write_text(feed(number, now), encoding="utf-8")


def feed(number: int, newest: datetime) -> str:
    """A feed of ten entries of 60 words."""
    dice = random.Random(f"{number} {newest}")
    items = []
    for place in range(ITEMS):
        moment = newest - timedelta(hours=7 * place)
        title, text = " ".join(dice.choices(WORDS, k=7)), " ".join(dice.choices(WORDS, k=60))
        link = f"https://s{number}.example/{moment:%y%m%d%H%M%S}-{place}"
        items.append(
            f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link>"
            f"<pubDate>{format_datetime(moment)}</pubDate><description>{text}</description></item>"
        )
    head = f"<title>Feed {number}</title><link>https://s{number}.example/</link><language>de</language>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"


def nginx() -> str | None:
    """The program; None where it is not installed."""
    return shutil.which("nginx") or next((one for one in ("/usr/sbin/nginx",) if Path(one).exists()), None)


@contextmanager
def serving(count: int, *, keep: int = 0, neighbours: int = 200) -> Iterator[Site]:
    """Nginx with so many feeds; connections are kept open for `keep` seconds (most hosts have one feed: 0)."""
    program = nginx()
    assert program is not None, "nginx is not installed"
    folder = Path(tempfile.mkdtemp(prefix="smwatch-feeds-"))
    folder.chmod(0o755)
    (folder / "www").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = Site(folder, port, count, neighbours)
    site.change()
    (folder / "nginx.conf").write_text(CONF.format(folder=folder, port=port, keep=keep), encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        _wait(port)
        yield site
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int) -> None:
    """Until it listens; a refused connection is tried again at once, for at most a few seconds."""
    for _ in range(100_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    message = "nginx does not listen"
    raise RuntimeError(message)
