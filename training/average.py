"""Average the weights of two networks of the same shape.

    python -m training.average BRANCH before.safetensors averaged.safetensors --share 0.8

The share is that of the first one. Each may be safetensors, a checkpoint, or a run.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from facecraft.restoration.nets.cleaner import Cleaner
from training import weights


def average(first: Cleaner, second: Cleaner, share: float) -> Cleaner:
    """The network with `share` of the first one's weights, 0 to 1, and the rest of the second one's."""
    net, other = Cleaner(first.shape), second.state_dict()
    net.load_state_dict({name: other[name].lerp(value, share) for name, value in first.state_dict().items()})
    return net


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("training.average", description="Average two networks.")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.8)
    options = parser.parse_args(arguments)
    first, second = weights.load(options.first), weights.load(options.second)
    weights.save(average(first, second, options.share), options.out)


if __name__ == "__main__":
    main()
