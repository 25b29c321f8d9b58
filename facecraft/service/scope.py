"""What the connection and the routes tell each other in a request's state, by name."""

OUTFLOW = "outflow"
"""The connection's Outflow."""
READS_ON = "reads_on"
"""Set if the body is still read when a response without an error has started."""
