"""The part of the config each rule gets: a change elsewhere does not run it again."""

from pydantic import JsonValue

from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.archive import Archive
from tiles2zarr.config.base import Section
from tiles2zarr.config.omezarr import (
    ArrayOptions,
    Chunks,
    MultipleShards,
    NgffVersion,
    TableBackend,
    Windows,
)
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.registration import Registration
from tiles2zarr.config.root import Config, Report
from tiles2zarr.config.values import (
    Count,
    Label,
    Location,
    Name,
    StorageOptions,
)
from tiles2zarr.config.writing import (
    ImagesPerJob,
    MixedDtype,
    OnMissing,
    OverwriteMode,
    Scheduler,
    WriterMode,
)
from tiles2zarr.errors import ConfigError
from tiles2zarr.models.well import PlateLayout


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


class RegisterOptions(Section):
    """What register depends on."""

    registration: Registration
    """How tiles are placed; ``redecide`` is for parse_tiles alone and always false."""
    on_missing: OnMissing
    """What missing planes are."""
    mixed_dtype: MixedDtype
    """What files of different pixel types are."""
    storage_options: dict[int, StorageOptions]
    """Options of the sources' file systems, by acquisition id; only where given."""
    ask_each_source: bool = False
    """Ask for files one by one whose server does not list them."""
    extensions: tuple[Label, ...]
    """Folders with the user's functions."""
    code: str = ""
    """Digest of the modules in these folders, filled in by ``step_options``."""


class WriteOptions(Section):
    """What write_zarr depends on."""

    name: Name
    """Name of the plate or set of images."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    omezarr: ArrayOptions
    """Version, levels, chunks, shards, compression."""
    writer_mode: WriterMode
    """Order of reading and writing."""
    overwrite_mode: OverwriteMode
    """What is done where the output exists."""
    dask: Scheduler
    """Scheduler of the Dask writer modes."""
    on_missing: OnMissing
    """What a file is that cannot be decoded."""
    storage_options: dict[int, StorageOptions]
    """Options of the sources' file systems, by acquisition id; only where given."""
    extensions: tuple[Label, ...]
    """Folders with the user's functions."""


class NamedAcquisition(Section):
    """An acquisition as build_tables needs it."""

    id: int
    """Number of the acquisition."""
    name: Label | None = None
    """Name the config gives."""


class TablesOptions(Section):
    """What build_tables depends on."""

    name: Name
    """Name of the plate or set of images."""
    plate: Plate | None = None
    """The plate."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    ngff_version: NgffVersion
    """Version of OME-Zarr."""
    windows: Windows
    """What contrast windows are found over."""
    table_backend: TableBackend
    """File format of the tables."""
    overwrite_mode: OverwriteMode
    """What is done where the output exists."""
    acquisitions: tuple[NamedAcquisition, ...]
    """Ids and names of the acquisitions."""
    archive: Archive
    """Metadata for archives."""


class ReportOptions(Section):
    """What report depends on."""

    name: Name
    """Name of the plate or set of images."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    report: Report
    """The report section."""
    layout: PlateLayout | None = None
    """Physical rows and columns, where the config tells them."""
    config: dict[str, JsonValue]
    """The whole config, which the page shows: a change of any key is a new page."""
    config_set: dict[str, JsonValue]
    """What of it differs from the defaults."""


def parse_options(config: Config) -> ParseOptions:
    """Return what parse_tiles depends on."""
    plate = config.plate or Plate()
    return ParseOptions(
        name=_name(config),
        plate=plate.replace(name=None, layout=None),
        acquisitions=config.acquisitions,
        registration=config.registration,
        images_per_job=config.writing.images_per_job,
        on_missing=config.writing.on_missing,
        mixed_dtype=config.writing.mixed_dtype,
        writer_mode=config.writing.writer_mode,
        settle=config.writing.settle,
        space=config.output if config.writing.check_space else None,
        num_levels=config.omezarr.num_levels,
        chunks=config.omezarr.chunks,
        shards=config.omezarr.shards,
        extensions=config.extensions,
    )


def register_options(config: Config) -> RegisterOptions:
    """Return what register depends on."""
    return RegisterOptions(
        registration=config.registration.replace(redecide=False),
        on_missing=config.writing.on_missing,
        mixed_dtype=config.writing.mixed_dtype,
        storage_options=_storage_options(config),
        ask_each_source=config.writing.track_sources is True,
        extensions=config.extensions,
    )


def write_options(config: Config) -> WriteOptions:
    """Return what write_zarr depends on."""
    omezarr = config.omezarr
    arrays = {name: getattr(omezarr, name) for name in ArrayOptions.model_fields}
    return WriteOptions(
        name=_name(config),
        output=config.output,
        output_storage_options=config.output_storage_options,
        omezarr=ArrayOptions.model_validate(arrays),
        writer_mode=config.writing.writer_mode,
        overwrite_mode=config.writing.overwrite_mode,
        dask=config.writing.dask,
        on_missing=config.writing.on_missing,
        storage_options=_storage_options(config),
        extensions=config.extensions,
    )


def tables_options(config: Config) -> TablesOptions:
    """Return what build_tables depends on."""
    return TablesOptions(
        name=_name(config),
        plate=config.plate,
        output=config.output,
        output_storage_options=config.output_storage_options,
        ngff_version=config.omezarr.ngff_version,
        windows=config.omezarr.windows,
        table_backend=config.omezarr.table_backend,
        overwrite_mode=config.writing.overwrite_mode,
        acquisitions=tuple(
            NamedAcquisition(id=acquisition.id, name=acquisition.name)
            for acquisition in config.acquisitions
        ),
        archive=config.archive,
    )


def report_options(config: Config) -> ReportOptions:
    """Return what report depends on."""
    return ReportOptions(
        name=_name(config),
        output=config.output,
        output_storage_options=config.output_storage_options,
        report=config.report,
        layout=config.plate.layout if config.plate else None,
        config=config.model_dump(mode="json"),
        config_set=config.model_dump(mode="json", exclude_defaults=True),
    )


def _name(config: Config) -> str:
    name = config.name or (config.plate.name if config.plate else None)
    if name is None:
        raise ConfigError("config", ["name: is needed; load_configs finds one"])
    return name


def _storage_options(config: Config) -> dict[int, StorageOptions]:
    return {a.id: a.storage_options for a in config.acquisitions if a.storage_options}
