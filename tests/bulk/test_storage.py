"""Folders by URL. Buckets are in test_s3.py."""

from pathlib import Path

import pytest

from facecraft.bulk.storage import ObjectMissing, Storage, StorageFailed, is_url, split_url
from facecraft.errors import InvalidOption


def test_objects_are_listed_read_and_written(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}/a folder/ü%20/")
    storage.write("sub/ph öto%41.jpg", b"pixels")
    assert (tmp_path / "a folder/ü%20/sub/ph öto%41.jpg").read_bytes() == b"pixels"
    ((found,),) = storage.pages()
    assert found.key == "sub/ph öto%41.jpg"
    assert storage.read(found.key) == b"pixels"
    assert [[each.key for each in page] for page in storage.pages("other")] in ([], [[]])
    storage.write(found.key, b"others")
    ((changed,),) = storage.pages()
    assert changed.stamp != found.stamp


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    with pytest.raises(ObjectMissing, match=r"There is no a\.jpg any more"):
        storage.read("a.jpg")
    (tmp_path / "b.jpg").mkdir()
    with pytest.raises(StorageFailed, match="cannot be written"):
        storage.write("b.jpg", b"")


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///x", "az://container", "file://", "file://data", "file:///proc/version/x"]
)
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidOption, match="is no place for photos"):
        Storage(url)


def test_one_storage_may_lie_in_another(tmp_path: Path) -> None:
    outer, inner, other = (Storage(f"file://{tmp_path}/{name}") for name in ("a", "a/b/c", "ab"))
    assert [each.within(outer) for each in (outer, inner, other)] == ["", "b/c", None]


def test_urls_are_told_from_paths() -> None:
    assert all(map(is_url, ("s3://a/b", "S3://a", "file:///a", "gs://a", "az://a")))
    assert not any(map(is_url, ("photos", "/s3://", "http://a", "C:\\a", "s3:/a", "./file://")))
    assert split_url("s3://a/b/c.csv") == ("s3://a/b", "c.csv")
