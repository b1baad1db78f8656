"""Slack's side of things that takes more than a plugin's one file: its words, its API, its socket, its clicks."""
