"""Decisions per acquisition: made at the first plan, kept for the ones that follow."""

from collections.abc import Mapping, Sequence

from tiles2zarr.checkpoints import digest, to_bytes
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.models.decisions import AcquisitionDecision, Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration import decide
from tiles2zarr.steps.batching import choose_block

_OF_TILING = ("no_grid", "sparse_fields")
"""Findings on a tiling that was decided anew, which do not hold for the old one."""


def decide_all(
    images: Mapping[int, Sequence[TiledImage]],
    bytes_of: Mapping[str, int],
    origins: Mapping[str, tuple[float, float]],
    known: Decisions | None,
    options: ParseOptions,
) -> tuple[Decisions, tuple[Finding, ...]]:
    """Return the decisions of all acquisitions, earlier ones kept where they stand.

    Args:
        images: The images by acquisition id.
        bytes_of: Source bytes by image id.
        origins: (y, x) of each well over all acquisitions, micrometer.
        known: Decisions of an earlier run.
        options: What the config says.
    """
    decisions: dict[int, AcquisitionDecision] = {}
    findings: list[Finding] = []
    for number, members in images.items():
        requested = _requested(members, options)
        fresh, noticed = decide(
            members,
            options.registration,
            num_levels=options.num_levels,
            uniform=options.plate.uniform,
            requested=requested,
            origins=origins,
            among=sharing_lattice(members, images, options),
        )
        old = known.acquisitions.get(number) if known else None
        redecide = options.registration.redecide
        if old is None or old.requested != requested or redecide:
            decisions[number] = fresh
            findings.extend(noticed)
        else:
            decisions[number] = old
            findings.extend(_still(number, old, fresh, noticed))
    everything = [image for members in images.values() for image in members]
    block, first = choose_block(everything, bytes_of, options.images_per_job)
    if known is not None and known.jobs == str(options.images_per_job):
        block, first = known.block, known.first
    made = Decisions(
        acquisitions=decisions,
        block=block,
        first=first,
        jobs=str(options.images_per_job),
    )
    return made, tuple(findings)


def sharing_lattice(
    members: Sequence[TiledImage],
    images: Mapping[int, Sequence[TiledImage]],
    options: ParseOptions,
) -> list[TiledImage]:
    """Return all images that share a lattice with ``members`` (``offsets.xy: well``).

    Acquisitions of another pixel or tile size have lattices of their own.
    """
    if options.registration.offsets.xy != "well" or len(images) < 2:
        return []
    return [
        i
        for group in images.values()
        for i in group
        if lattice_scale(i) == lattice_scale(members[0])
    ]


def lattice_scale(image: TiledImage) -> tuple[float, int, int]:
    """Return pixel size, rows and columns of the tiles: one lattice needs one scale."""
    tiles = image.tiles
    return image.acquisition.pixelsize, tiles.len_y[0], tiles.len_x[0]


def _requested(images: Sequence[TiledImage], options: ParseOptions) -> str:
    parts = {
        "registration": options.registration.model_dump(
            mode="json", exclude={"redecide"}
        ),
        "levels": options.num_levels,
        "uniform": options.plate.uniform,
        "axes": images[0].acquisition.axes,
        "pixelsize": images[0].acquisition.pixelsize,
        "orientation": images[0].acquisition.stage_corrections.model_dump(),
    }
    return digest(to_bytes(parts))


def _still(
    number: int,
    old: AcquisitionDecision,
    fresh: AcquisitionDecision,
    noticed: Sequence[Finding],
) -> list[Finding]:
    """Return the findings that hold under the old decision, and where it differs."""
    if old.tiling.kind == fresh.tiling.kind:
        return list(noticed)
    message = (
        f"Acquisition {number} was placed by {old.tiling.kind} ({old.reason}); with "
        f"the tiles that came since it would be {fresh.tiling.kind} ({fresh.reason}). "
        "The old way is kept: set registration.redecide to true to place all anew."
    )
    others = [found for found in noticed if found.code not in _OF_TILING]
    return [Finding(code="tiling_changed", message=message), *others]
