"""Wells that were imaged again: one path's tiles count."""

from collections.abc import Sequence

import pandas as pd

from tiles2zarr.config.acquisition import OnRepeat
from tiles2zarr.errors import TableError
from tiles2zarr.grouping.places import image_codes, place_name
from tiles2zarr.models.finding import SHOWN, Finding


def merge_repeats(
    tables: Sequence[pd.DataFrame], paths: Sequence[str], rule: OnRepeat
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return one table in which each well comes from one path, and what was left out.

    Args:
        tables: The tiles of each path, with file names that need no folder.
        paths: Where they come from, for messages.
        rule: Whose tiles count where several paths hold a well.

    Raises:
        TableError: With ``error``, a well comes from several paths.
    """
    parts = [table.assign(part=number) for number, table in enumerate(tables)]
    table = pd.concat(parts, ignore_index=True)
    codes, keys = image_codes(table)
    owners = table.groupby(codes)["part"]
    repeated = (owners.transform("nunique") > 1).to_numpy()
    if rule == OnRepeat.ERROR and repeated.any():
        first = int(repeated.argmax())
        where = paths[int(table["part"].iloc[first])]
        raise TableError(
            "paths of the acquisition",
            [
                f"{place_name(keys[codes[first]])} of {where} is in another path too. "
                "Set on_repeat to last or first to choose one."
            ],
        )
    chosen = owners.transform("min" if rule == OnRepeat.FIRST else "max")
    kept = (table["part"] == chosen).to_numpy()
    places = sorted({place_name(keys[code]) for code in codes[~kept]})
    merged = table[kept].drop(columns="part").reset_index(drop=True)
    if not places:
        return merged, ()
    message = (
        f"{len(places)} wells or images are in several paths; the {rule.value} one was "
        f"taken, {int((~kept).sum())} tiles were left out."
    )
    return merged, (
        Finding(
            code="repeated_wells",
            severity="info",
            message=message,
            count=len(places),
            wells=tuple(places[:SHOWN]),
        ),
    )
