"""Tiles to images: one per well or path, or one per field of view."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import TableError
from tiles2zarr.grouping.names import fov_suffix
from tiles2zarr.grouping.places import ImageKey, image_codes, place_name
from tiles2zarr.grouping.units import to_world
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.collection import Collection, ImageInPlate, SingleImage
from tiles2zarr.models.image import ConditionRow, TiledImage
from tiles2zarr.models.loader import FileLoader, Loader
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.models.well import row_name

_OPTIONAL = ("z_um", "time_s", "exposure_s")
_COLUMNS = tuple(name for name in TileColumns.model_fields if name not in _OPTIONAL)


def group_tiles(
    table: pd.DataFrame,
    details: AcquisitionDetails,
    *,
    acquisition: int,
    resource: str,
    loader: Loader | None = None,
    plate_name: str | None = None,
    no_tiling: bool = False,
    conditions: Mapping[ImageKey, Sequence[ConditionRow]] | None = None,
) -> list[TiledImage]:
    """Return the images of one acquisition, sorted by id, tiles in table order.

    Args:
        table: The parsed tiles; it is not changed.
        details: The acquisition; channels are named ``channel_0`` ... if it has none.
        acquisition: Its id.
        resource: Folder or URL that relative file names start from.
        loader: How pixels are read; by file extension if ``None``.
        plate_name: Name of the plate; needed where tiles lie in wells.
        no_tiling: Make an image of every field of view.
        conditions: Condition rows per image.

    Raises:
        TableError: Lengths are not whole, a channel is not among the acquisition's,
            wells have no plate, or two images would have one name.
    """
    world = to_world(table, details)
    details = _with_channels(world, details)
    codes, keys = image_codes(world)
    members = _members(world, codes, keys, no_tiling=no_tiling)
    order = np.concatenate([rows for _, _, rows in members] or [codes[:0]])
    columns = {name: world[name].to_numpy()[order].tolist() for name in _COLUMNS}
    columns |= {name: _nullable(world[name].to_numpy()[order]) for name in _OPTIONAL}
    images = []
    start = 0
    for key, fov, rows in members:
        stop = start + len(rows)
        images.append(
            TiledImage(
                collection=_collection(key, fov, plate_name, acquisition),
                acquisition=details,
                acquisition_id=acquisition,
                resource=resource,
                loader=loader or FileLoader(),
                tiles=_tile_columns(columns, start, stop),
                conditions=_own_conditions((conditions or {}).get(key, ()), fov),
            )
        )
        start = stop
    _check_names(images)
    return sorted(images, key=lambda image: image.image)


def _with_channels(
    table: pd.DataFrame, details: AcquisitionDetails
) -> AcquisitionDetails:
    """Return details that name every channel of the tiles.

    Raises:
        TableError: Channels are given, but not all that the tiles have.
    """
    stop = (table["c"] + table["len_c"]).to_numpy()
    count = int(stop.max(initial=1))
    if not details.channels:
        names = [ChannelInfo(channel_label=f"channel_{c}") for c in range(count)]
        return details.replace(channels=tuple(names))
    known = len(details.channels)
    if count > known:
        beyond = stop > known
        first = table[beyond].iloc[0]
        raise TableError(
            "channels of the tiles",
            [
                f"channel {int(first['c'] + first['len_c']) - 1} (from 0) of "
                f"{first['file']!r} (table row {first['source_row']}) and of "
                f"{int(beyond.sum()) - 1} more tiles is none of the {known} channels "
                "of details.channels. Add it there, or correct start_c."
            ],
        )
    return details


def _members(
    table: pd.DataFrame,
    codes: NDArray[np.int64],
    keys: Sequence[ImageKey],
    *,
    no_tiling: bool,
) -> list[tuple[ImageKey, str | None, NDArray[np.int64]]]:
    """Return key, field (No Tiling only) and tiles of each image."""
    if not no_tiling:
        return [(keys[code], None, rows) for code, rows in _groups(codes)]
    fovs, names = pd.factorize(table["fov"])
    return [
        (keys[code // len(names)], str(names[code % len(names)]), rows)
        for code, rows in _groups(codes * len(names) + fovs)
    ]


def _groups(codes: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return each code with its positions, in their order."""
    order = np.argsort(codes, kind="stable")
    values, starts = np.unique(codes[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(values) else []
    return list(zip(values.tolist(), parts, strict=True))


def _collection(
    key: ImageKey, fov: str | None, plate_name: str | None, acquisition: int
) -> Collection:
    """Return where an image goes."""
    suffix = "" if fov is None else fov_suffix(fov)
    if isinstance(key, str):
        return SingleImage(image_path=key, suffix=f"_{suffix}" if suffix else "")
    if plate_name is None:
        raise TableError(
            "wells of the tiles",
            [f"well {place_name(key)} has no plate. Give plate.name in the config."],
        )
    return ImageInPlate(
        plate_name=plate_name,
        row=row_name(key[0]),
        column=key[1] + 1,
        acquisition=acquisition,
        suffix=suffix,
    )


def _tile_columns(
    columns: Mapping[str, list[object] | None], start: int, stop: int
) -> TileColumns:
    """Return the tiles from ``start`` to ``stop``; columns without a value are left."""
    parts: dict[str, tuple[object, ...]] = {}
    for name, values in columns.items():
        part = None if values is None else tuple(values[start:stop])
        if part is not None and (name in _COLUMNS or any(v is not None for v in part)):
            parts[name] = part
    return TileColumns.model_validate(parts)


def _nullable(values: NDArray[np.float64]) -> list[object] | None:
    """Return numbers with ``None`` for NaN, or ``None`` if there are no others."""
    absent = np.isnan(values)
    if absent.all():
        return None
    cells = values.astype(object)
    cells[absent] = None
    return list(cells.tolist())


def _own_conditions(
    rows: Sequence[ConditionRow], fov: str | None
) -> tuple[ConditionRow, ...]:
    """Return an image's condition rows; an image of one field needs no field names."""
    if fov is None:
        return tuple(rows)
    return tuple(
        row if row.fov is None else row.replace(fov=None)
        for row in rows
        if row.fov in (None, fov)
    )


def _check_names(images: Sequence[TiledImage]) -> None:
    """Check that no two images have one name, also where case does not count."""
    counts = Counter(image.image.casefold() for image in images)
    faults = [
        f"image {image.image!r} (fields {', '.join(sorted(set(image.tiles.fov)))}) "
        "has the name of another one. Rename the field or image_path; upper and lower "
        "case are not told apart."
        for image in images
        if counts[image.image.casefold()] > 1
    ]
    if faults:
        raise TableError("names of the images", faults)
