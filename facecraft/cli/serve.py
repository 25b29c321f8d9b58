"""`facecraft serve`: start the HTTP service."""

import signal
import sys

from facecraft.cli.load import lock_of


def serve() -> int:
    """Answer HTTP requests until SIGTERM or Ctrl-C. The settings are FACECRAFT_* variables."""
    # The first process of a container ignores signals without a handler. The server sets its handlers only
    # after its imports.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from facecraft.service import server  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    return server.serve(settings, lock_of(settings))
