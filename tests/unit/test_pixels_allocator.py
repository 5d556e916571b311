"""The allocator's settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[2] / "workflow"
CODE = """
import resource, sys
import numpy as np
from tiles2zarr.pixels.allocator import tune_allocator
if sys.argv[1] == "tuned":
    assert tune_allocator()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**20)
before = faults()
for _ in range(50):
    np.ones(2**20)  # 8 MiB, 2048 pages
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_buffers_are_used_again() -> None:
    """With the settings large buffers come from memory that was paid for before."""
    counts = {}
    for how in ("tuned", "plain"):
        done = subprocess.run(
            [sys.executable, "-c", CODE, how],
            env=os.environ | {"PYTHONPATH": str(PACKAGES)},
            capture_output=True,
            text=True,
            check=True,
        )
        counts[how] = int(done.stdout)
    assert counts["tuned"] < 2048
    assert counts["tuned"] <= counts["plain"]
