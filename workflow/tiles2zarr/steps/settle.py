"""Files that may still be written: left alone until they are old enough."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.filesystems import is_url
from tiles2zarr.loaders import resolve
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.steps.ages import Ages, AgeState
from tiles2zarr.steps.listings import UNTOLD, untold_servers


@dataclass(frozen=True)
class Standing:
    """What an earlier run wrote of an image."""

    files: frozenset[str]
    """The files it was made from, relative to its resource."""
    tiles: TiledImage | None
    """Its tiles in the earlier plan, if that was one with the same options."""


Known = Callable[[str], Standing | None]
"""Returns what stands of an image, by its id."""


@dataclass(frozen=True)
class Settled:
    """The images of an acquisition without what may still be written."""

    images: tuple[TiledImage, ...]
    waiting: tuple[str, ...]
    findings: tuple[Finding, ...]


def leave_unsettled(
    images: Sequence[TiledImage], ages: Ages, known: Known, *, growing: bool = False
) -> Settled:
    """Return the images up to their last settled time point, and what waits.

    As long as a file is young the acquisition is growing. Then an image is taken up to
    the first time point with a young or absent file, and a series without its last
    time point, of which files may be on their way. An image with nothing left is not
    in the plan yet. What was written of an image is never taken out again; while one
    of its files is written anew it stays as it was planned. Files of servers that tell
    no time are taken as settled, with a finding.

    Args:
        images: Images of one acquisition.
        ages: Tells how old files are.
        known: What an earlier run wrote.
        growing: The acquisition is growing, whatever the ages of its images.
    """
    states = _states(images, ages)
    findings = _untold_finding(states)
    if not growing and "young" not in states.values():
        return Settled(tuple(images), (), findings + _short_finding(images))
    kept, waiting = [], set()
    late: list[str] = []
    for image in images:
        taken = _taken(image, states, known)
        rows = frozenset(zip(taken.tiles.t, taken.tiles.file, strict=True))
        files = {
            resolve(image.resource, file)
            for t, file in zip(image.tiles.t, image.tiles.file, strict=True)
            if (t, file) not in rows
        }
        files |= {f for f in _files(taken) if states.get(f) == "young"}
        waiting |= files
        if files:
            late.append(image.image)
        if len(taken.tiles):
            kept.append(taken)
    findings += _waiting_finding(late, waiting) + _short_finding(kept)
    return Settled(tuple(kept), tuple(sorted(waiting)), findings)


def _taken(
    image: TiledImage, states: Mapping[str, AgeState], known: Known
) -> TiledImage:
    """Return an image with the tiles that are taken, which may be none."""
    tiles = image.tiles
    times = _settled_times(image, states)
    if times == set(tiles.t):
        return image
    standing = known(image.image)
    had: frozenset[str] = frozenset()
    if standing is not None:
        had = standing.files
        again = any(states.get(resolve(image.resource, f)) == "young" for f in had)
        if again and standing.tiles is not None:
            return standing.tiles
    named = enumerate(zip(tiles.t, tiles.file, strict=True))
    return _with_rows(image, [i for i, (t, f) in named if t in times or f in had])


def _states(images: Sequence[TiledImage], ages: Ages) -> dict[str, AgeState]:
    return ages.states(sorted({file for image in images for file in _files(image)}))


def _files(image: TiledImage) -> set[str]:
    rows = zip(image.tiles.file, image.tiles.status, strict=True)
    return {resolve(image.resource, file) for file, status in rows if status == "ok"}


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


def _with_rows(image: TiledImage, rows: Sequence[int]) -> TiledImage:
    tiles = image.tiles
    columns = {
        name: tuple(column[row] for row in rows)
        for name in type(tiles).model_fields
        if (column := getattr(tiles, name)) is not None
    }
    return image.replace(tiles=TileColumns(**columns))


def _waiting_finding(late: Sequence[str], waiting: set[str]) -> tuple[Finding, ...]:
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


def _short_finding(images: Sequence[TiledImage]) -> tuple[Finding, ...]:
    """Return a finding on series whose end has fewer tiles: more may be on their way.

    Nothing tells them from an acquisition that was stopped.
    """
    short = []
    for image in images:
        tiles = Counter(image.tiles.t)
        counts = [tiles[t] for t in sorted(tiles)]
        if len(counts) > 1 and counts[-1] < counts[-2]:
            short.append(image.image)
    if not short:
        return ()
    return (
        Finding(
            code="last_time_point_short",
            message=(
                f"{len(short)} series have fewer tiles at their last time point than "
                "before; pixels of the others are 0 there. If they still come they "
                "are added: take a longer writing.settle to wait for them."
            ),
            count=len(short),
            images=tuple(short[:SHOWN]),
        ),
    )
