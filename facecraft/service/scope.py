"""What the connection and the routes tell each other in a request's state, by name."""

ABORT = "abort"
"""A function that drops the connection with all unsent data."""
READS_ON = "reads_on"
"""Set if the body is still read when a response without an error has started."""
