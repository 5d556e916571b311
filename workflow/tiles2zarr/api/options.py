"""Options of a conversion, under their documented names."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, field_validator

from tiles2zarr.api.urls import join_url_paths
from tiles2zarr.config.omezarr import (
    ArrayOptions,
    FixedChunks,
    FovChunks,
    OmeZarr,
    TableBackend,
)
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.config.registration import Offsets, Registration, TilingMode
from tiles2zarr.config.values import Auto, Count, NotNegative
from tiles2zarr.config.writing import (
    MixedDtype,
    OnMissing,
    OverwriteMode,
    Scheduler,
    WriterMode,
)
from tiles2zarr.models.base import Frozen

FovBasedChunking = FovChunks
FixedSizeChunking = FixedChunks
BackendType = TableBackend
NgffVersions = Literal["0.4", "0.5"]
DefaultNgffVersion: NgffVersions = "0.4"


class Scalings(StrEnum):
    """Chunk length over the length of a field of view."""

    QUARTER = "0.25"
    HALF = "0.5"
    ONE = "1"
    DOUBLE = "2"
    QUADRUPLE = "4"

    def to_float(self) -> float:
        """Return the factor as a number."""
        return float(self)


class OmeZarrOptions(OmeZarr):
    """The OME-Zarr that is made."""

    @field_validator("chunks", mode="before")
    @classmethod
    def _mode(cls, value: object) -> object:
        """Take the documented key ``mode`` (``Same as FOV``) for ``kind``."""
        if not isinstance(value, Mapping) or "mode" not in value:
            return value
        rest = {key: item for key, item in value.items() if key != "mode"}
        return {"kind": value["mode"], **rest}


class AlignmentCorrections(Frozen):
    """What is corrected of the stage positions before tiling."""

    align_xy: bool = True
    """Put all tiles of a field of view at the x and y of its first tile."""
    align_z: bool = False
    """Move every field's own smallest z to the first plane."""
    align_t: bool = False
    """Move every field's own earliest time to the first time point."""
    offsets: Offsets = Field(default_factory=Offsets)
    """Which offset is removed from the positions, per axis."""


StagePositionCorrections = AlignmentCorrections


class TempJsonOptions(Frozen):
    """Where images wait as JSON between the init and the compute task."""

    temp_url: str = "{zarr_dir}/_tmp_json"
    """Folder or URL; ``{zarr_dir}`` stands for the output folder."""

    def format_temp_url(self, zarr_dir: str) -> str:
        """Return the folder or URL for an output folder."""
        return join_url_paths(self.temp_url.replace("{zarr_dir}", zarr_dir.rstrip("/")))


class ConverterOptions(Frozen):
    """How tiles become images."""

    writer_mode: WriterMode = WriterMode.BY_FOV
    """Order of reading and writing; all modes write the same."""
    tiling_mode: TilingMode = TilingMode.AUTO
    """How the fields of view of an image are placed."""
    tiling_tolerance: Annotated[
        Auto | NotNegative,
        # a form cannot offer a number or a word: it takes both as text
        WithJsonSchema({"type": "string"}),
    ] = "auto"
    """Width of a line of tiles and slack of a step, pixel; ``auto`` is the larger of 1
    pixel and 2 % of the tile."""
    max_gap: NotNegative = 0.1
    """Widest gap that auto closes, fraction of the tile's length."""
    alignment_correction: AlignmentCorrections = AlignmentCorrections()
    """What is corrected before tiling."""
    omezarr_options: OmeZarrOptions = Field(default_factory=OmeZarrOptions)
    """The OME-Zarr that is made."""
    temp_json_options: TempJsonOptions = TempJsonOptions()
    """Where images of tasks of one's own wait between init and compute; without effect
    in the ready tasks."""
    on_missing: OnMissing = OnMissing.AUTO
    """What missing planes are."""
    mixed_dtype: MixedDtype = MixedDtype.ERROR
    """What files of different pixel types in one image are."""
    dask: Scheduler = "threads"
    """Scheduler of the Dask writer modes."""
    threads: Count = 4
    """Chunks of an image worked on at the same time."""

    @property
    def registration(self) -> Registration:
        """The ``registration`` section of a config that says the same."""
        return make_registration(
            self.alignment_correction,
            self.tiling_mode,
            self.tiling_tolerance,
            self.max_gap,
        )


def make_registration(
    corrections: AlignmentCorrections,
    tiling_mode: TilingMode,
    tolerance: float | Literal["auto"],
    max_gap: float,
) -> Registration:
    """Return the ``registration`` section of a config that says the same."""
    return Registration(
        tiling_mode=tiling_mode,
        tiling_tolerance=tolerance,
        max_gap=max_gap,
        align_xy=corrections.align_xy,
        align_z=corrections.align_z,
        align_t=corrections.align_t,
        offsets=corrections.offsets,
    )


def register_options(options: ConverterOptions) -> RegisterOptions:
    """Return what the register step depends on."""
    return RegisterOptions(
        registration=options.registration,
        on_missing=options.on_missing,
        mixed_dtype=options.mixed_dtype,
        storage_options={},
        extensions=(),
    )


def write_options(
    options: ConverterOptions,
    *,
    name: str,
    output: str,
    writer_mode: WriterMode,
    overwrite_mode: OverwriteMode,
) -> WriteOptions:
    """Return what the write step depends on.

    Args:
        options: The options of the conversion.
        name: Name of the plate or image.
        output: Folder or URL of the OME-Zarr.
        writer_mode: Order of reading and writing.
        overwrite_mode: What is done where the output exists.
    """
    omezarr = options.omezarr_options
    arrays = {name: getattr(omezarr, name) for name in ArrayOptions.model_fields}
    return WriteOptions(
        name=name,
        output=output,
        output_storage_options={},
        omezarr=ArrayOptions.model_validate(arrays),
        writer_mode=writer_mode,
        overwrite_mode=overwrite_mode,
        dask=options.dask,
        on_missing=options.on_missing,
        storage_options={},
        extensions=(),
    )
