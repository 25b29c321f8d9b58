"""What the Makefile does with images: verify, publish, try as a user does.

Standard library and the `docker` command only; the SBOM needs cyclonedx-bom as well.
"""
