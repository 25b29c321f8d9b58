"""`facecraft export`: export the graphs of all networks."""


def export() -> int:
    """Export the graphs of all networks for openvino and onnxruntime, into FACECRAFT_GRAPHS_DIR."""
    from facecraft import catalogue  # noqa: PLC0415
    from facecraft.restoration.engines.graphs import graph_of  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    folder = Settings.load().graphs_dir
    for model in catalogue.IMAGE_MODELS:
        if (network := model.network) is not None:
            print(f"{model.name}: {len(graph_of(network, folder))} bytes in {folder}")
    return 0
