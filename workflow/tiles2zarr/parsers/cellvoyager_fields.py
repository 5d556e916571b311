"""Fields of a CellVoyager measurement: their names, and where failed ones would be."""

from collections.abc import Iterable
from math import inf

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.cellvoyager_settings import Frame

SAME_FIELD = 0.1
"""Part of a tile's length by which planes of one field may lie apart."""
_FIELD = ["row", "column", "field"]
_XY = ["x_um", "y_um"]


def fill_positions(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with positions for those that have none, where known.

    A field without any position in its well takes that of the same field in other
    wells: positions count from the well's centre.

    Args:
        records: Records of one index, ``field`` known.
    """
    own = records.groupby(_FIELD)[_XY].transform("first")
    others = records.groupby("field")[_XY].transform("median")
    return records.assign(
        **{name: records[name].fillna(own[name]).fillna(others[name]) for name in _XY}
    )


def name_fields(
    records: pd.DataFrame, frames: Iterable[Frame]
) -> tuple[NDArray[np.object_], list[Finding]]:
    """Return the name of every record's field, and a finding on fields in two places.

    The name is the field's number. Where one number stands at several places of a well
    (timelines or partial tiles with their own positions), the second place gets ``_2``
    and so on, because tiles of one field share one place.

    Args:
        records: Records with positions.
        frames: Sizes of the channels; the smallest counts. Without any, all planes of
            a number are one field.
    """
    names = records["field"].astype(str).to_numpy(dtype=object)
    step = np.array(_smallest_tile(frames)) * SAME_FIELD
    first = records.groupby(_FIELD)[_XY].transform("first")
    offset = (records[_XY] - first).to_numpy() / step
    far = (np.abs(offset) > 1).any(axis=1)
    if not far.any():
        return names, []
    moved = records[far][_FIELD].assign(
        x=np.rint(offset[far, 0]), y=np.rint(offset[far, 1])
    )
    places = moved.drop_duplicates()
    ranks = places.assign(rank=places.groupby(_FIELD).cumcount() + 2)
    rank = moved.merge(ranks, how="left")["rank"].astype(str).to_numpy(dtype=object)
    named = names.copy()
    named[far] = names[far] + "_" + rank
    return named, [_finding(places, named[far][0])]


def _finding(places: pd.DataFrame, example: str) -> Finding:
    """Return a finding on the fields that stand at the further ``places``."""
    fields = places[_FIELD].drop_duplicates()
    wells = [well_name(int(r), int(c)) for r, c, _ in fields.to_numpy()[:SHOWN]]
    message = (
        f"{len(fields)} fields stand at several places of their well, e.g. field "
        f"{fields['field'].iloc[0]} of {wells[0]}; the further places are named like "
        f"{example}."
    )
    return Finding(
        code="fields_at_several_places",
        severity="info",
        message=message,
        count=len(fields),
        wells=tuple(dict.fromkeys(wells)),
    )


def _smallest_tile(frames: Iterable[Frame]) -> tuple[float, float]:
    """Return width and height of the smallest tile, micrometer."""
    sizes = [
        (frame.width * frame.pixel_um[0], frame.height * frame.pixel_um[1])
        for frame in frames
    ]
    widths, heights = zip(*sizes, strict=True) if sizes else ((inf,), (inf,))
    return min(widths), min(heights)
