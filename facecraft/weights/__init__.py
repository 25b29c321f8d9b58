"""The model files: what models.lock says of them, where they come from, and whether they are what it says.

Standard library only, because an image's build runs it alone: `python -m facecraft.weights pull`.
"""
