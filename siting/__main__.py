"""``python -m siting`` is the command line."""

from siting.cli import main

main()
