"""Cards and posts on their way: claim a channel → look up → render → send → record.

A channel only says sent, surely not sent, or unsure; everything that follows from it is decided here. What has been
claimed is committed before the call, so that after a crash the channel is asked before anything is posted twice.
"""

from __future__ import annotations

from smwatch.deliver.desk import Rendered
from smwatch.deliver.sender import Sender

__all__ = ["Rendered", "Sender"]
