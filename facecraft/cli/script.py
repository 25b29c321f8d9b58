#!python
"""The program `facecraft`. The one that pip would write imports `re` first: a third of each healthcheck."""

import sys

from facecraft.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
