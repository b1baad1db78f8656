"""The built-in plugins: one file, one plugin; see `smwatch.plugin` for what they may use."""
