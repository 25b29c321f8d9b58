"""The one builder of ONNX Runtime sessions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from facecraft.errors import DeviceUnavailable
from facecraft.runtime.device import Device

# Without TF32, so that a GPU computes the same numbers as a CPU.
PROVIDER_OPTIONS = {"CUDAExecutionProvider": {"use_tf32": "0"}}


def make_session(
    model: Path | bytes,
    device: Device,
    *,
    weights: Mapping[str, NDArray[Any]] | None = None,
    plan_memory: bool = True,
) -> ort.InferenceSession:
    """Make a session that runs on the device.

    Args:
        model: an ONNX file, or its content.
        device: where it runs, and with how many threads.
        weights: arrays for the initializers whose data is not in the model, by name.
        plan_memory: whether memory is laid out once for each shape of the inputs. It is kept beside what the
            first run allocated.

    Raises:
        DeviceUnavailable: ONNX Runtime cannot use the device.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = device.threads
    options.enable_mem_pattern = plan_memory
    if weights is not None:
        values = [ort.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    providers = [(name, PROVIDER_OPTIONS.get(name, {})) for name in device.onnx_providers]
    session = ort.InferenceSession(model, options, providers=providers)
    check_providers(session.get_providers(), device.onnx_providers)
    return session


def check_providers(used: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a session that fell back from the first provider wanted to another one without a word.

    Raises:
        DeviceUnavailable: it did.
    """
    if used[0] != wanted[0]:
        raise DeviceUnavailable(f"ONNX Runtime has no {wanted[0]} here; it chose {used[0]}.")
