"""The HTTP service: the only place that knows FastAPI."""
