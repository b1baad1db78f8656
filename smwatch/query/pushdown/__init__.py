"""Pushdown: from a query to a platform's own search strings, so that little is fetched that does not match.

The strings are the *narrowest superset* that the platform's search allows: whatever the query matches among the items
of that platform, one of the strings finds it; what they find too much is sorted out here, where every item is matched
again. What a platform cannot be asked for is named, never silently left out. Pure.
"""

from __future__ import annotations

from smwatch.query.pushdown.platforms import PLATFORMS
from smwatch.query.pushdown.push import Pushed, pushdown

__all__ = ["PLATFORMS", "Pushed", "pushdown"]
