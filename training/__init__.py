"""Train the cleaner: data, degradations, network, losses, training, evaluation, export."""
