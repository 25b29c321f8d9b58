"""The GPU's memory."""

import torch


def reserved_bytes() -> int | None:
    """Bytes that torch holds on the GPU; None without a GPU."""
    return torch.cuda.memory_reserved() if torch.cuda.is_available() else None
