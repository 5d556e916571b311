"""Where planes lie: stage positions of fields, heights, sizes, and their indices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.imagexpress_samples import FIELD

PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes that is rounding."""
Floats = NDArray[np.float64]
_XY = ["x_um", "y_um"]


@dataclass(frozen=True)
class Placed:
    """The planes that have a place.

    Args:
        table: The planes, with ``x``, ``y``, ``z_um`` (micrometer), ``z``, ``t``
            (indices from 0), ``width``, ``height`` (pixel).
        findings: What had to be estimated, and what has no place.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...]


def place_planes(planes: pd.DataFrame, said: pd.DataFrame, folder: str) -> Placed:
    """Return planes with position, height, size and indices.

    A field has one position, that of its first plane: the stage rests while planes and
    channels are taken. Where it was not read, the distances of the fields in the well
    with most known ones are taken.

    Args:
        planes: The planes taken, with ``projected``.
        said: Their headers (``Headers.columns``), in the same order.
        folder: The plate's folder, for messages.

    Raises:
        ParserError: No plane tells its stage position.
    """
    table = pd.concat(
        [planes.reset_index(drop=True), said.reset_index(drop=True)], axis=1
    )
    table, untold = _without_positions(table, folder)
    fields = _fields(table)
    number = table.groupby(FIELD, sort=True).ngroup().to_numpy().astype(np.int64)
    x, y = fields[_XY].to_numpy()[number].T
    heights = _heights(table, fields, number)
    table = table.assign(
        x=x,
        y=y,
        z=_steps(table),
        t=table["time_point"] - table["time_point"].min(),
        z_um=heights,
        width=_sizes(table, "width"),
        height=_sizes(table, "height"),
    )
    placed = np.isfinite(x)
    guessed = int((said["z_um"].isna().to_numpy() & np.isfinite(heights)).sum())
    findings = (
        *untold,
        *_estimated(table[fields["estimated"].to_numpy()[number] & placed]),
        *_unplaced(table[~placed]),
        *_guessed_heights(guessed),
    )
    return Placed(table[placed].reset_index(drop=True), findings)


def _without_positions(
    table: pd.DataFrame, folder: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the planes, at 0 if none tells a position and none needs one.

    Raises:
        ParserError: No plane tells its position, and a well has several sites.
    """
    if table[_XY].notna().all(axis=1).any():
        return table, []
    if (table.groupby(["row", "column"])["site"].nunique() > 1).any():
        raise ParserError(
            f"{folder}: no image tells its stage position (tags stage-position-x and "
            "stage-position-y), and wells have several sites. Take the files as "
            "MetaXpress wrote them, or give the positions with format: pattern (option "
            "grid or positions)."
        )
    message = (
        f"No image in {folder} tells its stage position; every well has one site, "
        "which is taken to be at 0."
    )
    found = Finding(code="positions_unknown", severity="info", message=message)
    return table.assign(x_um=0.0, y_um=0.0), [found]


def _fields(table: pd.DataFrame) -> pd.DataFrame:
    """Return position, height and first plane of every field, sorted by field.

    Columns: ``FIELD``, ``x_um``, ``y_um``, ``z_um``, ``wave``, ``step``, ``estimated``.
    """
    columns = [*FIELD, *_XY, "z_um", "wave", "step"]
    order = table.sort_values(
        ["time_point", "projected", "wave", "step"], kind="stable"
    )
    told = order[order[_XY].notna().all(axis=1)].drop_duplicates(FIELD)
    fields = table[FIELD].drop_duplicates().sort_values(FIELD)
    fields = fields.merge(told[columns], on=FIELD, how="left")
    unknown = fields["x_um"].isna()
    if unknown.any():
        known = fields[~unknown]
        wells = known.groupby(["row", "column"]).size()
        best = known.set_index(["row", "column"]).loc[[wells.idxmax()]]
        best = best.set_index("site")[_XY]
        first = known[known["site"].isin(best.index)].drop_duplicates(["row", "column"])
        base = fields[["row", "column"]].merge(
            first[["row", "column", "site", *_XY]], on=["row", "column"], how="left"
        )
        # a well without any known field stands where the other well does
        base["site"] = base["site"].fillna(best.index[0]).astype("int64")
        start = best.reindex(base["site"]).to_numpy()
        corner = np.where(np.isnan(base[_XY].to_numpy()), start, base[_XY].to_numpy())
        guess = corner + best.reindex(fields["site"]).to_numpy() - start
        fields[_XY] = np.where(unknown.to_numpy()[:, None], guess, fields[_XY])
    return fields.assign(estimated=unknown)


def _heights(
    table: pd.DataFrame, fields: pd.DataFrame, number: NDArray[np.int64]
) -> Floats:
    """Return z of every plane, micrometer: as read, else from that of its field.

    Between planes of a field, the distances of the fields are taken where they were
    read: only the focus differs from field to field.
    """
    slot = ["wave", "step"]
    own = fields[["z_um", *slot]].iloc[number].reset_index(drop=True)
    code = own.groupby(slot).ngroup()
    usual = code == code[code >= 0].mode()[0]  # fields with the same first plane
    offsets = table[["time_point", *slot]].assign(offset=table["z_um"] - own["z_um"])
    offsets = offsets[usual].sort_values("time_point", kind="stable")
    known = offsets.groupby(slot)["offset"].first()
    keys = (pd.MultiIndex.from_frame(part[slot]) for part in (table, own))
    there, here = (known.reindex(key).fillna(0.0).to_numpy() for key in keys)
    guess = own["z_um"].to_numpy() + there - here
    read = table["z_um"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(read), guess, read)


def _steps(table: pd.DataFrame) -> Floats:
    """Return the plane index: the step's number from the wavelength's first one."""
    step = table["step"].where(~table["projected"] & (table["step"] > 0))
    first = step.groupby(table["wave"]).transform("min")
    return (step - first).fillna(0.0).to_numpy(dtype=np.float64)


def _sizes(table: pd.DataFrame, name: str) -> Floats:
    """Return a length in pixels: as read, else that of the wavelength, of any."""
    usual = table.groupby("wave")[name].transform("first")
    lengths = table[name].fillna(usual).fillna(table[name].dropna().iloc[0])
    return lengths.to_numpy(dtype=np.float64)


def find_pixel_size(table: pd.DataFrame, folder: str) -> tuple[float, list[Finding]]:
    """Return the pixel size, micrometer; 1.0 with a finding where no header tells it.

    Args:
        table: Planes with ``pixel_um`` and ``file``.
        folder: The plate's folder, for messages.

    Raises:
        ParserError: There are several pixel sizes.
    """
    told = table[table["pixel_um"].notna()]
    if told.empty:
        message = (
            f"No image in {folder} tells its pixel size (spatial-calibration-x); 1 "
            "micrometer is taken. Set details.pixelsize."
        )
        return 1.0, [Finding(code="pixel_size_unknown", message=message)]
    sizes = told["pixel_um"].to_numpy()
    low, high = int(sizes.argmin()), int(sizes.argmax())
    if sizes[high] > sizes[low] * (1 + PIXEL_TOLERANCE):
        files = told["file"].to_numpy()
        raise ParserError(
            f"{folder} holds images of several pixel sizes: {sizes[low]:g} micrometer "
            f"in {files[low]}, {sizes[high]:g} in {files[high]}. Convert them as two "
            "acquisitions, each with a channel filter."
        )
    return float(sizes[0]), []


def _estimated(table: pd.DataFrame) -> list[Finding]:
    if table.empty:
        return []
    fields = len(table[FIELD].drop_duplicates())
    message = (
        f"The stage positions of {fields} fields were not read; the distances of the "
        "fields in one well are taken for them."
    )
    files = tuple(table["file"].iloc[:SHOWN])
    return [
        Finding(
            code="positions_estimated",
            message=message,
            count=fields,
            files=files,
        )
    ]


def _unplaced(table: pd.DataFrame) -> list[Finding]:
    if table.empty:
        return []
    message = (
        f"{len(table)} files are left out, since neither their headers nor other wells "
        f"tell where they lie, e.g. {table['file'].iloc[0]}. Copy them again from the "
        "instrument."
    )
    return [
        Finding(
            code="unplaced_files",
            severity="error",
            message=message,
            count=len(table),
            files=tuple(table["file"].iloc[:SHOWN]),
        )
    ]


def _guessed_heights(count: int) -> list[Finding]:
    if count == 0:
        return []
    message = (
        f"The heights (z_um) of {count} planes are taken from the first plane of their "
        "field and the distances of planes in another field; their own headers were "
        "not read."
    )
    return [
        Finding(code="heights_estimated", severity="info", message=message, count=count)
    ]
