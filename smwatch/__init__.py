"""smwatch watches what is said in public about brands and topics, and tells a PR team.

The way of one item is six verbs: fetch, keep, match, gather, route, deliver (see `pipeline.py`).
"""

__version__ = "0.1.0"
