"""Small images at stage positions for the tests of registration.

Positions are given in whole or broken pixels, planes and time points, so that a test
says where a tile must land in the same numbers; the images hold micrometer and second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tiles2zarr.config.registration import Registration
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.collection import ImageInPlate, SingleImage
from tiles2zarr.models.decisions import AcquisitionDecision, GridTiling
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.registration import decide, register_image, well_of, well_origins

ROWS, COLUMNS = 20, 30
"""Shape of a tile in pixels: swapped axes cannot pass."""
PIXEL_UM, PLANE_UM, FRAME_S = 0.5, 2.0, 30.0
"""Spacings: binary fractions, so that positions in pixels are exact."""

Tile = Mapping[str, object]
Corner = tuple[int, int]

_BASE: Tile = {
    "file": "a.tif",
    "plane": 0,
    "fov": "1",
    "x": 0.0,
    "y": 0.0,
    "z": 0.0,
    "t": 0.0,
    "c": 0,
    "len_x": COLUMNS,
    "len_y": ROWS,
    "len_z": 1,
    "len_c": 1,
    "len_t": 1,
    "status": "ok",
}


def tile(fov: str = "1", y: float = 0.0, x: float = 0.0, **more: object) -> Tile:
    """Return a tile at (y, x) px; its file is named for its field, c, z and t."""
    known = {**_BASE, "fov": fov, "y": y, "x": x, **more}
    name = f"{fov}_c{known['c']}_z{known['z']}_t{known['t']}.tif"
    return {**known, "file": more.get("file", name)}


def grid(
    rows: int,
    columns: int,
    step: tuple[float, float] = (ROWS, COLUMNS),
    *,
    start: tuple[float, float] = (0.0, 0.0),
    without: Iterable[Corner] = (),
) -> list[Tile]:
    """Return the fields ``r<row>c<column>`` of a grid, row by row.

    ``step`` is the distance of neighbours and ``start`` the first place, in (y, x) px.
    """
    absent = set(without)
    return [
        tile(f"r{row}c{column}", start[0] + row * step[0], start[1] + column * step[1])
        for row in range(rows)
        for column in range(columns)
        if (row, column) not in absent
    ]


def corners_of(rows: int, columns: int, without: Iterable[Corner] = ()) -> dict:
    """Return where the fields of `grid` stand edge to edge, by name."""
    absent = set(without)
    return {
        f"r{row}c{column}": (row * ROWS, column * COLUMNS)
        for row in range(rows)
        for column in range(columns)
        if (row, column) not in absent
    }


def details(**changes: object) -> AcquisitionDetails:
    """Return spacings of 0.5 and 2 micrometer and 30 s, and one channel."""
    known: dict[str, object] = {
        "pixelsize": PIXEL_UM,
        "z_spacing": PLANE_UM,
        "t_spacing": FRAME_S,
        "channels": (ChannelInfo(channel_label="DAPI"),),
    }
    return AcquisitionDetails.model_validate({**known, **changes})


def channels(count: int) -> tuple[ChannelInfo, ...]:
    """Return channels ``ch0``, ``ch1`` ..."""
    return tuple(ChannelInfo(channel_label=f"ch{number}") for number in range(count))


def image(
    tiles: Iterable[Tile],
    place: str = "B03",
    *,
    acquisition: int = 0,
    suffix: str = "",
    known: AcquisitionDetails | None = None,
    **more: object,
) -> TiledImage:
    """Return the image of a well (``B03``) or, with a path as place, a single one."""
    known = known or details()
    collection: ImageInPlate | SingleImage = (
        ImageInPlate(
            plate_name="P",
            row=place[0],
            column=int(place[1:]),
            acquisition=acquisition,
            suffix=suffix,
        )
        if place[1:].isdigit()
        else SingleImage(image_path=place, suffix=suffix)
    )
    return TiledImage(
        collection=collection,
        acquisition=known,
        acquisition_id=acquisition,
        tiles=tile_columns(tiles, known),
        **more,
    )


def tile_columns(tiles: Iterable[Tile], known: AcquisitionDetails) -> TileColumns:
    """Return tiles as columns, positions in micrometer and second."""
    rows = list(tiles)
    names = {**_BASE} if not rows else {name: 0 for row in rows for name in row}
    units = {
        "x": known.pixelsize,
        "y": known.pixelsize,
        "z": known.z_spacing,
        "t": known.t_spacing,
    }
    columns = {name: [row.get(name) for row in rows] for name in names}
    for name, unit in units.items():
        columns[name] = [float(value) * unit for value in columns[name]]
    return TileColumns.model_validate(columns)


def options(**changes: object) -> Registration:
    """Return the ``registration`` section with ``changes``."""
    return Registration.model_validate(changes)


def decided(
    tiling: object = None, *, axes: str = "czyx", levels: int = 1, **more: object
) -> AcquisitionDecision:
    """Return a decision: a grid of touching tiles if no tiling is given."""
    return AcquisitionDecision.model_validate(
        {
            "axes": axes,
            "levels": levels,
            "tiling": tiling or GridTiling(pitch=(ROWS, COLUMNS), tolerance=1.0),
            "reason": "by hand",
            "requested": "",
            **more,
        }
    )


@dataclass(frozen=True)
class Converted:
    """The images of one acquisition, decided and registered."""

    decision: AcquisitionDecision
    findings: tuple[Finding, ...]
    images: dict[str, RegisteredImage]

    @property
    def only(self) -> RegisteredImage:
        """Return the only image."""
        (found,) = self.images.values()
        return found

    @property
    def codes(self) -> list[str]:
        """Return the codes of the decision's findings."""
        return [finding.code for finding in self.findings]


def convert(
    images: Iterable[TiledImage],
    *,
    uniform: bool = False,
    num_levels: int = 1,
    origins: Mapping[str, tuple[float, float]] | None = None,
    **changes: object,
) -> Converted:
    """Decide for all images of one acquisition together, then register each."""
    members, chosen = list(images), options(**changes)
    if origins is None:
        origins = well_origins(members, align_xy=chosen.align_xy)
    decision, findings = decide(
        members,
        chosen,
        num_levels=num_levels,
        uniform=uniform,
        requested="",
        origins=origins,
    )
    found = {
        member.image: register_image(
            member,
            decision,
            chosen,
            dtype="uint16",
            well_origin=origins[well_of(member)],
        )
        for member in members
    }
    return Converted(decision, findings, found)


def corners(registered: RegisteredImage) -> dict[str, Corner]:
    """Return (y, x) of each field in the image, pixel."""
    return {field.name: (field.start[2], field.start[3]) for field in registered.fovs}
