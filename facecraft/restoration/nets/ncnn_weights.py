"""Load the weights of a stack of convolutions from ncnn's `.bin` file.

Source: ncnn's `modelbin.cpp`. The file has no names or shapes, only the data of each layer in order of
execution. A convolution with fp16 weights has a tag, the weights, zeros up to a multiple of four bytes, and
the bias in fp32.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from facecraft.errors import LockInvalid

FP16_TAG = 0x01306B47


def load_convolutions(net: nn.Module, path: Path) -> None:
    """Load the weights of every `nn.Conv2d` of `net`, in order of declaration; also on the meta device.

    Raises:
        LockInvalid: the file does not hold exactly the weights of these convolutions.
    """
    data = path.read_bytes()
    offset = 0
    for name, conv in net.named_modules():
        if not isinstance(conv, nn.Conv2d) or conv.bias is None:
            continue
        count = conv.weight.numel()
        bias_at = offset + 4 + (2 * count + 3) // 4 * 4
        end = bias_at + 4 * conv.bias.numel()
        if end > len(data) or int.from_bytes(data[offset : offset + 4], "little") != FP16_TAG:
            raise LockInvalid(f"{path.name} does not hold the convolution {name} at byte {offset}.")
        weight = np.frombuffer(data, "<f2", count, offset + 4).astype(np.float32)
        bias = np.frombuffer(data, "<f4", conv.bias.numel(), bias_at).copy()
        conv.weight = nn.Parameter(torch.from_numpy(weight).view(conv.weight.shape))
        conv.bias = nn.Parameter(torch.from_numpy(bias))
        offset = end
    if offset != len(data):
        raise LockInvalid(f"{path.name} has {len(data) - offset} bytes more than its network needs.")
