"""https://man7.org/linux/man-pages/man3/stdout.3.html: alerts and digests on the terminal, to try things out.

    [channels.terminal]
    type = "console"

It needs nothing and can neither edit nor thread. Foreign text arrives without control characters, so that no title
moves the cursor or changes colours.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from smwatch.plugin import Channel, ChannelError, Delivery, Receipt, Scope, hookimpl, plain_text, tame, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from smwatch.plugin import ChannelContext

RULE = "─" * 72


class ConsoleChannel(Channel):
    """`[channels.NAME] type = "console"`."""

    pace: ClassVar[timedelta] = timedelta(0)

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:  # noqa: ARG002 - the contract's shape
        """Print it under a rule."""
        lines = [tame(line) for line in plain_text(delivery.message).rstrip().split("\n")]
        try:
            sys.stdout.write("\n".join([RULE, *lines, "", ""]))
            sys.stdout.flush()
        except (OSError, ValueError):
            raise ChannelError(text("nobody reads the standard output any more"), scope=Scope.CHANNEL) from None
        return Receipt()


@hookimpl
def register_channels(register: Callable[[str, type[Channel]], None]) -> None:
    """The word behind `type =`."""
    register("console", ConsoleChannel)
