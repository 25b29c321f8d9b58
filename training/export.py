"""Export a run's weights: as float16 safetensors, and as an ONNX graph for any size.

    python -m training.export RUN cleaner.safetensors cleaner.onnx

The ONNX graph's input is `photo`, RGB float32 N3HW in 0..1, with sides in multiples of 16. Its output is
`cleaned`, of the same shape and type, not clipped.
"""

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from facecraft.restoration.nets.cleaner import Cleaner
from training import weights

_OPSET = 17


def to_onnx(net: Cleaner, path: Path) -> None:
    """Write a float32 graph, with weights rounded to float16 as in the safetensors."""
    rounded = Cleaner(net.shape).eval()
    rounded.load_state_dict({name: value.half().float() for name, value in net.state_dict().items()})
    side = 4 * net.shape.multiple
    free = {0: "count", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The newer exporter needs onnxscript.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            rounded,
            (torch.rand(1, 3, side, side),),
            path,
            dynamo=False,
            opset_version=_OPSET,
            input_names=["photo"],
            output_names=["cleaned"],
            dynamic_axes={"photo": free, "cleaned": free},
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("training.export", description="Export weights.")
    parser.add_argument("weights", type=Path, help="a run's folder, a checkpoint or exported .safetensors")
    parser.add_argument("out", type=Path, nargs="+", help="files ending in .safetensors or .onnx")
    options = parser.parse_args(arguments)
    writers = {".safetensors": weights.save, ".onnx": to_onnx}
    if unknown := [path for path in options.out if path.suffix not in writers]:
        parser.error(f"neither .safetensors nor .onnx: {unknown[0]}")
    net = weights.load(options.weights).eval()
    for path in options.out:
        writers[path.suffix](net, path)


if __name__ == "__main__":
    main()
