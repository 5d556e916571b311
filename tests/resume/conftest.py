"""What the tests under strace share."""

from collections.abc import Iterator

import pytest

from tests.resume.traced import Steps, need_strace


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steps]:
    """Return what runs steps."""
    need_strace()
    steps = Steps(tmp_path_factory.mktemp("steps") / "log")
    yield steps
    steps.close()
