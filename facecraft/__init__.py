"""Portrait photos in, restored portraits out."""

__version__ = "0.1.0"
