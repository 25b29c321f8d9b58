import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from facecraft.errors import DeviceUnavailable
from facecraft.runtime import openvino
from facecraft.runtime.device import computes_bfloat16
from facecraft.runtime.openvino import make_request
from tests.devices import CPU, CUDA

WEIGHTS = {"w": np.array([2, 3], np.float32)}


def scaling() -> bytes:
    """Multiplies rows of two numbers by the weight `w`, whose data is not in it."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "scaling", [x], [y])
    weight = graph.initializer.add()
    weight.name, weight.data_type = "w", TensorProto.FLOAT
    weight.dims.append(2)
    weight.data_location = TensorProto.EXTERNAL
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("bfloat16", [True, False])
def test_a_request_runs_a_graph_with_its_weights_for_any_length(*, bfloat16: bool) -> None:
    request = make_request(scaling(), WEIGHTS, CPU, bfloat16=bfloat16)
    for rows in (1, 3):
        (y,) = request.infer([np.ones((rows, 2), np.float32)]).to_tuple()
        assert y.dtype == np.float32
        assert y.tolist() == [[2, 3]] * rows


def test_a_request_has_the_threads_and_the_type_that_are_wanted() -> None:
    for bfloat16 in (True, False):
        model = make_request(scaling(), WEIGHTS, CPU, bfloat16=bfloat16).get_compiled_model()
        assert model.get_property("INFERENCE_NUM_THREADS") == CPU.threads
        short = model.get_property("INFERENCE_PRECISION_HINT").get_type_name() == "bf16"
        assert short == (bfloat16 and computes_bfloat16())


def test_a_device_that_is_no_cpu_is_refused() -> None:
    with pytest.raises(DeviceUnavailable, match="the device is cuda"):
        make_request(scaling(), WEIGHTS, CUDA, bfloat16=False)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DeviceUnavailable, match="openvino") as caught:
        make_request(scaling(), WEIGHTS, CPU, bfloat16=False)
    assert "FACECRAFT_ENGINE=auto" in caught.value.hint


def test_openvino_does_not_report_to_its_maker(tmp_path: Path) -> None:
    """Its own package imports openvino_telemetry, which sends an event, where that is installed."""
    (tmp_path / "openvino_telemetry").mkdir()
    (tmp_path / "openvino_telemetry" / "__init__.py").write_text("raise SystemExit('it reports')\n")
    code = f"""
import sys
from tests.runtime.test_openvino import CPU, WEIGHTS, make_request, scaling
make_request(scaling(), WEIGHTS, CPU, bfloat16=False)
print({openvino.CONVERTER!r} in sys.modules)
"""
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


def test_threads_that_import_it_first_get_it_whole() -> None:
    code = """
from threading import Thread
from facecraft.runtime.openvino import _imported
found = []
threads = [Thread(target=lambda: found.append(_imported().Core)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), len(set(found)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("4 1\n", "")
