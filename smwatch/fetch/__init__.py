"""The one polite and safe way out, and the killable parse workers."""
