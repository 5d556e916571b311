"""One header per image: pixel type, colour samples, and shapes under swap_xy."""

from collections.abc import Mapping
from itertools import islice

from tiles2zarr.errors import SourceError
from tiles2zarr.filesystems import is_url
from tiles2zarr.loaders import UNKNOWN_PLANES, Header, probe
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.image import TiledImage
from tiles2zarr.steps.sources import header_readers

TRIES = 16
"""Files of an image that are tried: with an archived plate none is there."""
COLOURS = (
    ChannelInfo(channel_label="red", colors="FF0000"),
    ChannelInfo(channel_label="green", colors="00FF00"),
    ChannelInfo(channel_label="blue", colors="0000FF"),
)
"""Channels of colour files whose channels are not named."""


def with_first_headers(
    images: list[TiledImage], storage: Mapping[str, object]
) -> list[TiledImage]:
    """Return the images with what the header of their first readable file tells.

    An image without one is told by register; its lengths under ``swap_xy`` are taken as
    those of the others. One whose files are in colour where single channels are
    declared gets that fault.

    Raises:
        SourceError: All images have that fault.
    """
    far = any(is_url(image.resource) for image in images)
    with header_readers(far=far) as pool:
        headers = [*pool.map(lambda image: _first_header(image, storage), images)]
    usual = next((header for header in headers if header is not None), None)
    applied: list[TiledImage] = []
    refused: list[SourceError] = []
    for image, header in zip(images, headers, strict=True):
        try:
            applied.append(_apply(image, header) if header else _like(image, usual))
        except SourceError as error:
            applied.append(image.replace(fault=image.fault or str(error)))
            refused.append(error)
    if refused and len(refused) == len(images):
        raise refused[0]
    return applied


def _first_header(image: TiledImage, storage: Mapping[str, object]) -> Header | None:
    tiles = image.tiles
    planes: dict[str, int] = {}
    for file, plane, status in zip(tiles.file, tiles.plane, tiles.status, strict=True):
        if status == "ok":
            planes.setdefault(file, plane)
    for file, plane in islice(planes.items(), TRIES):
        try:
            return probe(file, image.resource, image.loader, storage).at(plane)
        except SourceError:
            continue
    return None


def as_remembered(image: TiledImage, old: TiledImage) -> TiledImage:
    """Return an image without readable files with what headers told an earlier run.

    Args:
        image: The image as parsed now.
        old: The checkpoint of the earlier run.
    """
    if old.dtype is None:
        return image
    tiles = old.tiles
    samples = tiles.len_c[0] if set(image.tiles.len_c) == {1} else 1
    header = Header(samples, tiles.len_y[0], tiles.len_x[0], old.dtype, samples)
    return _apply(image, header)


def _like(image: TiledImage, header: Header | None) -> TiledImage:
    swapped = image.acquisition.stage_corrections.swap_xy
    return _unswapped(image, header) if header and swapped else image


def _apply(image: TiledImage, header: Header) -> TiledImage:
    image = image.replace(dtype=header.dtype)
    if image.acquisition.stage_corrections.swap_xy:
        image = _unswapped(image, header)
    colour = header.samples > 1 and header.planes != UNKNOWN_PLANES
    if colour and set(image.tiles.len_c) == {1}:
        return _with_colours(image, header)
    return image


def _unswapped(image: TiledImage, header: Header) -> TiledImage:
    """Give tiles their files' shape where only the declared axes were exchanged."""
    tiles = image.tiles
    shapes = {(y, x) for y, x in zip(tiles.len_y, tiles.len_x, strict=True)}
    if shapes != {(header.x, header.y)}:
        return image
    return image.replace(tiles=tiles.replace(len_y=tiles.len_x, len_x=tiles.len_y))


def _with_colours(image: TiledImage, header: Header) -> TiledImage:
    tiles, details = image.tiles, image.acquisition
    if set(tiles.c) != {0}:
        raise SourceError(
            f"{image.image}: {tiles.file[0]} is a colour image ({header.samples} "
            "samples per pixel), but the tiles are declared as single channels with "
            "start_c above 0. Save the channels as grey images, or leave start_c out "
            "to get red, green and blue as channels."
        )
    channels = details.channels or ()
    if len(channels) != header.samples:
        channels = COLOURS[: header.samples]
    return image.replace(
        acquisition=details.replace(channels=channels),
        tiles=tiles.replace(len_c=(header.samples,) * len(tiles)),
    )
