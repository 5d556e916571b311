"""Paths and URLs are joined without leaving their place."""

from pathlib import Path

import pytest

from tiles2zarr import filesystem_for_url, join_url_paths, local_url_to_path
from tiles2zarr.errors import StoreError

JOINED = [
    (("/out", "P1.zarr", "A/01/0"), "/out/P1.zarr/A/01/0"),
    (("/out/", "/P1.zarr/"), "/out/P1.zarr"),
    (("out", "..", "x"), "x"),
    (("/",), "/"),
    (("/", "a"), "/a"),
    ((".", "a"), "a"),
    (("s3://bucket/p", "a", "./b"), "s3://bucket/p/a/b"),
    (("s3://bucket/p", "..", "b"), "s3://bucket/b"),
    (("file:///out", "b"), "file:///out/b"),
]


@pytest.mark.parametrize(("parts", "joined"), JOINED, ids=[str(x[0]) for x in JOINED])
def test_parts_are_joined(parts: tuple[str, ...], joined: str) -> None:
    """Slashes and dots are resolved, the protocol stays."""
    assert join_url_paths(*parts) == joined


def test_a_bucket_cannot_be_left() -> None:
    """Dots that lead out of the bucket are an error."""
    with pytest.raises(StoreError, match=r"leads out of s3://bucket"):
        join_url_paths("s3://bucket", "..", "other")


def test_local_urls_are_paths() -> None:
    """A path and its file URL are the same absolute path; other URLs are none."""
    assert local_url_to_path("file:///data/x") == Path("/data/x")
    assert local_url_to_path("x") == Path.cwd() / "x"
    assert local_url_to_path("~/x") == Path.home() / "x"
    with pytest.raises(StoreError, match="is not local"):
        local_url_to_path("s3://bucket/x")


def test_file_systems_go_by_protocol() -> None:
    """A path has the local file system, an unknown protocol none."""
    assert "file" in filesystem_for_url("/tmp").protocol
    assert filesystem_for_url("memory://x").protocol == "memory"
    with pytest.raises(StoreError, match="cannot be reached"):
        filesystem_for_url("nosuch://x")
