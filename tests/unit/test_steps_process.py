"""Processes start and end without work that nobody needs."""

import ast
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tiles2zarr.steps.process import end_timers

QUICK = """
import atexit
import gc
# registered before, so called after the freeze
atexit.register(lambda: print(gc.get_freeze_count()))
from tiles2zarr.steps.process import spare_collector
{call}
"""


def _frozen_at_the_end(call: str) -> int:
    command = [sys.executable, "-c", QUICK.format(call=call)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


def test_what_was_loaded_is_not_walked_at_the_end() -> None:
    """All that was imported is out of the collector's sight as the process ends."""
    assert _frozen_at_the_end("spare_collector()") > 1000
    assert _frozen_at_the_end("") == 0


def test_timers_are_not_waited_for() -> None:
    """A process with a timer of an hour ends at once, and the timer does nothing."""
    fired = threading.Event()
    timer = threading.Timer(3600, fired.set)
    other = threading.Thread(target=fired.wait)
    timer.start()
    other.start()
    began = time.monotonic()
    end_timers()
    timer.join()
    assert time.monotonic() - began < 60
    assert other.is_alive()
    assert not fired.is_set()
    fired.set()
    other.join()


SCRIPT = Path(__file__).parents[2] / "scripts/write_zarr.py"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_numpy_starts_no_threads_in_the_write_job() -> None:
    """What the script imports, in its order, leaves one thread although it has four."""
    imports = [
        ast.unparse(node)
        for node in ast.parse(SCRIPT.read_text()).body
        if isinstance(node, ast.ImportFrom)
    ]
    count = "print('numpy' in sys.modules, *os.listdir('/proc/self/task'))"
    lines = ["import os, sys", *imports, count]
    command = [sys.executable, "-c", "\n".join(lines)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "4"}
    loaded, *threads = subprocess.run(
        command, env=environment, capture_output=True, check=True, text=True
    ).stdout.split()
    assert (loaded, len(threads)) == ("True", 1)
