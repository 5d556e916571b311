"""The part of an acquisition's details that the config states over the vendor's."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)

from tiles2zarr.config.base import Section, expects, lower
from tiles2zarr.config.values import Label, Positive
from tiles2zarr.models.acquisition import (
    AcquisitionDetails,
    Coordinates,
    DataTypeEnum,
    HexColor,
)


def _axes(axes: object) -> object:
    """Check axes by the rule of AcquisitionDetails."""
    if isinstance(axes, list | tuple):
        axes = "".join(map(str, axes))
    try:
        return AcquisitionDetails.model_validate({"axes": axes}).axes
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["ctx"]["error"])) from None


def _color(value: object) -> object:
    """Take six digits without quotes for text; YAML has read other ones as octal."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return f"{value:06d}" if value == 0 or 100_000 <= value <= 999_999 else value


def _detected(value: object) -> object:
    """Take the documented word for leaving the pixel type to the files."""
    word = lower(value)
    return None if word in ("autodetect", "auto") else word


Axes = Annotated[str, BeforeValidator(_axes)]
Color = Annotated[
    HexColor,
    BeforeValidator(_color),
    expects("six hex digits in quotes like '0000FF', or a colour's name"),
]
Space = Annotated[Coordinates, BeforeValidator(lower)]


class ChannelChange(Section):
    """What is changed of a channel; what is left out stays as the vendor has it."""

    channel_label: Label | None = None
    """Name shown by viewers; left out, the vendor's."""
    wavelength_id: Label | None = None
    """Identity of the wavelength, unique in an image; left out, the vendor's."""
    colors: Color | None = Field(default=None, alias="color")
    """Display colour, six hex digits in quotes or a colour's name; left out, the
    vendor's, else found from fluorophore or wavelength."""


class ListedChannel(ChannelChange):
    """One channel of a list, in the order of ``start_c``."""

    channel_label: Label
    """Name shown by viewers."""


def _spelling(value: object) -> str | None:
    if isinstance(value, Mapping):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else None


Channels = Annotated[
    Annotated[tuple[ListedChannel, ...], Field(min_length=1), Tag("list")]
    | Annotated[dict[Label, ChannelChange], Tag("mapping")],
    Discriminator(
        _spelling,
        custom_error_type="fault",
        custom_error_message="expected a list of channels, or a mapping from the "
        "vendor's channel id or name to what is changed",
    ),
]


class Details(Section):
    """Spacings, units, axes and channels stated over what the vendor's metadata say."""

    pixelsize: Positive | None = None
    """Size of a pixel in x and y, micrometer; left out, the vendor's."""
    z_spacing: Positive | None = None
    """Distance of two z planes, micrometer; left out, the vendor's."""
    t_spacing: Positive | None = None
    """Time between two time points, second; left out, the vendor's."""
    start_x_coo: Space | None = None
    """Unit of ``start_x``: ``world`` (micrometer) or ``pixel``; left out, the vendor's,
    else world."""
    start_y_coo: Space | None = None
    """Unit of ``start_y``: ``world`` (micrometer) or ``pixel``; left out, the vendor's,
    else world."""
    start_z_coo: Space | None = None
    """Unit of ``start_z``: ``world`` (micrometer) or ``pixel`` (plane numbers); left
    out, the vendor's, else world."""
    start_t_coo: Space | None = None
    """Unit of ``start_t``: ``world`` (second) or ``pixel`` (time point numbers); left
    out, the vendor's, else world."""
    length_x_coo: Space | None = None
    """Unit of ``length_x``: ``pixel`` or ``world`` (micrometer); left out, the
    vendor's, else pixel."""
    length_y_coo: Space | None = None
    """Unit of ``length_y``: ``pixel`` or ``world`` (micrometer); left out, the
    vendor's, else pixel."""
    length_z_coo: Space | None = None
    """Unit of ``length_z``: ``pixel`` (planes) or ``world`` (micrometer); left out, the
    vendor's, else pixel."""
    length_t_coo: Space | None = None
    """Unit of ``length_t``: ``pixel`` (time points) or ``world`` (second); left out,
    the vendor's, else pixel."""
    channels: Channels | None = None
    """A list of all channels in the order of ``start_c``, or a mapping from the
    vendor's channel id or name to the fields to change; left out, the vendor's, else
    channel_0 ..."""
    axes: Axes | None = None
    """Axes to write, of ``tczyx`` in that order and with ``yx``; ``tczyx`` keeps a time
    axis of length 1; left out, ``czyx``, and ``tczyx`` for time series."""
    data_type: Annotated[DataTypeEnum | None, BeforeValidator(_detected)] = None
    """Pixel type the files must have; left out, the files decide."""
