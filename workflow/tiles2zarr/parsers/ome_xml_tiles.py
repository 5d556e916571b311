"""Planes of OME-XML and the places of their images as the table of tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.ome_xml_channels import find_channels
from tiles2zarr.parsers.ome_xml_places import position_planes
from tiles2zarr.parsers.ome_xml_planes import Planes
from tiles2zarr.parsers.ome_xml_spacing import (
    pixel_size,
    plane_times,
    t_spacing,
    z_spacing,
)
from tiles2zarr.parsers.records import build_table

Ints = NDArray[np.int64]
_FIELD = ("x_um", "y_um", "free")
"""Columns that planes and places both have."""


@dataclass(frozen=True)
class Tiles:
    """The tiles of an acquisition.

    Args:
        table: As ``build_table`` makes it.
        details: Spacings and channels.
        channel_ids: Ids of the channels.
        findings: What was noticed of sizes and positions.
    """

    table: pd.DataFrame
    details: AcquisitionDetails
    channel_ids: tuple[str, ...]
    findings: tuple[Finding, ...]


def make_tiles(
    planes: Planes, places: pd.DataFrame, source: str, *, in_row: bool = False
) -> Tiles:
    """Return the tiles of the images that have a place.

    Rows come by well, then time point, field, channel and plane.

    Args:
        planes: All planes.
        places: Where the images go, as ``place_fields`` gives it.
        source: The input, for messages.
        in_row: Lay fields without positions side by side.

    Raises:
        ParserError: Pixel sizes differ, or positions are not known.
    """
    renamed = places.rename(columns={name: f"field_{name}" for name in _FIELD})
    table = planes.table.merge(renamed, on="image")
    numbers = np.unique(table["image"].to_numpy())
    used = [planes.images[number] for number in numbers]
    pixel, findings = pixel_size(used, source)
    widths = [image.width * pixel for image in planes.images]
    table, position_findings = position_planes(table, in_row, widths, source)
    spacing, z_findings = z_spacing(table, used, source)
    channels = find_channels(used)
    firsts = _channel_places(table, numbers, channels.places)
    samples = _per_image(table, [image.channels[0].samples for image in planes.images])
    acquired = _acquired(firsts, samples)
    noticed = (*findings, *position_findings, *z_findings)
    numbered = table.assign(
        c=np.searchsorted(acquired, firsts),
        samples=samples,
        time_s=plane_times(table, planes.images),
    )
    return Tiles(
        table=_tile_table(_ordered(numbered), planes),
        details=AcquisitionDetails(
            pixelsize=pixel,
            z_spacing=spacing,
            t_spacing=t_spacing(table, used),
            start_z_coo="pixel",
            start_t_coo="pixel",
            channels=tuple(channels.infos[c] for c in acquired),
        ),
        channel_ids=tuple(channels.ids[c] for c in acquired),
        findings=(*noticed, *_partly_acquired(table, planes)),
    )


def _per_image(table: pd.DataFrame, values: Sequence[int]) -> Ints:
    """Return one image's value for each of its planes."""
    found: Ints = np.array(values, dtype=np.int64)[table["image"].to_numpy()]
    return found


def _channel_places(
    table: pd.DataFrame, numbers: Ints, places: Sequence[Sequence[int]]
) -> Ints:
    """Return the acquisition's number of each plane's (first) channel.

    Args:
        table: Planes with ``image`` and ``c``.
        numbers: Numbers of the images that ``places`` stand for, ascending.
        places: Per image, the acquisition's number of each of its channels.
    """
    most = max(map(len, places))
    lookup = np.array([[*own, *[0] * (most - len(own))] for own in places])
    image = np.searchsorted(numbers, table["image"].to_numpy())
    found: Ints = lookup[image, table["c"].to_numpy()]
    return found


def _acquired(firsts: Ints, samples: Ints) -> list[int]:
    """Return the channels that have planes; a colour plane has one per sample."""
    pairs = np.unique(np.stack([firsts, samples], axis=1), axis=0).tolist()
    return sorted({first + step for first, count in pairs for step in range(count)})


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Return the planes by well (as they come), time point, field, channel and z."""
    wells = table.groupby(["row", "column", "image_path"], sort=False, dropna=False)
    keys = table.assign(well=wells.ngroup(), field=table["fov"].astype(int))
    order = np.lexsort([keys[name] for name in ("z", "c", "field", "t", "well")])
    return table.iloc[order].reset_index(drop=True)


def _tile_table(table: pd.DataFrame, planes: Planes) -> pd.DataFrame:
    """Return the planes as tiles."""
    widths = _per_image(table, [image.width for image in planes.images])
    heights = _per_image(table, [image.height for image in planes.images])
    return build_table(
        {
            "file": table["file"],
            "plane": table["page"] * table["samples"],
            "row": table["row"],
            "column": table["column"],
            "image_path": table["image_path"],
            "fov": table["fov"],
            "x": table["x_um"],
            "y": table["y_um"],
            "z": table["z"],
            "t": table["t"],
            "c": table["c"],
            "len_x": widths,
            "len_y": heights,
            "len_c": table["samples"],
            "z_um": table["z_um"],
            "time_s": table["time_s"],
            "exposure_s": table["exposure_s"],
        }
    )


def _partly_acquired(table: pd.DataFrame, planes: Planes) -> list[Finding]:
    """Return a finding on planes that the images' sizes announce and no file holds."""
    held = table.drop_duplicates(["image", "c", "z", "t"])["image"].value_counts()
    lacking = {
        number: planes.images[number].planes - count
        for number, count in sorted(
            zip(held.index.tolist(), held.tolist(), strict=True)
        )
        if count < planes.images[number].planes
    }
    if not lacking:
        return []
    first = planes.images[next(iter(lacking))]
    message = (
        f"{sum(lacking.values())} planes that the sizes of {len(lacking)} images "
        f"announce are in no file, e.g. of {first.name or first.id}; they were not "
        "acquired."
    )
    names = [planes.images[n].name or planes.images[n].id for n in lacking]
    return [
        Finding(
            code="planes_not_acquired",
            message=message,
            count=sum(lacking.values()),
            images=tuple(names[:SHOWN]),
        )
    ]
