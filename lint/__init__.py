"""Checks that `make lint` and `make test` run and that no package has."""
