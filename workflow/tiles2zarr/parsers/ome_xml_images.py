"""The images of an OME-XML document: sizes, spacings and channels."""

from dataclasses import dataclass
from math import prod

from tiles2zarr.parsers.ome_xml_index import Document
from tiles2zarr.parsers.ome_xml_values import (
    LARGEST,
    MICROMETER,
    NANOMETER,
    SECOND,
    read_length,
    read_time,
)
from tiles2zarr.parsers.xml import Element

ORDERS = ("XYCZT", "XYCTZ", "XYZCT", "XYZTC", "XYTCZ", "XYTZC")
"""Orders of planes in files, the fastest axis first."""
WHITE, BLACK = "FFFFFF", "000000"
"""White is what the schema assumes where no colour was chosen; black shows nothing."""


@dataclass(frozen=True)
class ChannelRecord:
    """A channel of one image.

    Args:
        id: Its id in the document.
        name: Name, else fluorophore, where given.
        excitation_nm: Wavelength, where given.
        emission_nm: Wavelength, where given.
        color: Six hex digits, where one was chosen.
        samples: Samples per pixel: 3 for RGB.
    """

    id: str | None
    name: str | None
    excitation_nm: float | None
    emission_nm: float | None
    color: str | None
    samples: int


@dataclass(frozen=True)
class ImageRecord:
    """An image: one field of view with its planes.

    Args:
        element: As written, for messages.
        id: Its id in the document.
        name: Its name, where given.
        order: Order of its planes in files, one of ``ORDERS``.
        width: Pixel.
        height: Pixel.
        sizes: Number of planes by axis ``C`` (channels, not samples), ``Z``, ``T``.
        pixel_um: Pixel size in x and y, micrometer, where given.
        z_um: Distance of planes, micrometer, where given.
        interval_s: Distance of time points, second, where given.
        start: Second of the epoch its times count from, where given.
        channels: Its channels, as many as ``sizes["C"]``.
        holds_pixels: Whether pixels stand in the document itself.
    """

    element: Element
    id: str
    name: str | None
    order: str
    width: int
    height: int
    sizes: dict[str, int]
    pixel_um: tuple[float | None, float | None]
    z_um: float | None
    interval_s: float | None
    start: float | None
    channels: tuple[ChannelRecord, ...]
    holds_pixels: bool

    @property
    def planes(self) -> int:
        """Number of planes if all were acquired."""
        return prod(self.sizes.values())


def read_images(document: Document) -> tuple[ImageRecord, ...]:
    """Return the images of a document in its order.

    Raises:
        ParserError: Something required is absent or has an impossible value.
    """
    return tuple(_image(element) for element in document.images)


def _image(element: Element) -> ImageRecord:
    pixels = element.child("Pixels")
    order = pixels.require("DimensionOrder")
    if order not in ORDERS:
        raise pixels.fault(
            f"DimensionOrder is {order!r}, expected one of {', '.join(ORDERS)}"
        )
    sizes = {axis: _size(pixels, f"Size{axis}") for axis in "CZTXY"}
    planes = sizes["C"] * sizes["Z"] * sizes["T"]
    if planes > LARGEST:
        raise pixels.fault(
            f"SizeC x SizeZ x SizeT is {planes} planes, more than {LARGEST}"
        )
    channels = _channels(pixels, sizes["C"])
    return ImageRecord(
        element=element,
        id=element.require("ID"),
        name=element.get("Name"),
        order=order,
        width=sizes["X"],
        height=sizes["Y"],
        sizes={"C": len(channels), "Z": sizes["Z"], "T": sizes["T"]},
        pixel_um=(
            _positive(pixels, "PhysicalSizeX"),
            _positive(pixels, "PhysicalSizeY"),
        ),
        z_um=_positive(pixels, "PhysicalSizeZ"),
        interval_s=read_length(pixels, "TimeIncrement", SECOND, "s"),
        start=read_time(element, "AcquisitionDate", "AcquiredDate", "CreationDate"),
        channels=channels,
        holds_pixels=pixels.find("BinData") is not None,
    )


def _size(pixels: Element, name: str) -> int:
    size = pixels.integer(name)
    if not 1 <= size <= LARGEST:
        raise pixels.fault(f"{name} is {size}, expected 1 to {LARGEST}")
    return size


def _positive(pixels: Element, name: str) -> float | None:
    """Return a length in micrometer; 0 is what some writers put for unknown."""
    length = read_length(pixels, name, MICROMETER, "µm")
    if length is not None and not 0 <= length <= LARGEST:
        raise pixels.fault(f"{name} is {length:g} micrometer, not a distance")
    return length or None


def _channels(pixels: Element, size: int) -> tuple[ChannelRecord, ...]:
    """Return the channels; those the document leaves out have neither name nor id."""
    listed = [_channel(element) for element in pixels.findall("Channel")]
    samples = sum(channel.samples for channel in listed)
    if not listed:
        listed = [ChannelRecord(None, None, None, None, None, 1)] * size
    elif samples != size:
        raise pixels.fault(
            f"SizeC is {size}, but its {len(listed)} Channel elements have {samples} "
            "samples per pixel altogether"
        )
    if len({channel.samples for channel in listed}) > 1:
        raise pixels.fault("its channels differ in SamplesPerPixel")
    return tuple(listed)


def _channel(element: Element) -> ChannelRecord:
    samples = 1
    if element.get("SamplesPerPixel") is not None:
        samples = element.integer("SamplesPerPixel")
        if not 1 <= samples <= LARGEST:
            raise element.fault(f"SamplesPerPixel is {samples}, expected 1 or more")
    return ChannelRecord(
        id=element.get("ID"),
        name=element.get("Name") or element.get("Fluor"),
        excitation_nm=read_length(element, "ExcitationWavelength", NANOMETER, "nm"),
        emission_nm=read_length(element, "EmissionWavelength", NANOMETER, "nm"),
        color=_color(element),
        samples=samples,
    )


def _color(element: Element) -> str | None:
    """Return a colour written as one signed number of red, green, blue and alpha."""
    if element.get("Color") is None:
        return None
    number = element.integer("Color")
    if not -(1 << 31) <= number < 1 << 32:
        raise element.fault(f"Color is {number}, not a number of 32 bits")
    color = f"{number & 0xFFFFFFFF:08X}"[:6]
    return None if color in (WHITE, BLACK) else color
