"""A plate that the microscope is still writing: what this plan takes of it."""

from collections.abc import Sequence
from dataclasses import replace

from tiles2zarr.checkpoints import read_json_if_there, replace_file
from tiles2zarr.errors import SourceError
from tiles2zarr.models.image import TiledImage
from tiles2zarr.state import State
from tiles2zarr.steps.acquire import Acquired
from tiles2zarr.steps.settle import leave_unsettled


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
