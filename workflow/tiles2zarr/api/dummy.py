"""Tiles without files: made up, for trials and tests."""

from typing import TYPE_CHECKING, NamedTuple

from tiles2zarr.api.loaders import ImageLoaderInterface
from tiles2zarr.api.places import AnyCollection
from tiles2zarr.api.tile import Tile
from tiles2zarr.models.acquisition import AcquisitionDetails

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class StartPosition(NamedTuple):
    """Where a made-up tile begins; units as the acquisition's details say."""

    x: float = 0
    y: float = 0
    z: float = 0
    c: int = 0
    t: float = 0


class TileShape(NamedTuple):
    """How large a made-up tile is."""

    x: int = 256
    y: int = 256
    z: int = 1
    c: int = 1
    t: int = 1


class DummyLoader(ImageLoaderInterface):
    """Makes uint8 pixels: a bright frame, and a text in the middle of a dark field."""

    shape: TileShape
    """Size of the tile."""
    text: str
    """What is drawn."""
    font_scale: float = 0.22
    """Height of the text over that of the tile."""

    def load_data(self, resource: str | None = None) -> "NDArray[np.generic]":
        """Return the pixels as (t, c, z, y, x)."""
        import numpy as np
        from PIL import Image, ImageDraw, ImageFont

        x, y, z, c, t = self.shape
        image = Image.new("L", (x, y))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, x - 1, y - 1), outline=255)
        font = ImageFont.load_default(max(4, self.font_scale * y))
        draw.text((x / 2, y / 2), self.text, fill=255, font=font, anchor="mm")
        plane = np.asarray(image, dtype=np.uint8)
        return np.broadcast_to(plane, (t, c, z, y, x)).copy()

    def find_data_type(self, resource: str | None = None) -> str:
        """Return ``uint8``."""
        return "uint8"


def build_dummy_tile(
    *,
    fov_name: str,
    start: StartPosition = StartPosition(),  # noqa: B008  # immutable
    shape: TileShape = TileShape(),  # noqa: B008  # immutable
    collection: AnyCollection,
    acquisition_details: AcquisitionDetails,
    font_scale: float = 0.22,
) -> Tile:
    """Return a tile without a file, which shows the name of its field of view.

    Args:
        fov_name: Field of view.
        start: Where it begins.
        shape: Its size, pixels, planes, channels and time points.
        collection: Where its image goes.
        acquisition_details: Spacings, units, axes, channels.
        font_scale: Height of the text over that of the tile.
    """
    return Tile(
        fov_name=fov_name,
        **{f"start_{axis}": value for axis, value in start._asdict().items()},
        **{f"length_{axis}": value for axis, value in shape._asdict().items()},
        collection=collection,
        image_loader=DummyLoader(shape=shape, text=fov_name, font_scale=font_scale),
        acquisition_details=acquisition_details,
    )
