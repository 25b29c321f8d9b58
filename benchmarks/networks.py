"""Our networks, by name of the model."""

from facecraft import catalogue
from facecraft.restoration.network import Network


def network_of(name: str) -> Network:
    """Look up one of our networks in the catalogue."""
    (model,) = (model for model in catalogue.IMAGE_MODELS if model.name == name)
    assert model.network is not None
    return model.network
