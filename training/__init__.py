"""How the cleaner was made: data, degradations, network, losses, training, evaluation, export."""
