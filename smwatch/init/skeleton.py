"""`smwatch plugins new NAME`: a source in one file that works as it stands, to be changed from there."""

from __future__ import annotations

import keyword
import re
import stat
from typing import TYPE_CHECKING

from smwatch.errors import UserError, system_reason
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
SKELETON = '''\
"""https://{host}.example/api: say here what the source reads, and what it cannot see. This is its documentation page.

    [[source]]
    type = "{name}"
    server = "https://{host}.example"
"""

from __future__ import annotations

from datetime import datetime, timezone

from smwatch.plugin import Author, Broken, Card, Item, Page, Source, hookimpl, text

READ = f"{{__name__}}:read"


class {title}(Source):
    """The fields are the keys of the TOML file; `key` is what stays when the source gets another name."""

    card = Card(title="{words}", docs="https://{host}.example/api", author=True)

    server: str

    def key(self):
        return self.server.rstrip("/")

    async def fetch(self, ctx):
        """One walk over what is new. The core sends and keeps ETags, limits, waits and tries again."""
        answer = await ctx.http.get(f"{{self.key()}}/latest.json", conditional=True)
        if answer.unchanged:
            return
        posts = await ctx.parse(READ, answer.body, {{}})
        if not isinstance(posts, list):
            raise Broken(text("the server sends no list of posts"))
        yield Page(items=tuple(self.item(post) for post in posts))

    def item(self, post):
        """One post as an item: plain text, times in UTC, None for what the platform does not say."""
        moment = datetime.fromisoformat(post["date"]).astimezone(timezone.utc) if post["date"] else None
        return Item(
            id=post["id"],
            source=self.name,
            url=f"{{self.key()}}/posts/{{post['id']}}",
            title=post["title"],
            text=post["text"],
            author=Author(name=post["author"]) if post["author"] else None,
            published=moment,
        )


def read(body, options):
    """Runs in the parse worker, which may be killed: bytes in, plain JSON values out.

    Reads {{"posts": [{{"id", "title", "text", "author", "date"}}]}}; change it to what your platform sends.
    """
    import json

    wanted = ("title", "text", "author", "date")
    posts = json.loads(body)["posts"]
    return [{{"id": str(post["id"]), **{{key: str(post.get(key) or "") for key in wanted}}}} for post in posts]


@hookimpl
def register_sources(register):
    register("{name}", {title})
'''


def skeleton(name: str) -> str:
    """The text of the plugin `name`."""
    words = name.replace("_", " ").strip()
    title = "".join(part.capitalize() for part in words.split())
    return SKELETON.format(name=name, host=name.replace("_", "-").strip("-"), title=title, words=words.capitalize())


def write_skeleton(name: str, folder: Path, taken: Collection[str]) -> Path:
    """Write it into `folder` (made if it is not there) so that the loader takes it; raises UserError.

    `taken` are the names of plugins and types that exist.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UserError(text("{name} is no name for a plugin: small letters, digits and _, like acme_forum", name=name))
    if name in taken:
        raise UserError(text("there is a plugin called {name} already", name=name))
    path = folder / f"{name}.py"
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(skeleton(name))
        path.chmod(0o644)  # the loader refuses what others may write, whatever the umask allows
    except FileExistsError:
        raise UserError(text("{path} is there already", path=str(path))) from None
    except OSError as error:
        reason = system_reason(error)
        raise UserError(text("{file} cannot be written: {reason}", file=str(path), reason=reason)) from None
    return path


def is_open(folder: Path) -> bool:
    """Whether others may write into `folder`, so that the loader would refuse it."""
    return bool(folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))
