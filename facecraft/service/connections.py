"""The connections of a server, of which there is a limited number."""

from typing import Protocol

MAX_REFUSED = 64
"""Most connections that are refused in words at the same time. Any others are only ended."""


class Connection(Protocol):
    def abort(self) -> None:
        """End the connection at once."""


class Connections:
    """Who has a place. A connection that waits for a request gives way to a new one; so does an upload.

    So connections on which nothing is asked, or nothing comes, keep no client out, however many they are.
    The one goes first of which nothing has come for longest.

    Args:
        limit: number of places.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # the longest first
        self._refused: set[Connection] = set()

    def take(self, connection: Connection) -> bool:
        """Give the connection a place, if need be that of the one which has waited longest."""
        if len(self._taken) == self.limit:
            longest = next(iter(self._waiting), None)
            if longest is None:
                return False
            self.leave(longest)
            longest.abort()
        self._taken.add(connection)
        self._waiting[connection] = None
        return True

    def refuse(self, connection: Connection) -> bool:
        """Whether a connection without a place may be told so. It counts until it leaves."""
        if len(self._refused) == MAX_REFUSED:
            return False
        self._refused.add(connection)
        return True

    def upload(self, connection: Connection) -> None:
        """Offer the place to others, after all that wait already: a piece of a body has arrived."""
        self.work(connection)
        self.wait(connection)

    def work(self, connection: Connection) -> None:
        """Keep the place: a request has arrived."""
        self._waiting.pop(connection, None)

    def wait(self, connection: Connection) -> None:
        """Offer the place to others: the request is answered."""
        if connection in self._taken and connection not in self._waiting:
            self._waiting[connection] = None

    def leave(self, connection: Connection) -> None:
        self._taken.discard(connection)
        self.work(connection)
        self._refused.discard(connection)
