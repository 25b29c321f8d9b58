"""The files of the models: their entries in models.lock, their sources, and their verification.

It uses the standard library only, because the build of an image runs it alone:
`python -m facecraft.weights pull`.
"""
