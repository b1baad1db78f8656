"""Feeds: RSS, RDF, Atom, JSON Feed and OPML, read into one shape. Pure; the heavy readers run in the parse worker."""

READ_FRAGMENTS = "smwatch.feeds.fragments:read_fragments"  # (JSON list of markup, {}) -> [{text, links}]
READ_FEED = "smwatch.feeds.reader:read_feed"  # (bytes, options) -> plain JSON values; see there
READ_MAPPED = "smwatch.feeds.mapping:read_mapped"  # anybody's JSON by a mapping
READ_EXTRAS = "smwatch.feeds.extras:read_extras"  # a feed with what stands beside its entries
READ_TRANSCRIPT = "smwatch.feeds.transcripts:read_transcript"  # the words of an episode
