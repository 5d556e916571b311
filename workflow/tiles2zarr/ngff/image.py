"""Attributes of an image group: axes, scales, channels and how it was made."""

from tiles2zarr import __version__
from tiles2zarr.errors import StoreError
from tiles2zarr.models.acquisition import AXES, ChannelInfo
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.colors import display_channels
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.spectra import GREY
from tiles2zarr.ngff.windows import Window, contrast_window

METHOD = "tiles2zarr: mean of 2x2 pixels, odd last row and column dropped"
"""How each level is made from the one before, for the multiscales metadata."""
_AXES = {
    "t": {"name": "t", "type": "time", "unit": "second"},
    "c": {"name": "c", "type": "channel"},
    "z": {"name": "z", "type": "space", "unit": "micrometer"},
    "y": {"name": "y", "type": "space", "unit": "micrometer"},
    "x": {"name": "x", "type": "space", "unit": "micrometer"},
}


def image_attributes(
    image: RegisteredImage,
    *,
    version: Version,
    level_names: tuple[str, ...] | None = None,
    channels: tuple[ChannelInfo, ...] | None = None,
    windows: tuple[Window, ...] | None = None,
) -> dict[str, object]:
    """Return the attributes of the image's group.

    Args:
        image: The image.
        version: 0.4 puts everything at the top, 0.5 below ``ome``.
        level_names: Paths of the levels, largest first; left out, ``0``, ``1`` ...
        channels: The channels to show, one per channel of the image; left out, those of
            the image. Gaps in them are filled by ``display_channels``.
        windows: Contrast per channel; left out, the full range of the pixel type.

    Raises:
        StoreError: Too few level names, or channels or windows not one per channel.
    """
    shown = display_channels(image.channels if channels is None else channels)
    if windows is None:
        windows = tuple(contrast_window(None, image.dtype) for _ in shown)
    count = image.shape[1]
    if not len(shown) == len(windows) == count:
        raise StoreError(
            f"image {image.image} has {count} channels, but {len(shown)} channel "
            f"entries and {len(windows)} contrast windows. Give one entry per channel "
            "in details.channels."
        )
    multiscale: dict[str, object] = {"version": version} if version == "0.4" else {}
    multiscale |= {
        "name": image.name,
        "axes": [dict(_AXES[axis]) for axis in image.axes],
        "datasets": _datasets(image, level_paths(image, level_names)),
        "type": "mean",
        "metadata": {"method": METHOD, "version": __version__},
    }
    attributes: dict[str, object] = {
        "multiscales": [multiscale],
        "omero": _omero(image, shown, windows),
    }
    return (
        attributes if version == "0.4" else {"ome": {"version": version} | attributes}
    )


def level_paths(
    image: RegisteredImage, level_names: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Return the paths of the image's levels, largest first.

    Raises:
        StoreError: The image has more levels than there are names.
    """
    if level_names is None:
        return tuple(str(level) for level in range(image.levels))
    if len(level_names) < image.levels:
        raise StoreError(
            f"image {image.image} has {image.levels} levels, but omezarr.level_names "
            f"has {len(level_names)} names. Give one name per level or leave them out."
        )
    return level_names[: image.levels]


def _datasets(image: RegisteredImage, paths: tuple[str, ...]) -> list[object]:
    t, z, y, x = image.pixel_size
    datasets: list[object] = []
    for level, path in enumerate(paths):
        factor = 2**level
        scale = dict(zip(AXES, (t, 1.0, z, y * factor, x * factor), strict=True))
        transformations: list[object] = [
            {"type": "scale", "scale": [float(scale[axis]) for axis in image.axes]}
        ]
        if image.translation is not None:
            shift = dict(zip(AXES, (0.0, 0.0, *image.translation), strict=True))
            moved = [float(shift[axis]) for axis in image.axes]
            transformations.append({"type": "translation", "translation": moved})
        datasets.append({"path": path, "coordinateTransformations": transformations})
    return datasets


def _omero(
    image: RegisteredImage,
    channels: tuple[ChannelInfo, ...],
    windows: tuple[Window, ...],
) -> dict[str, object]:
    entries: list[object] = [
        {
            "label": channel.channel_label,
            "wavelength_id": channel.wavelength_id,
            "color": channel.colors,
            "active": True,
            "coefficient": 1.0,
            "family": "linear",
            "inverted": False,
            "window": window.model_dump(),
        }
        for channel, window in zip(channels, windows, strict=True)
    ]
    # one grey channel: colour viewers show it as it is, without a colour map
    grey = all(channel.colors in (GREY, "FFFFFF") for channel in channels)
    return {
        "name": image.name,
        "channels": entries,
        "rdefs": {
            "defaultT": 0,
            "defaultZ": image.shape[2] // 2,
            "model": "greyscale" if grey else "color",
        },
    }
