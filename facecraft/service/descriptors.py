"""File descriptors, of which each connection needs one."""

import asyncio
import errno
import logging
import resource
import sys
from typing import Any

RESERVED = 100
"""For everything that is no connection: models, the log, and connections that are being refused."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
GONE = frozenset({errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE})
RETRY = "_start_serving"
"""What asyncio calls a second after it could not accept a connection, also if the port is closed by then."""

logger = logging.getLogger(__name__)


def raise_limit() -> int:
    """Raise this process's limit of open files as far as it may, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # not every system allows what it promises
        hard = soft
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def connections_within(limit: int, wanted: int) -> int:
    """The most connections, as wanted or as there are descriptors for. Said in the log if it is fewer."""
    possible = limit - min(RESERVED, limit // 2)
    if possible < wanted:
        logger.warning(
            "At most %d connections, not %d: the process may open only %d files.", possible, wanted, limit
        )
    return min(possible, wanted)


def log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error outside of any request: in one line if the system or a client is the reason."""
    error = context.get("exception")
    code = error.errno if isinstance(error, OSError) else None
    if code in EXHAUSTED:
        logger.warning("No new connection can be accepted: %s.", error.strerror if error else "")
    elif code in GONE:
        logger.debug("A client left: %s.", error)
    elif isinstance(error, ValueError) and RETRY in context["message"]:
        logger.debug("The port is closed: %s.", error)
    else:
        loop.default_exception_handler(context)
