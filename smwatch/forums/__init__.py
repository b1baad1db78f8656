"""Forums: which software runs one, and what its answers say, in one shape. Pure; all of it runs in the parse worker.

The readers return `{"items": […]}`, each item as `READ_FEED` has it and `kind`, `thread`, `parent`, `likes`, `replies`,
`views` (None where unknown); what they refuse is `{"refused": code, "detail": …}`, see `items.py`.
"""

LOOK_AT_FORUM = "smwatch.forums.look:look"  # a start page -> its software and feeds
READ_DISCOURSE = "smwatch.forums.discourse:read"  # /posts.json, /latest.json or /t/{id}.json
READ_NODEBB = "smwatch.forums.nodebb:read"  # /api/recent
READ_FLARUM = "smwatch.forums.flarum:read"  # /api/posts
READ_SELECTED = "smwatch.forums.selected:read"  # a page, by CSS selectors
