"""`facecraft serve`: the HTTP service."""

import signal
import sys

from facecraft.cli.load import lock_of


def serve() -> int:
    """Answer HTTP requests until SIGTERM or Ctrl-C; FACECRAFT_* variables are its settings."""
    # The first process of a container ignores signals that it has no handler for; the server sets its own
    # only after its imports.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from facecraft.service import server  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    return server.serve(settings, lock_of(settings))
