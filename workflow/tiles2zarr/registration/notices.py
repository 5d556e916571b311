"""What registration tells about an image it could place."""

import numpy as np

from tiles2zarr.models.decisions import AcquisitionDecision, GridTiling
from tiles2zarr.models.finding import Finding
from tiles2zarr.registration.placement import Placement
from tiles2zarr.registration.positions import Positions
from tiles2zarr.registration.stage import NOISE_PX


def alignment_notices(image: str, found: Positions) -> list[Finding]:
    """Return a finding on fields whose tiles were not at one place."""
    apart = np.flatnonzero(found.spread > NOISE_PX)
    if not apart.size:
        return []
    widest = int(found.spread.argmax())
    fields = "field of view" if apart.size == 1 else "fields of view"
    message = (
        f"Tiles of {apart.size} {fields} lie up to {found.spread[widest]:.4g} px "
        f"apart (field {found.tiles.field_name[widest]!r}); with registration.align_xy "
        "they are put at the first tile's place."
    )
    return [
        Finding(
            code="fields_aligned",
            severity="info",
            message=message,
            count=int(apart.size),
            images=(image,),
        )
    ]


def tiling_notices(
    image: str, found: Positions, placement: Placement, decision: AcquisitionDecision
) -> list[Finding]:
    """Return findings on moved tiles and closed gaps."""
    # along one axis, as whole pixels round each axis by itself
    moved = np.maximum(np.abs(placement.moved_y), np.abs(placement.moved_x))
    farthest = np.hypot(placement.moved_y, placement.moved_x).max(initial=0.0)
    several = found.tiles.fields > 1
    findings = []
    if several and moved.max(initial=0.0) >= 0.5:
        count = int((moved >= 0.5).sum())
        findings.append(
            Finding(
                code="tiles_moved",
                severity="info",
                message=f"{count} of {moved.size} fields of view were moved to close "
                f"the grid, the farthest by {farthest:.4g} px; their stage "
                "positions stand in FOV_ROI_table.",
                count=count,
                images=(image,),
            )
        )
    if several and isinstance(decision.tiling, GridTiling):
        findings.extend(_closed_gaps(image, found, decision.tiling))
    return findings


def _closed_gaps(image: str, found: Positions, tiling: GridTiling) -> list[Finding]:
    tiles = found.tiles
    tile = float(tiles.len_y[0]), float(tiles.len_x[0])
    gaps = [
        step - length
        for step, length, starts in zip(
            tiling.pitch, tile, (tiles.y, tiles.x), strict=True
        )
        if step - length > tiling.tolerance and np.ptp(starts) > tiling.tolerance
    ]
    if not gaps:
        return []
    message = (
        f"Gaps of {max(gaps):.4g} px between neighbouring fields were closed. Set "
        "registration.tiling_mode: inplace to keep them."
    )
    return [Finding(code="gaps_closed", message=message, images=(image,))]
