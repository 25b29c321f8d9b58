from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from facecraft.errors import DeviceUnavailable
from facecraft.runtime.onnx import check_providers, make_session
from tests.devices import CPU, CUDA


def doubling() -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubling", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_a_session_runs_a_file_and_its_content(tmp_path: Path) -> None:
    onnx.save(doubling(), tmp_path / "doubling.onnx")
    for model in (tmp_path / "doubling.onnx", doubling().SerializeToString()):
        session = make_session(model, CPU)
        assert session.get_session_options().intra_op_num_threads == CPU.threads
        (y,) = session.run(None, {"x": np.ones(3, np.float32)})
        assert y.tolist() == [2, 2, 2]


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_a_device_that_onnx_runtime_cannot_use_is_refused() -> None:
    import onnxruntime  # noqa: PLC0415

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        assert make_session(doubling().SerializeToString(), CUDA).get_providers()[0] == CUDA.onnx_providers[0]
        return
    with pytest.raises(DeviceUnavailable, match="no CUDAExecutionProvider here"):
        make_session(doubling().SerializeToString(), CUDA)


def test_a_session_that_fell_back_to_the_cpu_is_refused() -> None:
    with pytest.raises(DeviceUnavailable, match="it chose CPUExecutionProvider"):
        check_providers(["CPUExecutionProvider"], CUDA.onnx_providers)
