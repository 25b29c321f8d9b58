"""`python -m facecraft` is the command `facecraft`."""

import sys

from facecraft.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
