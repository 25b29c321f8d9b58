"""Devices for tests."""

from facecraft.runtime.device import Device

CPU = Device("cpu", "cpu, 2 threads", 2, ("CPUExecutionProvider",))
CUDA = Device("cuda", "a GPU", 2, ("CUDAExecutionProvider", "CPUExecutionProvider"))
