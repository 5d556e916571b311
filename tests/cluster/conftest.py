"""Fixtures of the suite: a real S3 server beside the tests."""

from tests.cluster.object_store import bucket, server, tiles  # noqa: F401
