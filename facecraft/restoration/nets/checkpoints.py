"""Load published weights."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn

from facecraft.errors import LockInvalid

KEY = "params_ema"  # the averaged weights in a checkpoint of BasicSR


def load_checkpoint(net: nn.Module, path: Path) -> None:
    """Load a BasicSR checkpoint into `net`, which may be on the meta device, without a copy.

    Only tensors are read. A pickle with anything else is refused.

    Raises:
        LockInvalid: the file does not hold exactly the weights of `net`.
    """
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)[KEY]
        net.load_state_dict(weights, strict=True, assign=True)
    except (UnpicklingError, KeyError, TypeError, RuntimeError) as error:
        raise LockInvalid(
            f"{path.name} does not hold the weights of {type(net).__name__}: {error}"
        ) from error
