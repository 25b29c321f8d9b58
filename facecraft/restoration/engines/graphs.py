"""ONNX graphs of our own networks, exported once.

A graph has no weights: an engine gets them from the verified file. So a graph has only a few hundred
kilobytes and fits any weights of its architecture. Its name has a hash of the networks' source, of the
exporter's and of torch's version.
"""

import hashlib
import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import onnx

from facecraft.files import write_whole
from facecraft.restoration import nets
from facecraft.restoration.network import Network

logger = logging.getLogger(__name__)


def graph_of(network: Network, folder: Path) -> bytes:
    """Read the network's graph from a folder; if it is missing, export and save it.

    Args:
        network: one of ours.
        folder: it may be missing. If it cannot be written, a warning is logged.
    """
    path = folder / f"{network.name}-{source_key()}.onnx"
    if path.is_file():
        return path.read_bytes()
    from facecraft.restoration.engines.export import export  # noqa: PLC0415  # torch takes a second

    graph = export(network.blank(), network.inputs(), network.free_axes())
    try:
        write_whole(path, graph)
    except OSError as error:  # a read-only or full disk: the next start exports again, which takes seconds
        logger.warning("The graph of %s cannot be saved in %s: %s.", network.name, folder, error)
    return graph


@cache
def source_key() -> str:
    """Hash everything that can change a graph."""
    digest = hashlib.sha256(version("torch").encode())
    room = Path(__file__).parent.parent
    sources = (Path(__file__).with_name("export.py"), room / "network.py", room / "signature.py")
    for source in (*sources, *sorted(Path(nets.__path__[0]).glob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def weights_of(graph: bytes) -> Mapping[str, tuple[int, ...]]:
    """List the shapes of a graph's weights, by name, in the order of the network's declaration."""
    return {tensor.name: tuple(tensor.dims) for tensor in onnx.load_from_string(graph).graph.initializer}
