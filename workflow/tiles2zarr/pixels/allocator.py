"""Settings of the C library's allocator that suit megabyte-sized chunks.

By default glibc maps and unmaps every large buffer anew: the kernel clears each page
again, which costs as much as compressing it, and every thread keeps a heap of its own.
One heap that is not given back in between halves the system time of the write job and
keeps its memory at what is in use.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of ``mallopt`` (glibc, ``malloc.h``)."""
LARGEST_MAPPED = 32 * 2**20
"""Buffers up to here come from the heap; the most that glibc allows."""
KEPT = 256 * 2**20
"""Free memory at the heap's end that is kept."""


def tune_allocator() -> bool:
    """Tell glibc to keep large buffers on one heap; say whether it took all of it.

    Elsewhere nothing is done: only speed and memory depend on it.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = (
        (M_ARENA_MAX, 1),
        (M_MMAP_THRESHOLD, LARGEST_MAPPED),
        (M_TRIM_THRESHOLD, KEPT),
    )
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
