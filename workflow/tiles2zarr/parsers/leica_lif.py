"""Leica LIF: the images of a project, fields of a plate's wells or images of their own.

Names of a plate's images end in row, column and field: ``Plate/A/1/R1``.
"""

import re
from collections.abc import Mapping, Sequence
from math import nan

import numpy as np

from tiles2zarr.models.containers import LEICA_AXES
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.container_files import (
    find_containers,
    read_options,
    reading,
    well_of,
    wells_of_names,
)
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    ContainerImage,
    Place,
    colour_channels,
    left_out,
    plane_table,
)
from tiles2zarr.parsers.container_tiles import build_acquisition
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.leica_lif_image import LifRecord, read_image
from tiles2zarr.parsers.records import ParsedAcquisition
from tiles2zarr.parsers.xml import open_binary

_WELL = re.compile(r"(?:(.*)/)?([A-P])/([0-9]{1,2})/[^/]+")
"""Path of a plate's image: plate, row, column, field."""


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a LIF file, or of a folder of such files.

    Images with wells in their names make a plate, others single images. In a folder,
    the names of files may tell the wells.

    Args:
        path: File or folder, local or a URL.
        options: ``images``, ``positions``; see ``read_options``.
        storage: Options of the file system.

    Raises:
        ParserError: A file is damaged, or liffile is not installed.
    """
    chosen = read_options(options or {}, "lif")
    folder, names, several = find_containers(path, "lif", storage)
    images: list[ContainerImage] = []
    findings: list[Finding] = []
    for name in names:
        file = join(folder, name)
        with reading(file, "lif", "liffile", storage):
            records = _read_file(file, storage)
            images += make_images(name, records)
            findings += _find_unusable(name, records)
    wells = wells_of_names(names) if several else {}
    return build_acquisition(images, folder, chosen, wells, findings)


def _read_file(file: str, storage: Mapping[str, object] | None) -> list[LifRecord]:
    from liffile import LifFile

    with open_binary(file, storage) as handle, LifFile(handle) as lif:
        return [read_image(image) for image in lif.images]


def make_images(name: str, records: Sequence[LifRecord]) -> list[ContainerImage]:
    """Return the images of a file, planes numbered as their reader does.

    Args:
        name: Name of the file.
        records: What it tells of each image, in its order.

    Raises:
        ParserError: Numbers of an image do not fit each other.
    """
    images = []
    first = 0
    for record in records:
        if not record.why:
            images.append(_make_image(name, record, first))
        first += record.planes
    return images


def _find_unusable(name: str, records: Sequence[LifRecord]) -> list[Finding]:
    names = [f"{record.path} ({record.why})" for record in records if record.why]
    what = "images hold no planes that can be written"
    return [left_out("images_without_planes", what, name, names)] if names else []


def _make_image(name: str, record: LifRecord, first: int) -> ContainerImage:
    """Return one image; ``first`` is the number of its first plane in the file."""
    planes, left = _planes(record, first)
    match = _WELL.fullmatch(record.path)
    findings = []
    if left:
        extra = [axis for axis in record.axes if axis not in LEICA_AXES]
        what = "axes that images do not have"
        finding = left_out("extra_dimensions", what, f"{name} {record.path}", extra)
        findings.append(finding.replace(count=left))
    return ContainerImage(
        file=name,
        title=record.path,
        channels=_channels(record),
        places=_places(record, match),
        planes=plane_table(planes, f"{name} {record.path}"),
        pixel_um=record.pixel_um,
        z_um=record.z_um,
        t_s=record.t_s,
        start_ms=record.start_ms,
        stage=record.stage,
        plate=match[1] if match else None,
        findings=tuple(findings),
    )


def _planes(record: LifRecord, first: int) -> tuple[dict[str, object], int]:
    """Return the columns of the plane table, and how many frames are left out.

    Along axes that an image does not have only the first index is taken.
    """
    lengths = [record.sizes[axis] for axis in record.axes]
    frames = int(np.prod(lengths or [1]))
    found = np.unravel_index(np.arange(frames), lengths) if lengths else ()
    index = dict(zip(record.axes, found, strict=True))
    keep = np.ones(frames, dtype=bool)
    for axis in record.axes:
        keep &= (index[axis] == 0) | (axis in LEICA_AXES)
    zero = np.zeros(frames, dtype=np.int64)
    m, t, c, z = (index.get(axis, zero)[keep] for axis in LEICA_AXES)
    rows = np.repeat(np.arange(len(t)), record.samples)
    sample = np.tile(np.arange(record.samples), len(t))
    numbers = np.flatnonzero(keep)[rows] * record.samples + sample
    heights = np.full(len(rows), nan)
    if record.z_um is not None and record.z_start_um is not None:
        heights = record.z_start_um + z[rows] * record.z_um
    planes: dict[str, object] = {
        "plane": first + numbers,
        "place": m[rows],
        "t": t[rows],
        "c": c[rows] * record.samples + sample,
        "z": z[rows],
        "z_um": heights,
        "time_s": t[rows] * (nan if record.t_s is None else record.t_s),
    }
    return planes, int((~keep).sum())


def _channels(record: LifRecord) -> tuple[ContainerChannel, ...]:
    channels: list[ContainerChannel] = []
    for channel in record.channels:
        alone = len(record.channels) == 1
        channels += colour_channels(channel, record.samples, alone=alone)
    return tuple(channels)


def _places(record: LifRecord, match: re.Match[str] | None) -> tuple[Place, ...]:
    """Return the mosaic tiles of an image, or its one place."""
    count = record.sizes.get("M", 1)
    told = record.tiles_um if len(record.tiles_um) == count else ()
    well = well_of(match[2] + match[3]) if match else None
    return tuple(
        Place(
            scene=record.path,
            number=0,
            tile=tile if count > 1 else None,
            well=well,
            x_um=told[tile][0] if told else nan,
            y_um=told[tile][1] if told else nan,
            width=record.sizes["X"],
            height=record.sizes["Y"],
        )
        for tile in range(count)
    )
