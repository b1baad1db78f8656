"""`smwatch init`: from a brand's name to a configuration that runs.

`brand` makes the query and says what is ambiguous, `feeds` finds what a site offers to read (`pages` looks into its
pages, in the parse worker), `plan` writes the file's text, `place` puts it where it belongs, `skeleton` writes the
first file of a plugin. The questions are asked by the command line.
"""
