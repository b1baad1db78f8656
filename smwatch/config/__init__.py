"""TOML to a frozen model: every mistake at once, with file, line and column; secrets; the last good copy."""
