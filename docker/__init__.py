"""Images: how they are built, and (in release) verified and published."""
