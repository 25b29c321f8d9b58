"""Verify, publish and try images, for the Makefile.

It needs only the standard library and the `docker` command; the SBOM also needs cyclonedx-bom.
"""
