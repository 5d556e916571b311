"""Parts of an image written by a Dask scheduler: threads, processes, or a cluster.

The only module that imports Dask. Workers elsewhere need this package, the sources and
the output at the same paths.
"""

from collections.abc import Sequence

from dask.base import compute
from dask.delayed import Delayed, delayed

from tiles2zarr.errors import StoreError
from tiles2zarr.extension import add_paths
from tiles2zarr.pixels.harvest import Harvest
from tiles2zarr.pixels.modes import PartKey, Way, write_part
from tiles2zarr.pixels.writer import WriteTask


def write_parts(
    task: WriteTask, parts: list[frozenset[PartKey]], budget: int, way: Way
) -> list[Harvest]:
    """Return what the parts brought in, each written by one Dask task.

    Raises:
        SourceError: A tile cannot be read or is not what was registered.
        StoreError: The output cannot be written, or the scheduler is out of reach.
    """
    each = budget // max(1, way.threads)
    tasks = [
        delayed(_write, pure=False)(task, part, each, way.extensions) for part in parts
    ]
    if way.dask in ("threads", "processes"):
        return _compute(tasks, scheduler=way.dask, num_workers=way.threads)
    return _on_cluster(tasks, way.dask, way.connect_s)


def _write(
    task: WriteTask, part: frozenset[PartKey], budget: int, extensions: tuple[str, ...]
) -> Harvest:
    add_paths(extensions)
    return write_part(task, part, budget)


def _on_cluster(
    tasks: Sequence[Delayed], address: str, connect_s: float
) -> list[Harvest]:
    try:
        from distributed import Client
    except ImportError as error:
        raise StoreError(
            f"writing.dask is the address {address}, but dask.distributed is not "
            "installed. Install it (pip install distributed), or set writing.dask to "
            "threads or processes."
        ) from error
    try:
        client = Client(address, timeout=connect_s)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the Dask scheduler at {address} cannot be reached: {error}. Start it, or "
            "correct writing.dask."
        ) from error
    with client:
        return _compute(tasks, scheduler=client)


def _compute(tasks: Sequence[Delayed], **how: object) -> list[Harvest]:
    results: tuple[Harvest, ...] = compute(*tasks, **how)
    return list(results)
