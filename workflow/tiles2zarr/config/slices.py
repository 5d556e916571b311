"""The part of the config each rule gets: a change elsewhere does not run it again."""

from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.options.report import ReportOptions
from tiles2zarr.config.options.tables import NamedAcquisition, TablesOptions
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.root import Config
from tiles2zarr.config.values import StorageOptions
from tiles2zarr.errors import ConfigError


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
        settle=config.writing.settle,
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
