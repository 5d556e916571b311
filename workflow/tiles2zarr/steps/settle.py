"""Files that may still be written: left alone until they are old enough."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.filesystems import is_url
from tiles2zarr.loaders import resolve
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.steps.ages import Ages, AgeState
from tiles2zarr.steps.listings import UNTOLD, untold_servers

Row = tuple[float, str, int]
"""Time (second), file and first plane of a tile."""
KnownRows = Callable[[str], frozenset[Row]]
"""Returns the tiles that an earlier plan had of an image, by its id."""


@dataclass(frozen=True)
class Settled:
    """The images of an acquisition without what may still be written."""

    images: tuple[TiledImage, ...]
    waiting: tuple[str, ...]
    findings: tuple[Finding, ...]


def leave_unsettled(
    images: Sequence[TiledImage], ages: Ages, known: KnownRows
) -> Settled:
    """Return the images up to their last settled time point, and what waits.

    As long as a file is young the acquisition is growing. Then an image is taken up to
    the first time point with a young or absent file, and a series without its last
    time point, of which files may be on their way. An image with nothing left is not
    in the plan yet. Tiles that an earlier plan had are never taken out again. Files of
    servers that tell no time are taken as settled, with a finding.

    Args:
        images: Images of one acquisition.
        ages: Tells how old files are.
        known: What the earlier plan had.
    """
    states = _states(images, ages)
    untold = _untold_finding(states)
    if "young" not in states.values():
        return Settled(tuple(images), (), untold)
    kept, waiting = [], set()
    late: list[str] = []
    for image in images:
        times, had = _settled_times(image, states), known(image.image)
        tiles = image.tiles
        rows = [
            i for i, row in enumerate(rows_of(image)) if row[0] in times or row in had
        ]
        left = set(range(len(tiles))) - set(rows)
        waiting |= {resolve(image.resource, tiles.file[row]) for row in left}
        if left:
            late.append(image.image)
        if rows:
            kept.append(image.replace(tiles=_rows(image, rows)) if left else image)
    findings = (*untold, *_finding(late, waiting))
    return Settled(tuple(kept), tuple(sorted(waiting)), findings)


def rows_of(image: TiledImage) -> Iterator[Row]:
    """Yield what tells the tiles of an image from each other, in their order."""
    tiles = image.tiles
    return zip(tiles.t, tiles.file, tiles.plane, strict=True)


def _states(images: Sequence[TiledImage], ages: Ages) -> dict[str, AgeState]:
    paths = {
        resolve(image.resource, file)
        for image in images
        for file, status in zip(image.tiles.file, image.tiles.status, strict=True)
        if status == "ok"
    }
    return ages.states(sorted(paths))


def _settled_times(
    image: TiledImage, states: Mapping[str, AgeState]
) -> frozenset[float]:
    """Return the times before the first unfinished one; a series' last one is such."""
    tiles = image.tiles
    times = sorted(set(tiles.t))
    unfinished = {
        t
        for file, t, status in zip(tiles.file, tiles.t, tiles.status, strict=True)
        if status == "ok"
        and states[resolve(image.resource, file)] in ("young", "absent")
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


def _untold_finding(states: Mapping[str, AgeState]) -> tuple[Finding, ...]:
    files = [f for f, state in states.items() if state == "untold" and is_url(f)]
    servers = untold_servers(files, [UNTOLD] * len(files))
    if not servers:
        return ()
    return (
        Finding(
            code="age_not_told",
            message=(
                f"{', '.join(servers)} does not list its files with times, so "
                "writing.settle cannot tell which may still be written: all are taken "
                "as they are. Convert when the acquisition has ended."
            ),
            count=len(files),
            files=tuple(files[:SHOWN]),
        ),
    )
