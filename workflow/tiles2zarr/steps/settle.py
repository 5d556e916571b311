"""Files that may still be written: left alone until they are old enough."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.loaders import resolve
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.steps.ages import file_state

KnownTimes = Callable[[str], frozenset[float]]
"""Returns the times (second) that an earlier plan had of an image, by its id."""


@dataclass(frozen=True)
class Settled:
    """The images of an acquisition without what may still be written."""

    images: tuple[TiledImage, ...]
    waiting: tuple[str, ...]
    findings: tuple[Finding, ...]


def leave_unsettled(
    images: Sequence[TiledImage], settle_s: float, known: KnownTimes
) -> Settled:
    """Return the images up to their last settled time point, and what waits.

    As long as a file is younger than ``settle_s`` the acquisition is growing. Then an
    image is taken up to the first time point with a young or absent file, and a series
    without its last time point, of which files may be on their way. An image with
    nothing left is not in the plan yet. What an earlier plan had is never taken out
    again. Files that are not local are taken as settled.

    Args:
        images: Images of one acquisition.
        settle_s: Age from which a file is taken as finished, second.
        known: What the earlier plan had.
    """
    states = _states(images, settle_s)
    if "young" not in states.values():
        return Settled(tuple(images), (), ())
    kept, waiting = [], set()
    late: list[str] = []
    for image in images:
        times = _settled_times(image, states) | known(image.image)
        tiles = image.tiles
        rows = [row for row, t in enumerate(tiles.t) if t in times]
        left = set(range(len(tiles))) - set(rows)
        waiting |= {resolve(image.resource, tiles.file[row]) for row in left}
        if left:
            late.append(image.image)
        if rows:
            kept.append(image.replace(tiles=_rows(image, rows)) if left else image)
    return Settled(tuple(kept), tuple(sorted(waiting)), _finding(late, waiting))


def _states(images: Sequence[TiledImage], settle_s: float) -> dict[str, str]:
    paths = {
        resolve(image.resource, file)
        for image in images
        for file, status in zip(image.tiles.file, image.tiles.status, strict=True)
        if status == "ok"
    }
    local = sorted(path for path in paths if "://" not in path)
    return {path: file_state(path, settle_s) for path in local}


def _settled_times(image: TiledImage, states: Mapping[str, str]) -> frozenset[float]:
    """Return the times before the first unfinished one; a series' last one is such."""
    tiles = image.tiles
    times = sorted(set(tiles.t))
    unfinished = {
        t
        for file, t, status in zip(tiles.file, tiles.t, tiles.status, strict=True)
        if status == "ok"
        and states.get(resolve(image.resource, file), "settled") != "settled"
    }
    if len(times) > 1:
        unfinished.add(times[-1])
    end = min(unfinished, default=float("inf"))
    return frozenset(t for t in times if t < end)


def _rows(image: TiledImage, rows: Sequence[int]) -> TileColumns:
    tiles = image.tiles
    columns = {
        name: tuple(column[row] for row in rows)
        for name in type(tiles).model_fields
        if (column := getattr(tiles, name)) is not None
    }
    return TileColumns(**columns)


def _finding(late: Sequence[str], waiting: set[str]) -> tuple[Finding, ...]:
    if not late:
        return ()
    return (
        Finding(
            code="not_settled",
            severity="info",
            message=(
                f"{len(late)} images have files that may still be written; these wait. "
                "Run again later: what came since is added."
            ),
            count=len(waiting),
            images=tuple(late[:SHOWN]),
            files=tuple(sorted(waiting)[:SHOWN]),
        ),
    )
