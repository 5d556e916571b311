"""A plate that the microscope is still writing: what this plan takes of it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tiles2zarr.checkpoints import read_json_if_there, replace_file
from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.errors import SourceError, Tiles2ZarrError
from tiles2zarr.models.image import TiledImage
from tiles2zarr.state import State
from tiles2zarr.steps.acquire import Acquired, acquire
from tiles2zarr.steps.ages import file_state
from tiles2zarr.steps.settle import leave_unsettled

TABLES = (".csv", ".tsv")


def acquire_settled(config: Acquisition, options: ParseOptions) -> Acquired:
    """Return an acquisition, or say that what it is read from may be half written.

    XML that ends early cannot be read. A table can, with a last number that lacks
    digits: a young one must end with its line.

    Raises:
        SourceError: It cannot be read, and the file at fault is young.
        Tiles2ZarrError: It cannot be read.
    """
    settle_s = options.settle
    tables = [
        p for path in config.path for p in _files(path) if p.lower().endswith(TABLES)
    ]
    for table in tables:
        if _is_young(table, settle_s) and not _ends_with_line(table):
            raise SourceError(f"{table} ends within a line. {_half(table, settle_s)}")
    try:
        return acquire(config, options)
    except Tiles2ZarrError as error:
        named = (
            file
            for path in config.path
            for file in _files(path)
            if os.path.basename(file) in str(error) and _is_young(file, settle_s)
        )
        half = next(named, None)
        if half is None:
            raise
        raise SourceError(f"{error} {_half(half, settle_s)}") from error


def _half(path: str, settle_s: float) -> str:
    return (
        f"But {path} is younger than writing.settle, {settle_s:g} seconds, and may be "
        "half written: run again later."
    )


def _files(path: str) -> Iterator[str]:
    """Yield a local path, or the files below it."""
    if not os.path.isdir(path):
        yield path
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names)


def _is_young(path: str, settle_s: float) -> bool:
    return file_state(path, settle_s) == "young"


def _ends_with_line(path: str) -> bool:
    with open(path, "rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - 1))
        return stream.read() in (b"\n", b"\r")


def leave_waiting(
    acquired: Sequence[Acquired], state: State, settle_s: float
) -> list[Acquired]:
    """Return the acquisitions without what may still be written.

    The files left are kept in the state (``waiting.txt``), so that a later run notices
    that they are finished. An acquisition of which nothing is left is left out.

    Raises:
        SourceError: Nothing at all is left.
    """

    def known(image: str) -> frozenset[float]:
        tiled = read_json_if_there(state.tiles(image), TiledImage)
        return frozenset(tiled.tiles.t if tiled is not None else ())

    kept, waiting = [], set()
    for part in acquired:
        settled = leave_unsettled(part.images, settle_s, known)
        waiting |= set(settled.waiting)
        findings = (*part.findings, *settled.findings)
        kept.append(replace(part, images=settled.images, findings=findings))
    if waiting:
        replace_file(state.waiting, "".join(f"{p}\n" for p in sorted(waiting)).encode())
    kept = [part for part in kept if part.images]
    if not kept:
        raise SourceError(
            f"No image has all its files older than writing.settle, {settle_s:g} "
            "seconds, yet. Run again later."
        )
    return kept
