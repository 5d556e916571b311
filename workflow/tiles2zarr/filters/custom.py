"""Filter by a function of the user's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ExtensionError
from tiles2zarr.extension import call_function, load_function


def match_custom(
    table: pd.DataFrame, name: str, options: Mapping[str, object]
) -> NDArray[np.bool_]:
    """Return what a user's function says of each tile.

    The function is called as ``function(table, options)`` with a copy of the table of
    tiles and returns one truth value per row.

    Raises:
        ExtensionError: It cannot be imported, fails, or returns anything else.
    """
    function = load_function(name)
    returned = call_function(name, function, table.copy(), dict(options))
    mask = np.asarray(returned)
    if mask.shape != (len(table),) or mask.dtype != np.bool_:
        raise ExtensionError(
            f"Filter function {name!r} returned {mask.dtype} of shape {mask.shape}, "
            f"expected {len(table)} truth values, one per tile. Correct the function."
        )
    return mask
