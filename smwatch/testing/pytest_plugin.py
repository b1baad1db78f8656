"""Fixtures for plugin authors: pytest finds them by itself once smwatch is installed."""
