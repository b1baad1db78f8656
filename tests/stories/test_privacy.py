"""What people write and who they are stands in the store and in messages, never in the log."""

from __future__ import annotations

import json

CANARY = ("Kanarienvogel", "Zwitscherwort", "Trällerei")


async def test_no_names_and_no_words_of_people_stand_in_the_log(world, monkeypatch):
    hooks = await world.hook()
    press = world.feed()
    world.watch("Acme", "acme", alert=["pr", "hook"], digest=["morgens"])
    world.digest()
    await world.watches()
    post = press.publishes("Acme Zwitscherwort", "Eine Trällerei über Acme.", author="Kanarienvogel Müller")
    await world.hears("Zwitscherwort")
    await world.eventually(lambda: any(b"Zwitscherwort" in body for _, body in hooks.received), "the call")
    press.edits(post, text="Eine Trällerei über Acme, geändert.")
    world.slack.revoked = True
    press.publishes("Acme Zwitscherwort, zweiter Teil", "Trällerei.", author="Kanarienvogel Müller")
    await world.calm(queue=1)
    logged = json.dumps(world.logs.entries, ensure_ascii=False, default=repr)
    assert "source_fetched" in logged
    assert "delivery_failed" in logged
    assert [word for word in CANARY if word in logged] == []
