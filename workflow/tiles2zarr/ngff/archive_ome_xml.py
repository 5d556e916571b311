"""The plate as OME-XML: wells, images, channels and pixel sizes."""

from collections.abc import Sequence
from importlib.util import find_spec

from tiles2zarr import __version__
from tiles2zarr.errors import StoreError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.well import row_index
from tiles2zarr.ngff.colors import display_channels
from tiles2zarr.ngff.plate import PlateDescription

PLACE = "OME/METADATA.ome.xml"
"""Where the document stands below the plate."""
CREATOR = "tiles2zarr"
"""What the document's creator begins with, by which one of ours is known."""
NEEDED = (
    "archive.ome_xml needs the package ome-types: pip install 'tiles2zarr[archive]', "
    "or set it to false"
)
_TYPES = {"float32": "float", "float64": "double"}


def has_ome_types() -> bool:
    """Say whether OME-XML can be made here."""
    return find_spec("ome_types") is not None


def ome_xml(
    plate: PlateDescription, name: str, images: Sequence[RegisteredImage]
) -> bytes:
    """Return the OME-XML of a plate, the same for the same plate.

    Image ``n`` is the n-th of ``images``; lengths are in micrometer, times in second.
    Pixels are in the Zarr arrays, so each image is ``MetadataOnly``.

    Raises:
        StoreError: The package ome-types is not installed.
    """
    if not has_ome_types():
        raise StoreError(f"{NEEDED}.")
    from ome_types import OME, to_xml

    document = OME(
        creator=f"{CREATOR} {__version__}",
        images=[_image(number, image) for number, image in enumerate(images)],
        plates=[_plate(plate, name, images)],
    )
    text: str = to_xml(document)
    return text.encode()


def _image(number: int, image: RegisteredImage) -> object:
    from ome_types import model

    sizes = dict(zip("tczyx", image.shape, strict=True))
    t, z, y, x = image.pixel_size
    channels = display_channels(image.channels)
    pixels = model.Pixels(
        id=f"Pixels:{number}",
        dimension_order=model.Pixels_DimensionOrder.XYZCT,
        type=model.PixelType(_TYPES.get(image.dtype, image.dtype)),
        metadata_only=model.MetadataOnly(),
        channels=[
            model.Channel(
                id=f"Channel:{number}:{index}",
                name=channel.channel_label,
                color=model.Color(f"#{channel.colors}") if channel.colors else None,
                samples_per_pixel=1,
            )
            for index, channel in enumerate(channels)
        ],
        **{f"size_{axis}": length for axis, length in sizes.items()},
        **{f"physical_size_{a}": size for a, size in (("x", x), ("y", y))},
        # a single plane or time point has no spacing that anyone measured
        **({"physical_size_z": z} if sizes["z"] > 1 else {}),
        **(
            {"time_increment": t, "time_increment_unit": model.UnitsTime.SECOND}
            if sizes["t"] > 1
            else {}
        ),
    )
    return model.Image(id=f"Image:{number}", name=image.name, pixels=pixels)


def _plate(
    plate: PlateDescription, name: str, images: Sequence[RegisteredImage]
) -> object:
    from ome_types import model

    samples: dict[tuple[int, int], list[object]] = {}
    for number, image in enumerate(images):
        place = image.collection
        if isinstance(place, ImageInPlate):
            well = (row_index(place.row), place.column - 1)
            found = samples.setdefault(well, [])
            found.append(
                model.WellSample(
                    id=f"WellSample:{number}",
                    index=number,
                    image_ref=model.ImageRef(id=f"Image:{number}"),
                )
            )
    return model.Plate(
        id="Plate:0",
        name=name,
        rows=plate.layout.rows,
        columns=plate.layout.columns,
        row_naming_convention=model.NamingConvention.LETTER,
        column_naming_convention=model.NamingConvention.NUMBER,
        wells=[
            model.Well(id=f"Well:{n}", row=row, column=column, well_samples=found)
            for n, ((row, column), found) in enumerate(sorted(samples.items()))
        ],
    )
