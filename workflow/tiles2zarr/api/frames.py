"""Tile tables that are in memory, as tiles."""

import numpy as np
import pandas as pd

from tiles2zarr.api.loaders import DefaultImageLoader
from tiles2zarr.api.places import AnyCollection
from tiles2zarr.api.tile import Tile
from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.collection import ImageInPlate, SingleImage
from tiles2zarr.models.well import row_name
from tiles2zarr.parsers.records import ParsedAcquisition
from tiles2zarr.parsers.tile_table import parse_sheet
from tiles2zarr.sheets import Sheet


def hcs_images_from_dataframe(
    *,
    tiles_table: pd.DataFrame,
    acquisition_details: AcquisitionDetails,
    plate_name: str | None = None,
    acquisition_id: int = 0,
) -> list[Tile]:
    """Return one tile per row of a table with the columns ``row`` and ``column``.

    Args:
        tiles_table: The table; it is not changed. Its columns are those of a tile
            table, all others are attributes.
        acquisition_details: Spacings, units, axes, channels.
        plate_name: Name of the plate; left out, ``Plate``.
        acquisition_id: Number of the acquisition.

    Raises:
        TableError: Columns or cells are wrong; all faults, with row numbers.
    """
    parsed = _parse(tiles_table, "row", "hcs_images_from_dataframe")
    table = parsed.table
    places = table[["row", "column"]].drop_duplicates().itertuples(index=False)
    wells: dict[tuple[int, int], AnyCollection] = {
        (int(row), int(column)): ImageInPlate(
            plate_name=plate_name or "Plate",
            row=row_name(int(row)),
            column=int(column) + 1,
            acquisition=acquisition_id,
        )
        for row, column in places
    }
    keys = zip(table["row"].tolist(), table["column"].tolist(), strict=True)
    return _tiles(parsed, [wells[key] for key in keys], acquisition_details)


def single_images_from_dataframe(
    *, tiles_table: pd.DataFrame, acquisition_details: AcquisitionDetails
) -> list[Tile]:
    """Return one tile per row of a table with the column ``image_path``.

    Args:
        tiles_table: The table; it is not changed. Its columns are those of a tile
            table, all others are attributes.
        acquisition_details: Spacings, units, axes, channels.

    Raises:
        TableError: Columns or cells are wrong; all faults, with row numbers.
    """
    parsed = _parse(tiles_table, "image_path", "single_images_from_dataframe")
    paths = parsed.table["image_path"].tolist()
    images = {path: SingleImage(image_path=path) for path in dict.fromkeys(paths)}
    return _tiles(parsed, [images[path] for path in paths], acquisition_details)


def _parse(frame: pd.DataFrame, needed: str, function: str) -> ParsedAcquisition:
    """Return the tiles of a data frame after the checks of every tile table."""
    names = [str(name).strip() for name in frame.columns]
    faults = [
        f"column {name!r} stands {names.count(name)} times. Keep one."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if len(frame) == 0:
        faults.append("it has no rows. Give one row per tile.")
    if needed not in names:
        faults.append(f"{function} needs the column {needed!r}. Add it.")
    if faults:
        raise TableError("tiles_table", faults)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    columns = {
        name: frame.iloc[:, number].reset_index(drop=True)
        for number, name in enumerate(names)
    }
    return parse_sheet(Sheet("tiles_table", columns, rows), "")


def _tiles(
    parsed: ParsedAcquisition,
    places: list[AnyCollection],
    details: AcquisitionDetails,
) -> list[Tile]:
    """Return the rows of a parsed table as tiles."""
    table = parsed.table
    fields = {"fov_name": table["fov"].tolist()}
    for axis in ("x", "y", "z", "t", "c"):
        fields[f"start_{axis}"] = table[axis].tolist()
        fields[f"length_{axis}"] = table[f"len_{axis}"].tolist()
    names = parsed.attributes
    cells = zip(*(table[name].tolist() for name in names), strict=True)
    conditions = list(cells) if names else [()] * len(table)
    return [
        Tile.model_validate(
            {
                **dict(zip(fields, row, strict=True)),
                "collection": place,
                "image_loader": DefaultImageLoader(file_path=file),
                "acquisition_details": details,
                "attributes": dict(zip(names, values, strict=True)),
            }
        )
        for row, place, file, values in zip(
            zip(*fields.values(), strict=True),
            places,
            table["file"].tolist(),
            conditions,
            strict=True,
        )
    ]
