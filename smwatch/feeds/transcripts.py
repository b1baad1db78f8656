"""Transcripts of episodes as plain text: WebVTT, SubRip, the podcast namespace's JSON, HTML, plain. In the worker."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.encoding import to_utf8
from smwatch.feeds.plain import cut, fold, plain_text
from smwatch.feeds.refusal import NotAFeed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 150_000  # characters: two hours
KINDS = (
    "text/plain",
    "text/vtt",
    "application/x-subrip",
    "application/srt",
    "text/srt",
    "application/json",
    "text/html",
)
_TIMES = re.compile(r"^\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s+-->.*$")
_NUMBER = re.compile(r"^\s*\d+\s*$")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]{1,80})>")
_TAG = re.compile(r"</?[a-z][^>]{0,200}>|<\d[\d:.]*>", re.IGNORECASE)
_BLOCK = re.compile(r"^(?:NOTE|STYLE|REGION|WEBVTT)\b")


def read_transcript(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"text"}`; `type` is the feed's word for it, which the content itself may correct. Raises NotAFeed."""
    said = to_utf8(body, str(options.get("content_type") or "")).decode("utf-8", "replace").lstrip("\ufeff")
    kind = _kind(said, str(options.get("type") or ""))
    if kind == "json":
        lines = list(_segments(said))
    elif kind == "cues":
        lines = list(_cues(said))
    elif kind == "html":
        return {"text": cut(plain_text(said), LONGEST)}
    else:
        lines = [fold(line) for line in said.splitlines()]
    return {"text": cut("\n".join(_joined(lines)), LONGEST)}


def _kind(said: str, told: str) -> str:
    start = said.lstrip()[:200]
    if start.startswith("WEBVTT") or (" --> " in said[:2000] and not start.startswith(("{", "<"))):
        return "cues"
    if start.startswith(("{", "[")):
        return "json"
    if start[:100].lower().startswith(("<!doctype html", "<html", "<p", "<cite", "<div")) or told == "text/html":
        return "html"
    return "plain"


def _segments(said: str) -> Iterator[str]:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        raise NotAFeed("json") from None
    segments = found.get("segments") if isinstance(found, dict) else found
    for one in segments if isinstance(segments, list) else ():
        body = one.get("body") or one.get("text") if isinstance(one, dict) else None
        if isinstance(body, str):
            speaker = one.get("speaker")
            yield _line(speaker if isinstance(speaker, str) else "", body)


def _cues(said: str) -> Iterator[str]:
    skipping = False
    for line in said.splitlines():
        if not line.strip():
            skipping = False
        elif _BLOCK.match(line):
            skipping = True
        elif not skipping and not _TIMES.match(line) and not _NUMBER.match(line):
            voice = _VOICE.search(line)
            yield _line(voice[1] if voice else "", html.unescape(_TAG.sub("", line)))


def _line(speaker: str, body: str) -> str:
    return fold(f"{speaker}: {body}" if speaker.strip() else body)


def _joined(lines: list[str]) -> Iterator[str]:
    """Lines of one speaker run on; a line that only repeats the one before is left out, as live captions do it."""
    before, speaker = "", ""
    held: list[str] = []
    for line in lines:
        if not line or line == before:
            continue
        before = line
        who, colon, rest = line.partition(": ")
        if colon and len(who) <= 80 and who == speaker:  # noqa: PLR2004 - a name
            held.append(rest)
            continue
        if held and (colon and len(who) <= 80):  # noqa: PLR2004 - a name
            yield " ".join(held)
            held = []
        speaker = who if colon and len(who) <= 80 else speaker  # noqa: PLR2004 - a name
        held.append(line)
    if held:
        yield " ".join(held)
