"""One acquisition of the config: parsed, filtered, with conditions, as images."""

import logging
from dataclasses import dataclass

from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.merge import merge_details
from tiles2zarr.config.slices import ParseOptions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout

LOG = logging.getLogger("tiles2zarr")


@dataclass(frozen=True)
class Acquired:
    """One acquisition's images and what its metadata told."""

    id: int
    images: tuple[TiledImage, ...]
    entry: AcquisitionEntry
    layout: PlateLayout | None
    findings: tuple[Finding, ...]
