"""Do the acquisitions of a well overlay: the check for ``offsets.xy: well`` (W21)."""

from collections.abc import Sequence

import numpy as np

from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.fields import fields_of
from tiles2zarr.registration.lines import line_width
from tiles2zarr.registration.positions import find_positions
from tiles2zarr.registration.stage import NOISE_PX
from tiles2zarr.registration.wells import well_of, well_origins


def find_misaligned_acquisitions(
    images: Sequence[TiledImage], options: Registration
) -> tuple[Finding, ...]:
    """Return a finding if fields of one name lie apart between acquisitions of a well.

    Positions count as registration will count them: from the image's own corner, from
    the well's, or as they are. Distances up to the tolerance of the tiling are none.

    Args:
        images: Images of all acquisitions.
        options: The ``registration`` section of the config.
    """
    cycles = {(well_of(image), image.acquisition_id) for image in images}
    if options.tiling_mode is TilingMode.NO_TILING or len(cycles) == len(
        {well for well, _ in cycles}
    ):
        return ()
    origins = well_origins(images, align_xy=options.align_xy)
    found = find_positions(images, options, origins, no_tiling=False)
    fields = fields_of(found.tiles)
    pixel = np.array([image.acquisition.pixelsize for image in images])[fields.image]
    y, x = (fields.y * pixel).tolist(), (fields.x * pixel).tolist()
    model: dict[tuple[str, str], int] = {}
    apart: dict[str, list[float]] = {}
    for place, (owner, name) in enumerate(
        zip(fields.image.tolist(), fields.name, strict=True)
    ):
        if owner in found.faults:
            continue
        well = well_of(images[owner])
        first = model.setdefault((well, name), place)
        distance = max(abs(y[place] - y[first]), abs(x[place] - x[first]))
        tile = int(fields.rows[first]), int(fields.columns[first])
        if distance > (line_width(options, tile) + NOISE_PX) * pixel[first]:
            apart.setdefault(well, []).append(distance)
    return (_misaligned(apart, options),) if apart else ()


def _misaligned(apart: dict[str, list[float]], options: Registration) -> Finding:
    count = sum(map(len, apart.values()))
    farthest = max(map(max, apart.values()))
    message = (
        f"{count} fields of view lie up to {farthest:.4g} micrometer from the field of "
        "the same name in another acquisition of their well, so these images do not "
        "overlay."
    )
    if options.offsets.xy == "image":
        message += " Set registration.offsets.xy: well to count from one origin."
    return Finding(
        code="acquisitions_not_aligned",
        message=message,
        count=count,
        wells=tuple(sorted(apart))[:SHOWN],
    )
