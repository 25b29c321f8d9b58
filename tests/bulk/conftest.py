"""Buckets of a real S3 server, and folders, for runs with and without models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bulk import s3
from tests.bulk.buckets import Bucket
from tests.bulk.s3 import S3


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3.running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """A place of its own in a bucket of the server, whose address is in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Bucket(f"s3://tests/{request.node.name}")


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A folder."""
    return Bucket(f"file://{tmp_path}")
