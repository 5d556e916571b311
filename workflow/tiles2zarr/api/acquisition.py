"""What a user may override per acquisition."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tiles2zarr.api.filters import ImplementedFilters
from tiles2zarr.config.details import Details
from tiles2zarr.config.merge import merge_details
from tiles2zarr.models.acquisition import (
    AXES,
    AcquisitionDetails,
    ChannelInfo,
    DataTypeEnum,
    StageOrientation,
)
from tiles2zarr.models.base import Frozen


class PixelSizeModel(Frozen):
    """Spacings, stated over what the metadata say."""

    pixelsize: float = Field(gt=0, allow_inf_nan=False)
    """Size of a pixel in x and y, micrometer."""
    z_spacing: float = Field(gt=0, allow_inf_nan=False)
    """Distance of two z planes, micrometer."""
    t_spacing: float = Field(gt=0, allow_inf_nan=False)
    """Time between two time points, second."""


def _detected(value: object) -> object:
    """Take the documented word for leaving the pixel type to the files."""
    return None if value == "autodetect" else value


_Detected = Literal[
    "autodetect",
    "uint8",
    "uint16",
    "uint32",
    "int8",
    "int16",
    "int32",
    "float32",
    "float64",
]
"""What a form may offer: it knows no choice that may be left out."""


class AcquisitionOptions(Frozen):
    """What a user may state over the details of an acquisition."""

    channels: tuple[ChannelInfo, ...] | None = None
    """All channels in the order of ``start_c``; left out, those of the metadata."""
    pixel_info: PixelSizeModel | None = None
    """Spacings; left out, those of the metadata."""
    condition_table_path: str | None = None
    """CSV with conditions per well; left out, that of the metadata."""
    axes: str | None = None
    """Axes to write, e.g. ``czyx``; left out, those of the metadata."""
    data_type: Annotated[
        DataTypeEnum | None,
        BeforeValidator(_detected, json_schema_input_type=_Detected),
        Field(json_schema_extra={"default": "autodetect"}),
    ] = None
    """Pixel type the files must have; left out, the files decide."""
    stage_corrections: StageOrientation = StageOrientation()
    """Flips and swap of the stage, done after those of the metadata."""
    filters: tuple[ImplementedFilters, ...] = ()
    """Which tiles are taken: those that all filters take."""

    def to_axes_list(self) -> list[str] | None:
        """Return the axes as a list, ``None`` where they are left out."""
        return None if self.axes is None else list(self.axes)

    def update_acquisition_details(
        self, acquisition_details: AcquisitionDetails
    ) -> AcquisitionDetails:
        """Return the details with everything put over them that is stated here.

        Raises:
            ConfigError: There are not as many channels as in the details.
            ValidationError: The result is not valid.
        """
        stated: dict[str, object] = {"axes": self.axes, "data_type": self.data_type}
        if self.pixel_info is not None:
            stated |= self.pixel_info.model_dump()
        if self.channels is not None:
            stated["channels"] = [
                c.model_dump(exclude_none=True) for c in self.channels
            ]
        merged = merge_details(acquisition_details, Details.model_validate(stated), ())
        path = self.condition_table_path or merged.condition_table_path
        return merged.replace(
            condition_table_path=path,
            stage_corrections=merged.stage_corrections.then(self.stage_corrections),
        )


def default_axes_builder(is_time_series: bool) -> list[str]:
    """Return the axes of an image, with t for time series."""
    return [axis for axis in AXES if axis != "t" or is_time_series]
