"""The HTTP service. Nothing else in the package imports FastAPI."""
