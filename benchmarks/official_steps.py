"""The official GFPGAN steps, timed: facexlib's detection and parsing, gfpgan's network.

All networks have random weights, because no package index has the published ones. The rest is the packages'
own code.
"""

import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from facecraft.pipeline.timings import Timings
from facecraft.types import RGBImage

# Where GFPGANer looks for weights before it downloads them, below the current folder.
DETECTION_FILE = Path("gfpgan/weights/detection_Resnet50_Final.pth")
PARSING_FILE = Path("gfpgan/weights/parsing_parsenet.pth")
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class OfficialRun:
    """What the official steps made of a photo.

    Attributes:
        timings_ms: milliseconds by stage.
        aligned: (512, 512, 3) uint8, the face that went into the network.
        restored: the same, as it came out.
    """

    timings_ms: dict[str, float]
    aligned: RGBImage
    restored: RGBImage


class OfficialSteps:
    """GFPGANer of the package gfpgan, on the CPU.

    Args:
        folder: that `write_weights` filled.
        checkpoint: the file that it wrote.
        detections: (N, 15) float32, one row for each face: x1 y1 x2 y2, score, x y of five landmarks. The
            detector runs, but as its weights are random, these take the place of its result.
        quality: of the JPEG.
    """

    def __init__(self, folder: Path, checkpoint: Path, detections: NDArray[np.float32], quality: int) -> None:
        from gfpgan.utils import GFPGANer  # noqa: PLC0415  # after `import_torchvision`

        with chdir(folder):
            self._restorer = GFPGANer(str(checkpoint), upscale=1, arch="clean", device=CPU)
        self._quality = quality
        self._timings = Timings()
        helper = self._restorer.face_helper
        detect = helper.face_det.detect_faces

        def detect_faces(*arguments: Any) -> NDArray[np.float32]:
            detect(*arguments)
            return detections

        helper.face_det.detect_faces = detect_faces
        for owner, name, stage in (
            (helper, "get_face_landmarks_5", "detect"),
            (helper, "align_warp_face", "align"),
            (self._restorer, "gfpgan", "restore"),
            (helper, "face_parse", "parse"),
            (helper, "paste_faces_to_input_image", "paste"),
        ):
            setattr(owner, name, self._timed(getattr(owner, name), stage))

    def run(self, jpeg: bytes) -> OfficialRun:
        """Restore a photo, from one JPEG to another."""
        self._timings = timings = Timings()
        with timings.stage("decode"):
            photo_bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        with timings.stage("restore"):  # what no other stage counts: tensors from pixels and back
            aligned, restored, portrait_bgr = self._restorer.enhance(photo_bgr, paste_back=True)
        with timings.stage("encode"):
            cv2.imencode(".jpg", portrait_bgr, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        return OfficialRun(timings.ms, aligned[0][..., ::-1], restored[0][..., ::-1])

    def _timed(self, function: Any, stage: str) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            with self._timings.stage(stage):
                return function(*arguments, **named)

        return timed


def import_torchvision() -> None:
    """Import torchvision, also where its compiled operators do not fit the installed torch.

    The wheels of the package index fit the CUDA build of torch. Beside its CPU build torchvision's Python
    code works, once the two operators that it registers exist; the official steps call only `nms`. BasicSR
    asks for a module by its name of before torchvision 0.17.
    """
    try:
        import torchvision  # noqa: PLC0415  # not a dependency
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            signature = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(signature)  # type: ignore[no-untyped-call]
        import torchvision  # noqa: PLC0415

        torchvision.ops.nms = _nms
    from torchvision.transforms import _functional_tensor  # noqa: PLC0415

    sys.modules["torchvision.transforms.functional_tensor"] = _functional_tensor


def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:  # noqa: ARG001
    """Choose among no boxes. More are never left, see `write_weights`."""
    assert not len(boxes)
    return torch.zeros(0, dtype=torch.int64)


def write_weights(folder: Path, checkpoint: Path) -> None:
    """Write random weights for all networks.

    Args:
        folder: gets those of detection and parsing.
        checkpoint: the file for GFPGAN's, in the published format.
    """
    from facexlib.detection.retinaface import RetinaFace  # noqa: PLC0415  # after `import_torchvision`
    from facexlib.parsing.parsenet import ParseNet  # noqa: PLC0415
    from gfpgan.archs.gfpganv1_clean_arch import GFPGANv1Clean  # noqa: PLC0415

    torch.manual_seed(0)
    detector = RetinaFace(network_name="resnet50", device=CPU)
    for layer in detector.ClassHead.parameters():
        torch.nn.init.zeros_(layer)  # every score is a half, under the threshold of 0.97
    network = GFPGANv1Clean(
        out_size=512, channel_multiplier=2, input_is_latent=True, different_w=True, sft_half=True
    )
    (folder / DETECTION_FILE).parent.mkdir(parents=True)
    torch.save(detector.state_dict(), folder / DETECTION_FILE)
    torch.save(ParseNet(in_size=512, out_size=512, parsing_ch=19).state_dict(), folder / PARSING_FILE)
    torch.save({"params_ema": network.state_dict()}, checkpoint)
