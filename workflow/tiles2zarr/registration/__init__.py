"""Stage positions to integer pixel boxes: align, tile, round, compact channels."""

from tiles2zarr.registration.decision import decide, expected_shapes
from tiles2zarr.registration.overlay import find_misaligned_acquisitions
from tiles2zarr.registration.register import register_image
from tiles2zarr.registration.wells import well_of, well_origins

__all__ = [
    "decide",
    "expected_shapes",
    "find_misaligned_acquisitions",
    "register_image",
    "well_of",
    "well_origins",
]
