"""Short processes start and end at once: a conversion starts several, one by one."""

import atexit
import gc
import os
import threading

ALLOCATIONS = 50_000
"""New objects after which Python looks for cycles among them; its own 700 or 2,000 are
made thousands of times while modules are imported and jobs are planned."""


def spare_collector() -> None:
    """Spare this process walks over all it loaded: most while it runs, all as it ends.

    Measured: 0.4 s of the process that runs Snakemake, 0.06 to 0.2 of each job.
    """
    gc.set_threshold(ALLOCATIONS, 20, 50)
    atexit.register(gc.freeze)


def spare_blas() -> None:
    """Have numpy start no threads for matrices; to be called before it is imported.

    Nothing here multiplies any, and Snakemake asks for as many as the job has: they
    wait in a loop, 0.05 to 0.1 s of each core per process.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def end_timers() -> None:
    """Cancel the timers that a finished run would wait for.

    Snakemake looks again a second after it started jobs, and cannot end before.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
