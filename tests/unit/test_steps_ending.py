"""Processes end without waiting for what nobody needs any more."""

import subprocess
import sys
import threading
import time

from tiles2zarr.steps.ending import end_timers

QUICK = """
import atexit
import gc
# registered before, so called after the freeze
atexit.register(lambda: print(gc.get_freeze_count()))
from tiles2zarr.steps.ending import end_quickly
{call}
"""


def _frozen_at_the_end(call: str) -> int:
    command = [sys.executable, "-c", QUICK.format(call=call)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


def test_what_was_loaded_is_not_walked_at_the_end() -> None:
    """All that was imported is out of the collector's sight as the process ends."""
    assert _frozen_at_the_end("end_quickly()") > 1000
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
