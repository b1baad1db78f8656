"""Web pages: their text, what they say about themselves, what changed. Pure; markup is read in the parse worker."""
