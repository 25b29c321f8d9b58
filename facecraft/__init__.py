"""Portrait photos in, restored portraits out."""

import os

# ONNX Runtime reports to its maker unless this is set before it is imported, by us or by insightface.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
