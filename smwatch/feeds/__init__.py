"""Feeds to plain items: every format, one normaliser of identity (pure)."""
