"""Our networks, and some with random weights in which signals neither vanish nor grow."""

from collections.abc import Callable
from contextlib import suppress

import pytest
import torch
from torch import Tensor, nn

from facecraft import catalogue
from facecraft.restoration.nets.codeformer import CodeFormer
from facecraft.restoration.nets.gfpgan import GFPGAN
from facecraft.restoration.nets.rrdbnet import RRDBNet

NETWORKS = {model.name: model.network for model in catalogue.IMAGE_MODELS if model.network is not None}


def random_weights(net: nn.Module) -> nn.Module:
    """Draw weights anew in each run, for every tensor, also those that torch leaves at zero or one."""
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if tensor.dim() < 2 or (tensor.shape[0] == 1 and "conv.weight" not in name):
                tensor.add_(torch.randn_like(tensor), alpha=0.1)
    return net.eval().requires_grad_(requires_grad=False)


class StopForward(Exception):
    """The codes are known; the rest of the network, which draws the picture, need not run."""


def decisive(codeformer: nn.Module, samples: int) -> tuple[Tensor, Tensor]:
    """Draw pictures and fidelities for which the two best codes are never nearly equal.

    Otherwise rounding decides between them, and engines give different pictures.
    """
    margins: list[float] = []

    def measure(_net: nn.Module, _args: object, logits: Tensor) -> None:
        best = logits.topk(2, dim=2).values
        margins.append(float((best[..., 0] - best[..., 1]).min() / logits.std()))

        raise StopForward

    hook = codeformer.idx_pred_layer.register_forward_hook(measure)  # type: ignore[union-attr]
    while True:
        x = torch.rand(samples, 3, 512, 512) * 2 - 1
        with suppress(StopForward):
            codeformer(x, torch.zeros(samples))
        if margins[-1] > 1e-4:
            hook.remove()
            return x, torch.rand(samples)


@pytest.fixture(scope="session")
def gfpgan() -> nn.Module:
    return random_weights(GFPGAN())


@pytest.fixture(scope="session")
def codeformer() -> nn.Module:
    net = random_weights(CodeFormer())
    net.position_emb.normal_()  # type: ignore[operator]
    return net


@pytest.fixture(scope="session")
def rrdbnet() -> nn.Module:
    return random_weights(RRDBNet())


@pytest.fixture(scope="session")
def network_of(gfpgan: nn.Module, codeformer: nn.Module, rrdbnet: nn.Module) -> Callable[[str], nn.Module]:
    nets = {"gfpgan-1.4": gfpgan, "codeformer": codeformer, "realesrgan-x4plus": rrdbnet}
    return nets.__getitem__
