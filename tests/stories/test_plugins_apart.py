"""What a plugin is handed: its own table, and nothing that leads to the secrets of others."""

from __future__ import annotations

import json

DECOY = '''"""https://decoy.example/: a source that looks around in what it was given."""

import json
from pathlib import Path

from smwatch.plugin import Card, Page, Secret, Source, hookimpl

PLAIN = (str, bytes, int, float, type(None))


def around(root):
    """Everything that public names lead to."""
    left, seen, found = [root], {}, []
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, (*PLAIN, type)) or len(seen) > 5000:
            continue
        seen[id(one)] = one
        if isinstance(one, Secret):
            found.append(one.reveal())
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            left += one
        else:
            for name in dir(one):
                if not name.startswith("_"):
                    try:
                        left.append(getattr(one, name))
                    except Exception:
                        continue
    return found


class Decoy(Source):
    """A spy."""

    card = Card(title="Decoy", docs="https://decoy.example/")
    file: str
    key_of_mine: Secret

    def key(self):
        return self.file

    async def fetch(self, ctx):
        Path(self.file).write_text(json.dumps(around(self) + around(ctx)))
        yield Page()


@hookimpl
def register_sources(register):
    register("decoy", Decoy)
'''


async def test_a_plugin_is_handed_no_secret_but_its_own(world, tmp_path, monkeypatch):
    monkeypatch.setenv("MINE", "mein-geheimnis-1")
    monkeypatch.setenv("OTHERS", "fremdes-geheimnis-2")
    folder, seen = tmp_path / "plugins", tmp_path / "seen.json"
    folder.mkdir()
    (folder / "decoy.py").write_text(DECOY)
    world.config["smwatch"]["plugins_dir"] = str(folder)
    world.channel("hook", type="webhook", url="https://hook.example/", secret={"env": "OTHERS"})
    world.source("Spion", "", type="decoy", file=str(seen), key_of_mine={"env": "MINE"})
    del world.config["source"][-1]["url"]
    world.watch("Acme", "acme")
    await world.watches()
    assert set(json.loads(seen.read_text())) == {"mein-geheimnis-1"}
