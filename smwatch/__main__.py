"""`python -m smwatch`."""

from smwatch.cli import main

main()
