"""Keys inside a source's own tables mean what the source says, not what the same word means at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli_world import World

INBOUND = """
[[source]]
type = "inbound"
name = "kurier"
secret = { env = "KURIER" }
map = { id = "id", title = "title", text = "text", url = "url", lang = "language" }
"""


def test_a_path_called_url_is_no_address(world: World) -> None:
    path = world.configure()
    content = path.read_text(encoding="utf-8").replace('listen = ""', 'listen = "127.0.0.1:8787"')
    path.write_text(content + INBOUND, encoding="utf-8")
    done = world.run("check", "--json")
    assert [one["message"] for one in done.json["problems"]] == []
