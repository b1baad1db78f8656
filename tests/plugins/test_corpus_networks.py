"""Recorded payloads of real networks, read without loss; from the folder that SMWATCH_CORPUS names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from smwatch.plugins.bluesky import first_wire

from smwatch.feeds.fragments import read_fragments
from smwatch.payload import Payload
from smwatch.posts.bluesky import bluesky_post, bluesky_view
from smwatch.posts.mastodon import mastodon_post

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(os.environ.get("SMWATCH_CORPUS", "/nowhere")) / "platforms" / "recorded"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="SMWATCH_CORPUS does not name a folder with platforms/recorded"),
]


def below(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a JSON value."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from below(one)
    elif isinstance(value, list):
        for one in value:
            yield from below(one)


def bodies(name: str) -> Iterator[Any]:
    """The JSON bodies of a cassette's answers, and of the events of a recorded stream."""
    import yaml

    for one in yaml.safe_load(name)["interactions"]:
        body = one["response"]["body"].get("string") or ""
        body = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        parts = [line[5:] for line in body.splitlines() if line.startswith("data:")] or [body]
        for part in parts:
            try:
                yield json.loads(part)
            except ValueError:
                continue


def mastodon_statuses() -> Iterator[dict[str, Any]]:
    for path in sorted((CORPUS / "mastodon").glob("*.yaml")):
        for body in bodies(path.read_text(encoding="utf-8")):
            yield from (one for one in below(body) if {"content", "account", "visibility"} <= one.keys())


def test_every_status_of_mastodon() -> None:
    pytest.importorskip("yaml", reason="PyYAML is not installed; the recordings are YAML")
    found = 0
    for status in mastodon_statuses():
        (read,) = read_fragments(json.dumps([status["content"]]).encode(), {})
        item = mastodon_post(Payload(status), Payload(read), "example.org", "corpus")
        found += 1
        assert item.id == status["uri"]
        assert item.url == (status["url"] or status["uri"])
        assert item.published is not None
        assert (item.updated is not None) == bool(status["edited_at"])
        assert item.lead == status["spoiler_text"].strip()
        assert bool(item.text) == bool(status["content"] or status["media_attachments"] or status["poll"])
        assert "<" not in item.text or "&lt;" in status["content"]
        assert item.author is not None
        assert item.author.followers == status["account"]["followers_count"]
        assert (item.author.handle or "").count("@") == 2
        assert item.engagement is not None
        assert item.engagement.likes == status["favourites_count"]
        assert list(item.attributes.get("tags", [])) == [tag["name"] for tag in status["tags"]]
        assert item.lang == status["language"]
        assert (item.parent_id is not None) == bool(status["in_reply_to_id"])
    assert found >= 37


def test_every_event_of_jetstream() -> None:
    kinds: dict[str, int] = {}
    posts = 0
    for line in (CORPUS / "bluesky" / "expected_v1.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        event = first_wire(Payload(said))
        assert event is not None
        assert (event.did, event.cursor) == (said["did"], str(said["time_us"]))
        assert event.at is not None
        commit = said.get("commit", {})
        kinds[said["kind"]] = kinds.get(said["kind"], 0) + 1
        if commit.get("collection") != "app.bsky.feed.post":
            assert not event.post
            assert not event.gone
            continue
        if commit["operation"] == "delete":
            assert event.gone == f"at://{said['did']}/app.bsky.feed.post/{commit['rkey']}"
            continue
        posts += 1
        record = commit["record"]
        item = bluesky_post(event.did, event.rkey, event.post, "corpus", event.at)
        assert item.text.startswith(record["text"].strip())
        assert item.lang == (record.get("langs") or [None])[0]
        assert item.parent_id == record.get("reply", {}).get("parent", {}).get("uri")
        assert item.root_id == record.get("reply", {}).get("root", {}).get("uri")
        wanted = {one["uri"] for one in below(record) if str(one.get("$type", "")).endswith("facet#link")}
        wanted |= {one["uri"] for one in below(record.get("embed", {})) if "title" in one and "uri" in one}
        assert wanted <= set(item.links)
        alts = {one["alt"].strip() for one in below(record.get("embed", {})) if one.get("alt")}
        assert all(alt in item.text for alt in alts)
        tags = [one["tag"] for one in below(record.get("facets", [])) if "tag" in one]
        assert set(tags) <= set(item.attributes.get("tags", []))
    assert sum(kinds.values()) == 152
    assert posts >= 14


def test_other_recordings_of_bluesky() -> None:
    views = records = 0
    for path in sorted((CORPUS / "bluesky").glob("*.json")):
        for one in below(json.loads(path.read_text(encoding="utf-8"))):
            if "record" in one and str(one.get("record", {}).get("$type", "")) == "app.bsky.feed.post":
                item = bluesky_view(Payload(one), "corpus")
                views += 1
                assert item.text.startswith(one["record"]["text"].strip())
                assert item.engagement is not None
                assert item.engagement.likes == one.get("likeCount")
            elif one.get("$type") == "app.bsky.feed.post" and "text" in one:
                records += 1
                assert bluesky_post("did:plc:x", "3k", Payload(one), "corpus", None).text.startswith(
                    one["text"].strip()
                )
    assert (views, records) >= (4, 4)
