"""Addresses of pages: which two of them lead to one page, and what of them only says where a reader came from (pure).

What is known about parameters and sites is data: `links.toml` beside this file.
"""

from __future__ import annotations

from smwatch.links.canonical import canonical_link, clean_link, unwrapped

__all__ = ["canonical_link", "clean_link", "unwrapped"]
