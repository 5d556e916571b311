"""What parse_tiles depends on."""

from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.base import Section
from tiles2zarr.config.omezarr import Chunks, MultipleShards
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.registration import Registration
from tiles2zarr.config.values import Count, Label, Location, Name
from tiles2zarr.config.writing import ImagesPerJob, MixedDtype, OnMissing, WriterMode


class ParseOptions(Section):
    """What parse_tiles depends on."""

    name: Name
    """Name of the plate or set of images."""
    plate: Plate
    """The plate without name and layout; layout is metadata, made by build_tables."""
    acquisitions: tuple[Acquisition, ...]
    """The acquisitions."""
    registration: Registration
    """Decides tiling, offsets and grouping."""
    images_per_job: ImagesPerJob
    """Images per batch."""
    on_missing: OnMissing
    """What missing planes are."""
    mixed_dtype: MixedDtype
    """What files of different pixel types are."""
    writer_mode: WriterMode = WriterMode.BY_FOV
    """Decides how much memory a write job asks for."""
    settle: float = 0
    """Age from which a file counts as finished, second."""
    space: Location | None = None
    """Output whose free space is looked at, if any."""
    num_levels: Count
    """Pyramid levels asked for."""
    chunks: Chunks
    """Decides how many files are expected."""
    shards: MultipleShards | None = None
    """Decides how many files are expected."""
    extensions: tuple[Label, ...]
    """Folders with the user's functions."""
    code: str = ""
    """Digest of the modules in these folders, filled in by ``step_options``."""
