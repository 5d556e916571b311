"""Writing: who writes what in which order, and what happens when something is amiss."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field

from tiles2zarr.config.base import Choice, Section, expects, lower
from tiles2zarr.config.values import Auto, Count, Label

_ADDRESS = re.compile(r"([a-z]+://)?[^\s/:]+:\d{1,5}")


class WriterMode(Choice):
    """The order in which pixels are read and written; all modes write the same."""

    BY_FOV = "by_fov"
    BY_TILE = "by_tile"
    IN_MEMORY = "in_memory"
    BY_FOV_DASK = "by_fov_dask"
    BY_TILE_DASK = "by_tile_dask"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Take the documented labels too, e.g. ``By FOV (Using Dask)``."""
        if isinstance(value, str):
            value = value.lower().replace("using", "")
        return super()._missing_(value)


class OverwriteMode(Choice):
    """What is done where the output exists."""

    NO_OVERWRITE = "no_overwrite"
    OVERWRITE = "overwrite"
    EXTEND = "extend"


class OnMissing(Choice):
    """What missing planes are."""

    AUTO = "auto"
    ERROR = "error"
    REPORT = "report"


class MixedDtype(Choice):
    """What files of different pixel types in one image are."""

    ERROR = "error"
    PROMOTE = "promote"


def _dask(value: str) -> str:
    if value not in ("threads", "processes") and not _ADDRESS.fullmatch(value):
        raise ValueError(
            "expected threads, processes or a scheduler's address like "
            f"tcp://node01:8786, got {value!r}"
        )
    return value


ImagesPerJob = Annotated[
    Auto | Count,
    expects("auto or a whole number from 1"),
    BeforeValidator(lower),
]
Scheduler = Annotated[Label, AfterValidator(_dask)]


class Writing(Section):
    """How images are written."""

    writer_mode: WriterMode = WriterMode.BY_FOV
    """Order of reading and writing; the Dask modes hand the same tasks to ``dask``.
    The stores do not differ."""
    overwrite_mode: OverwriteMode = OverwriteMode.NO_OVERWRITE
    """``no_overwrite``: a store this config did not make is an error; ``overwrite``:
    images in the plan are replaced, once; ``extend``: new images are added to any valid
    plate, foreign ones stay."""
    images_per_job: ImagesPerJob = "auto"
    """Images one job takes; ``auto``: fixed blocks of the plate of about 4 GB of source
    or 64 images."""
    on_missing: OnMissing = OnMissing.AUTO
    """``auto``: planes that failed or were never acquired are findings, a listed file
    that is absent or broken leaves its image unwritten; ``report``: all are findings;
    ``error``: all are errors."""
    mixed_dtype: MixedDtype = MixedDtype.ERROR
    """Files of different pixel types in one image: ``error``, or ``promote`` to the
    type that holds all."""
    track_sources: Annotated[
        Auto | bool, expects("auto, true or false"), BeforeValidator(lower)
    ] = "auto"
    """Watch size and time of the source files and redo images whose files changed;
    ``auto``: local files, and URLs whose server lists them (S3 and the like); ``true``:
    also single files of web servers, one request each at every start."""
    settle: Annotated[float, Field(ge=0), expects("a number from 0")] = 0
    """Age from which a file counts as finished, second: younger ones, and the last time
    point of a series that is still growing, are left for a later run; 0 takes all.
    Needs ``plate.name``."""
    check_space: bool = True
    """Refuse to start if the output's disk, or a quota there, has no room for half of
    the pixels, or for the files."""
    dask: Scheduler = "threads"
    """Scheduler of the Dask writer modes: ``threads``, ``processes`` or the address of
    a running scheduler."""
