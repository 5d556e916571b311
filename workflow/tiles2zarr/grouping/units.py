"""Starts as micrometer and second, lengths as pixels, planes and time points."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.sheets import row_list

_SLACK = 1e-3
"""A length given in world units may miss a whole number of pixels by this much: it
went through decimal text."""
_WORDS = {"x": "pixel", "y": "pixel", "z": "plane", "t": "time point"}


def spacings(details: AcquisitionDetails) -> Mapping[str, float]:
    """Return micrometer (t: second) per pixel, plane and time point, by axis."""
    return {
        "x": details.pixelsize,
        "y": details.pixelsize,
        "z": details.z_spacing,
        "t": details.t_spacing,
    }


def to_world(table: pd.DataFrame, details: AcquisitionDetails) -> pd.DataFrame:
    """Return the tiles with starts in world units and whole lengths (int64).

    Swap and flips are not applied: positions stay as acquired.

    Raises:
        TableError: A length is not a whole number of pixels, planes or time points.
    """
    columns: dict[str, NDArray[np.generic]] = {}
    faults: list[str] = []
    for axis, spacing in spacings(details).items():
        start = table[axis].to_numpy()
        counted = getattr(details, f"start_{axis}_coo") == "pixel"
        columns[axis] = start * spacing if counted else start
        length = table[f"len_{axis}"].to_numpy()
        world = getattr(details, f"length_{axis}_coo") == "world"
        pixels = length / spacing if world else length
        whole = np.rint(pixels)
        bad = (np.abs(pixels - whole) > (_SLACK if world else 0)) | (whole < 1)
        columns[f"len_{axis}"] = whole.astype(np.int64)
        if bad.any():
            first = int(bad.argmax())
            faults.append(
                f"length_{axis} is {length[first]:g} in "
                f"{row_list(table['source_row'].to_numpy()[bad])}"
                + (f" ({pixels[first]:g} {_WORDS[axis]}s)" if world else "")
                + f", expected a whole number of {_WORDS[axis]}s. Correct it, or "
                f"details.length_{axis}_coo" + (" and the spacing." if world else ".")
            )
    if faults:
        raise TableError("lengths of the tiles", faults)
    return table.assign(**columns)
