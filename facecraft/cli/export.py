"""`facecraft export`: the graphs that ONNX Runtime runs."""


def export() -> int:
    """Export the graphs of all networks for onnxruntime, into FACECRAFT_GRAPHS_DIR."""
    from facecraft.restoration.engines.graphs import graph_of  # noqa: PLC0415  # torch takes seconds
    from facecraft.restoration.networks import NETWORKS  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    folder = Settings.load().graphs_dir
    for name, network in NETWORKS.items():
        print(f"{name}: {len(graph_of(name, network, folder))} bytes in {folder}")
    return 0
