"""Web pages and sitemaps: their text, what they say of themselves, what changed. Pure; the worker reads the bytes."""

READ_PAGE = "smwatch.pages.page:read"  # a page -> title, text, sentences, dates, author, links
READ_SITEMAP = "smwatch.pages.sitemap:read"  # a sitemap, an index of them, a list of addresses -> entries
