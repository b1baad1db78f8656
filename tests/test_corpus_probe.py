"""`smwatch source test --json FILE…` over all files of the corpus, by the letter of the contract.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from corpus_expectations import archives, members

from smwatch.testing.servers import entry, gzip_bomb, rss

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]
SECONDS, MEBIBYTES = 5.0, 300
PAGE = os.sysconf("SC_PAGE_SIZE")
KEYS = {"id", "url", "title", "lead", "text", "author", "published", "updated", "lang", "tags"}


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


class Run:
    """One call of the program: its lines, the longest wait for one, and the most memory of its process tree."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.slowest = (0.0, "")
        self.most = 0
        self.status: int | None = None

    async def over(self, files: list[Path]) -> Run:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "smwatch", "source", "test", "--json", *map(str, files),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=64 * 1024 * 1024,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.ensure_future(process.stderr.read())
        watched = asyncio.ensure_future(self._watch(process.pid))
        before: float | None = None  # the first line waits for the program's start as well
        while line := await process.stdout.readline():
            now = time.monotonic()
            if before is not None:
                self.slowest = max(self.slowest, (now - before, str(files[len(self.lines)])))
            before = now
            self.lines.append(line)
        self.status = await process.wait()
        watched.cancel()
        assert await errors == b""
        return self

    async def _watch(self, pid: int) -> None:
        while True:
            self.most = max(self.most, tree_memory(pid))
            await asyncio.sleep(0.02)


def tree_memory(pid: int) -> int:
    """Bytes that the process and its children hold, as the system counts them now."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return own + sum(tree_memory(int(child)) for child in children)


def laid_out(archive: Path, folder: Path) -> list[Path]:
    """The archive's files, under names that cannot be mistaken for addresses or options."""
    files = []
    for place, (name, body) in enumerate(members(archive)):
        file = folder / f"{place:05}-{Path(name).name[-80:]}"
        file.write_bytes(body)
        files.append(file)
    return files


@pytest.mark.parametrize(
    "archive", archives("feeds", "bad", "html", "mail") or [Path("none")], ids=lambda path: path.name
)
async def test_source_test_of_everything(archive: Path, tmp_path: Path) -> None:
    await keeps_the_contract(laid_out(archive, tmp_path), archive.name)


BOMBS = {
    "gzip": gzip_bomb,
    "gzip-nested": lambda: gzip_bomb(layers=2),
    "tags": lambda: b"<rss><channel><item><title>x</title><description>" + b"<a>" * 100_000,
    "elements": lambda: b"<rss><channel>" + b"<a>" * 100_000,
    "addresses": lambda: atom("<author>" + "a." * 25_000 + "</author>", "<bad>"),
    "attributes": lambda: atom("<x " + " ".join(f'a{n}="b"' for n in range(25_000)) + "/>", "<bad>"),
    "comments": lambda: atom(f"<summary type='html'>{'&lt;!--' * 50_000}</summary>", "<bad>"),
    "items": lambda: rss(*["<item><title>x</title></item>"] * 150_000).encode(),
    "one-id": lambda: rss(*[entry("x", guid="1", link="https://acme.example/")] * 40_000).encode(),
    "title": lambda: rss(entry("x" * 4_000_000, guid="1")).encode(),
    "json": lambda: b'{"version":"https://jsonfeed.org/version/1","items":[' + b'{"id":1},' * 400_000 + b"{}]}",
    "json-deep": lambda: b'{"items":' + b"[" * 2_000_000,
    "entities": lambda: rss(entry("&" * 1_000_000, guid="1")).replace("&amp;", "&").encode(),
    "ampersands": lambda: b"<rss><channel><item><title>" + b"&a" * 1_000_000 + b"</title></item></channel></rss>",
    "cdata": lambda: b"<rss><channel><item>" + b"<![CDATA[" * 400_000,
    "twice": lambda: rss(entry("ü" * 1_000_000, guid="1")).encode().decode("latin-1").encode(),
    "blanks": lambda: b"<rss><channel><item><title>a" + b" " * 4_000_000 + b"b</title></item></channel></rss>",
    "spaces-in-tag": lambda: b"<title" + b" " * 4_000_000,
    "opens": lambda: b"<item><title " * 300_000,
}


def atom(*inside: str) -> bytes:
    start = '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>1</id><title>a</title>'
    return (start + "".join(inside) + "</entry></feed>").encode()


async def test_source_test_of_bombs(tmp_path: Path) -> None:
    files = [tmp_path / name for name in BOMBS]
    for file in files:
        file.write_bytes(BOMBS[file.name]())
    await keeps_the_contract(files, "bombs")


async def keeps_the_contract(files: list[Path], name: str) -> None:
    run = await Run().over(files)
    found = [json.loads(line) for line in run.lines]
    assert [one["file"] for one in found] == [str(file) for file in files]
    assert run.status == (0 if all(one["ok"] for one in found) else 3)
    problems = [f"{one['file']}: {problem}" for one in found for problem in faults(one)]
    print(  # noqa: T201 - the figures
        f"\n{name}: {len(found)} files, {sum(one['ok'] for one in found)} feeds,"
        f" {sum(len(one['items']) for one in found)} items; slowest {run.slowest[0]:.2f} s,"
        f" most memory {run.most // 1024**2} MiB"
    )
    assert problems == []
    assert run.slowest < (SECONDS, "")
    assert run.most < MEBIBYTES * 1024**2


def faults(found: dict[str, Any]) -> Iterator[str]:
    """What the contract does not allow in one line."""
    if set(found) != {"file", "ok", "error", "feed", "items"}:
        yield f"keys {sorted(found)}"
    if found["ok"] == bool(found["error"]) or (not found["ok"] and found["items"]):
        yield f"ok {found['ok']} with error {found['error']!r} and {len(found['items'])} items"
    if found["error"] and (len(found["error"]) < 10 or "\n" in found["error"] or "Error" in found["error"]):
        yield f"no sentence: {found['error']!r}"
    ids = [item["id"] for item in found["items"]]
    if not all(isinstance(name, str) and name for name in ids) or len(set(ids)) < len(ids):
        yield "ids are empty or repeated"
    for item in found["items"]:
        yield from _item_faults(item)


def _item_faults(item: dict[str, Any]) -> Iterator[str]:
    if set(item) != KEYS:
        yield f"keys of an item {sorted(item)}"
    for key in ("published", "updated"):
        if item[key] is not None and datetime.fromisoformat(item[key]).utcoffset() is None:
            yield f"{key} without a zone"
    if item["url"] and not item["url"].lower().startswith(("http://", "https://")):
        yield f"url {item['url'][:80]!r}"
    for key in ("title", "lead", "text"):
        if any(mark < " " for mark in item[key].replace("\n", "")) or item[key] != item[key].strip():
            yield f"{key} is not plain: {item[key][:80]!r}"
    if len(item["title"]) > 500:
        yield "title is not cut"
