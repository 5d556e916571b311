"""The models that users of a task fill in, as Fractal's tools ask for them."""

from tiles2zarr.api import acquisition, filters, options
from tiles2zarr.models import acquisition as models
from tiles2zarr.models.base import Frozen


def converters_tools_models(base: str = "tiles2zarr") -> list[tuple[str, str, str]]:
    """Return package, file and name of every model a task's user fills in."""
    described: list[type[Frozen]] = [
        acquisition.AcquisitionOptions,
        acquisition.PixelSizeModel,
        models.ChannelInfo,
        models.StageOrientation,
        filters.WellIncludeFilter,
        filters.WellExcludeFilter,
        filters.RegexIncludeFilter,
        filters.RegexExcludeFilter,
        options.ConverterOptions,
        options.AlignmentCorrections,
        options.OmeZarrOptions,
        options.FovBasedChunking,
        options.FixedSizeChunking,
        options.TempJsonOptions,
    ]
    return [
        (base, f"{'/'.join(model.__module__.split('.')[1:])}.py", model.__name__)
        for model in described
    ]
