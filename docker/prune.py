"""Remove everything from a virtual environment that the service never imports, and print the sizes.

An image's build runs it: `prune.py SITE_PACKAGES`. Two steps prove that the rest is enough: the last step of
the build, which imports every module of Facecraft and runs every model, and `make verify-image`.
"""

import shutil
import sys
from pathlib import Path

# Patterns inside site-packages, with the reason why nothing needs them.
UNUSED = {
    # Only building and installing packages needs these.
    "pip*": "installs packages",
    "setuptools*": "builds packages; torch imports it only to compile extensions",
    "_distutils_hack": "setuptools",
    "distutils-precedence.pth": "setuptools",
    "hatchling*": "builds packages",
    "editables*": "builds packages",
    "trove_classifiers*": "builds packages",
    "pathspec*": "builds packages",
    "pluggy*": "builds packages",
    # torch
    "torch/include": "C++ headers",
    "torch/share": "CMake files",
    "torch/test": "tests",
    "torch/**/tests": "tests",
    "torch/bin/protoc*": "compiles protocol buffers",
    "torch/bin/test_*": "tests",
    "torch/bin/upgrader_models": "tests",
    "torch/bin/*Test*": "tests",
    "torch/bin/*.pt*": "tests",
    "torch/lib/*_test.so": "tests",
    "torch/lib/libbackend_with_compiler.so": "a test",
    "torch/lib/libaoti_custom_ops.so": "a test",
    "torch/_inductor": "torch.compile, which is not used",
    "sympy*": "torch.compile and torch.export",
    "isympy.py": "sympy",
    "mpmath*": "sympy",
    "networkx*": "torch.compile; skimage.graph, which is not used",
    # ai-edge-litert only runs models on the CPU here.
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "WebGPU",
    "ai_edge_litert/tools": "converts models",
    "ai_edge_litert/vendors": "accelerators of phones",
    # openvino runs ONNX graphs on the CPU here.
    "openvino/tools": "converts models, and reports each import to its maker",
    "openvino/include": "C++ headers",
    "openvino/cmake": "CMake files",
    "openvino/**/*.pyi": "types of the functions, for editors",
    "openvino/torch": "torch.compile, which is not used",
    "openvino/frontend/*/": "extensions that convert models",
    "openvino/libs/cache.json": "tuning of GPUs",
    "openvino/libs/libopenvino_[!i]*_plugin.so": "devices made of other devices",
    "openvino/libs/libopenvino_intel_[gn]pu_plugin.so": "GPUs and NPUs",
    "openvino/libs/libopenvino_[!o]*_frontend.so*": "other formats than ONNX",
    "openvino/libs/libopenvino_c.so*": "the C interface",
    "openvino/libs/tbb.pc": "builds C++ programs",
    "openvino/libs/libtbbmalloc_proxy.so*": "replaces malloc",
    # The rest
    "onnx/backend/test": "tests",
    "onnxruntime/transformers": "optimises graphs before they are shipped",
    "onnxruntime/quantization": "quantises graphs before they are shipped",
    "onnxruntime/tools": "converts models",
    "insightface/data/images": "sample pictures",
    "insightface/gui": "a desktop program",
    "skimage/data": "sample pictures",
    "numpy/**/tests": "tests",
    "scipy/**/tests": "tests",
    "numpy/_core/include": "C headers",
    "**/*.h": "C headers",
    "**/*.hpp": "C++ headers",
    "**/*.a": "static libraries",
    # Only the GPU image has these.
    "nvidia/**/include": "C++ headers",
    "**/*.cuh": "CUDA headers",
    "nvidia/cu13/bin": "compilers",
    "nvidia/cu13/nvvm": "compilers",
}


def prune(site_packages: Path) -> dict[str, int]:
    """Remove all matches of `UNUSED`. Return the number of removed bytes by pattern."""
    removed = {}
    for pattern in UNUSED:
        found = sorted(site_packages.glob(pattern))
        removed[pattern] = sum(_bytes(path) for path in found)
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.exists():  # a match inside another one is already gone
                path.unlink()
    return removed


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


if __name__ == "__main__":
    sizes = prune(Path(sys.argv[1]))
    for pattern, size_bytes in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{size_bytes / 1e6:8.1f} MB  {pattern}  ({UNUSED[pattern]})")
    print(f"{sum(sizes.values()) / 1e6:8.1f} MB  removed")
