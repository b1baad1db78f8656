"""What a reload does, and what it never does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smwatch.errors import ConfigError


async def test_a_new_watch_and_a_new_source_begin_now(world):
    press = world.feed("Tagesbote")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Globex vor der neuen Beobachtung")
    await world.calm()
    world.passes(minutes=10)
    blog = world.feed("Blog")
    blog.publishes("Globex und Acme, älter als die Quelle", ago=timedelta(minutes=1))
    world.watch("Globex", "globex")
    outcome = await world.reloads()
    assert outcome.ok
    saved = await world.hears("Einstellungen")
    assert "„Globex“" in saved.text
    assert "Blog" in saved.text
    await world.hears("Neu beobachtet: Blog")
    press.publishes("Globex nach der neuen Beobachtung")
    blog.publishes("Acme im neuen Blog")
    await world.calm()
    assert sorted(one.text.splitlines()[1].split(" <")[0] for one in world.alerts()) == [
        "*Acme im neuen Blog",
        "*Globex nach der neuen Beobachtung",
    ]


async def test_a_changed_query_starts_anew(world):
    press = world.feed()
    watch = world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Globex ruft zurück")
    await world.calm()
    world.passes(minutes=10)
    watch["query"] = "acme OR globex"
    await world.reloads()
    press.edits(post, text="Globex sagt noch etwas dazu.")
    await world.calm()
    assert world.alerts() == []
    press.publishes("Globex ruft noch einmal zurück")
    await world.hears("Globex ruft noch einmal zurück")


async def test_renamed_watches_and_sources_go_on(world):
    press = world.feed("Tagesbote")
    watch = world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    world.passes(minutes=10)
    between = press.publishes("Acme vor dem neuen Namen", ago=timedelta(minutes=5))
    watch |= {"name": "Marke Acme", "was": "Acme"}
    world.config["source"][0]["name"] = "Der Tagesbote"
    outcome = await world.reloads()
    assert outcome.ok
    await world.hears(between.title)  # published before the rename, and news: the watch did not begin anew
    press.edits(post, text="Mit einem neuen Absatz über Acme.")
    await world.calm()
    assert len(world.alerts()) == 2
    assert "Marke Acme" in world.alerts(between.title)[0].text
    assert "Der Tagesbote" in world.alerts(between.title)[0].text
    assert [row.name for row in world.app.scheduler.rows] == ["Der Tagesbote"]


async def test_a_source_that_leaves_and_comes_back_never_alerts_what_it_had(world):
    press, blog = world.feed("Tagesbote"), world.feed("Blog")
    world.watch("Acme", "acme")
    await world.watches()
    blog.publishes("Acme im Blog")
    await world.hears("Acme im Blog")
    gone = world.config["source"].pop()
    await world.reloads()
    assert [row.name for row in world.app.scheduler.rows] == ["Tagesbote"]
    world.config["source"].append(gone)
    await world.reloads()
    press.publishes("Acme im Tagesboten")
    await world.calm()
    assert len(world.alerts()) == 2


async def test_a_broken_file_keeps_the_old_one_running_and_ops_hears_file_and_line(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    good = world.path.read_text()
    world.saves(good + '\n[[watch]]\nname = "Globex\n')
    outcome = await world.app.reload()
    assert not outcome.ok
    told = await world.hears("smwatch.toml")
    assert f"{len(good.splitlines()) + 3}" in told.text
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    await world.app.reload()  # the same mistake is not told twice
    world.saves(good)
    assert (await world.app.reload()).ok
    await world.calm()
    assert len(world.slack.reads("smwatch.toml")) == 1


async def test_a_saved_file_is_read_by_itself(world):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    world.watch("Globex", "globex")
    world.saves()
    await world.hears("„Globex“")
    world.saves(world.path.read_text().replace('query = "globex"', 'query = "globex AND"'))
    told = await world.hears("smwatch.toml")
    assert "Globex" in told.text


async def test_a_hang_up_reads_the_file_again(world):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    world.watch("Globex", "globex")
    world.saves()
    world.app.hang_up()
    world.app.hang_up()
    await world.hears("„Globex“")


async def test_a_query_that_fails_stops_only_its_watch(world):
    press = world.feed()
    world.watch("Acme", "acme")
    world.watch("Globex", 'globex NEAR/0 "')
    outcome = await world.starts()
    assert not outcome.ok
    told = await world.hears("smwatch.toml")
    assert "Globex" in told.text
    press.publishes("Globex und Acme rufen zurück")
    alert = await world.hears("Globex und Acme rufen zurück")
    assert "Meldung · Acme" in alert.text


async def test_a_query_that_breaks_at_a_reload_runs_on_as_it_was(world):
    press = world.feed()
    world.watch("Acme", "acme")
    broken = world.watch("Globex", "globex")
    await world.watches()
    broken["query"] = "globex AND"
    outcome = await world.reloads()
    assert outcome.stopped == ("Globex",)
    press.publishes("Globex ruft zurück")
    await world.hears("Globex ruft zurück")


async def test_a_broken_file_at_start_runs_the_last_good_copy(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    await world.stops()
    world.saves(world.path.read_text().replace("[[watch]]", "[[watch]"))
    outcome = await world.starts(save=False)
    assert outcome.fallback
    told = await world.hears("smwatch.toml")
    assert "Zeile" in told.text
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")


async def test_a_broken_file_without_a_good_copy_does_not_start(world):
    world.saves("[smwatch\n")
    with pytest.raises(ConfigError):
        await world.starts(save=False)


async def test_channels_change_and_what_waits_goes_on(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    world.slack.revoked = True
    press.publishes("Acme ruft zurück")
    await world.eventually(lambda: world.app.sender._lanes["pr"].held, "the channel to be held")
    world.slack.revoked = False
    world.config["channels"]["pr"]["max_per_hour"] = 30
    await world.reloads()
    await world.hears("Acme ruft zurück")
    await world.calm()
    assert len(world.alerts()) == 1
