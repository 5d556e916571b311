"""ScanR tiles without metadata: what their names and the first file tell."""

from collections.abc import Mapping

import pandas as pd
import tifffile

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import (
    AcquisitionDetails,
    ChannelInfo,
    StageOrientation,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.directory import Directory, join
from tiles2zarr.parsers.ome_xml_files import other_files
from tiles2zarr.parsers.ome_xml_tiff import DAMAGED
from tiles2zarr.parsers.records import ParsedAcquisition, build_table
from tiles2zarr.parsers.scanr_names import TileName, read_name, read_well_names
from tiles2zarr.parsers.scanr_wells import Wells, place_wells
from tiles2zarr.parsers.xml import open_binary

Storage = Mapping[str, object] | None


def parse_names(
    folder: Directory, storage: Storage = None, *, in_row: bool = False
) -> ParsedAcquisition:
    """Return the tiles of a folder by their names.

    Positions are in no name: every well must have one field, unless they are to be laid
    side by side. The size of tiles is that of the first file; the pixel size is not
    known.

    Args:
        folder: The folder with the tiles, at least one.
        storage: Options of the file system, for URLs.
        in_row: Lay the fields of a well side by side.

    Raises:
        ParserError: A well has several fields, or the first file cannot be read.
    """
    found = [name for file in folder.files if (name := read_name(file)) is not None]
    names = pd.DataFrame(found, columns=TileName._fields)
    crowded = _crowded(names)
    if len(crowded) and not in_row:
        raise _no_positions(crowded, folder)
    wells = place_wells(
        names["well"].unique().tolist(),
        {},
        read_well_names({(name.well, name.prefix) for name in found}),
        None,
        folder.path,
    )
    channels, labels = pd.factorize(names["channel"])
    ordered = names.assign(c=channels).sort_values(
        ["well", "t", "c", "z"], kind="stable", ignore_index=True
    )
    size = _tile_size(join(folder.path, str(ordered["file"].iloc[0])), storage)
    table = _tile_table(ordered, wells, size)
    return ParsedAcquisition(
        table=table,
        details=AcquisitionDetails(
            start_x_coo="pixel",
            start_y_coo="pixel",
            start_z_coo="pixel",
            start_t_coo="pixel",
            channels=tuple(ChannelInfo(channel_label=str(label)) for label in labels),
            stage_corrections=StageOrientation(flip_y=True),
        ),
        resource=folder.path,
        channel_ids=tuple(map(str, labels)),
        layout=wells.layout,
        findings=(
            *other_files(folder, names["file"]),
            *wells.findings,
            *_side_by_side(len(crowded)),
            *_unknown(folder, bool(table["z"].any())),
        ),
    )


def _tile_table(
    names: pd.DataFrame, wells: Wells, size: tuple[int, int]
) -> pd.DataFrame:
    """Return the tiles of names with ``c``; ``size`` is height and width."""
    places = [wells.places[number] for number in names["well"]]
    first = names.groupby(["well", "c"])["z"].transform("min")
    crowded = names["well"].isin(_crowded(names).index)
    place = (names["position"] - names["position"].min()).where(crowded, 0)
    return build_table(
        {
            "file": names["file"],
            "row": [row for row, _ in places],
            "column": [column for _, column in places],
            "fov": names["position"].astype(str),
            "x": place * size[1],
            "y": 0.0,
            "z": names["z"] - first,
            "t": names["t"] - names["t"].min(),
            "c": names["c"],
            "len_x": float(size[1]),
            "len_y": float(size[0]),
        }
    )


def _crowded(names: pd.DataFrame) -> "pd.Series[int]":
    """Return the number of fields of wells that have several."""
    counts = names.groupby("well")["position"].nunique()
    return counts[counts > 1]


def _no_positions(crowded: "pd.Series[int]", folder: Directory) -> ParserError:
    return ParserError(
        f"{folder.path} holds no metadata.ome.xml, and file names tell no positions: "
        f"{len(crowded)} wells have several fields, e.g. well {crowded.index[0]} has "
        f"{crowded.iloc[0]}. Copy metadata.ome.xml from the instrument, use format: "
        "pattern with a grid, or set the option without_positions to row to lay the "
        "fields side by side."
    )


def _side_by_side(wells: int) -> list[Finding]:
    if wells == 0:
        return []
    message = (
        f"The positions of the fields of {wells} wells are not known; they are laid "
        "side by side, in the order of their numbers."
    )
    return [Finding(code="positions_unknown", message=message, count=wells)]


def _tile_size(path: str, storage: Storage) -> tuple[int, int]:
    """Return height and width of a file's pixels."""
    try:
        with open_binary(path, storage) as handle, tifffile.TiffFile(handle) as tiff:
            page = tiff.pages.first
            return int(page.imagelength), int(page.imagewidth)
    except (OSError, *DAMAGED) as error:
        raise ParserError(
            f"{path} cannot be read: {error}. It is the first tile, whose size counts "
            "for all; copy it again from the instrument."
        ) from error


def _unknown(folder: Directory, stacks: bool) -> list[Finding]:
    """Return a finding on the distance of planes, which no name tells."""
    if not stacks:
        return []
    message = (
        f"{folder.path} holds no metadata.ome.xml, so the z spacing is not known and 1 "
        "micrometer is assumed. Set details.z_spacing."
    )
    return [Finding(code="z_spacing_unknown", message=message)]
