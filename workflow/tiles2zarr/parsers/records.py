"""What every parser returns: a table of tiles and the acquisition's metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
"""What a JSON file can hold."""

COLUMNS: Mapping[str, str] = {
    "file": "object",
    "plane": "int64",
    "row": "Int64",
    "column": "Int64",
    "image_path": "object",
    "fov": "object",
    "x": "float64",
    "y": "float64",
    "z": "float64",
    "t": "float64",
    "c": "int64",
    "len_x": "float64",
    "len_y": "float64",
    "len_z": "float64",
    "len_t": "float64",
    "len_c": "int64",
    "status": "object",
    "z_um": "float64",
    "time_s": "float64",
    "exposure_s": "float64",
    "source_row": "int64",
}
"""Columns of a parsed table in their order, with their pandas dtypes."""

REQUIRED = ("file", "fov", "x", "y", "len_x", "len_y")
"""Columns that ``build_table`` cannot fill by itself."""

_DEFAULTS: Mapping[str, object] = {
    "plane": 0,
    "row": pd.NA,
    "column": pd.NA,
    "image_path": None,
    "z": 0.0,
    "t": 0.0,
    "c": 0,
    "len_z": 1.0,
    "len_t": 1.0,
    "len_c": 1,
    "status": "ok",
    "z_um": np.nan,
    "time_s": np.nan,
    "exposure_s": np.nan,
}


@dataclass(frozen=True)
class ParsedAcquisition:
    """The tiles of one acquisition, and what its metadata say.

    Args:
        table: One row per tile in paste order (later wins); see ``COLUMNS``, followed
            by one column per attribute.
        attributes: Names of the attribute columns.
        details: What the metadata say; the config's ``details`` are merged over it.
        channel_ids: The vendor's ids of ``details.channels``, in the same order.
        resource: Folder or URL that relative ``file`` values start from.
        plate_name: Name of the plate, where known.
        layout: Physical rows and columns, where known.
        name: Name of the acquisition, where known.
        description: Description, where known.
        start_time: Start, epoch milliseconds, where known.
        end_time: End, epoch milliseconds, where known.
        conditions: The vendor's assay layout (``row``, ``column``, then conditions).
        extras: Other facts to keep, e.g. flat-field profiles.
        findings: What parsing noticed.
    """

    table: pd.DataFrame
    details: AcquisitionDetails
    resource: str
    attributes: tuple[str, ...] = ()
    channel_ids: tuple[str, ...] = ()
    plate_name: str | None = None
    layout: PlateLayout | None = None
    name: str | None = None
    description: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    conditions: pd.DataFrame | None = None
    extras: dict[str, JSON] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def empty_table(attributes: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table of no tiles with all columns in their dtypes."""
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in COLUMNS.items()}
    return pd.DataFrame(
        columns | {name: pd.Series([], dtype="object") for name in attributes}
    )


def build_table(
    columns: Mapping[str, object], attributes: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a table made of ``columns`` (arrays, sequences or one value for all).

    Columns left out take their defaults: plane, c, z and t 0, lengths 1, status ``ok``,
    ``source_row`` 1, 2, ...; ``REQUIRED`` and the attributes must be given.

    Raises:
        ParserError: A column is missing, unknown, or does not convert to its dtype.
    """
    known = set(COLUMNS) | set(attributes)
    missing = [name for name in (*REQUIRED, *attributes) if name not in columns]
    unknown = [name for name in columns if name not in known]
    if missing or unknown:
        raise ParserError(
            f"The parsed table lacks columns {missing} and has unknown columns "
            f"{unknown}. Give the columns {list(REQUIRED)} and name others as "
            "attributes."
        )
    rows = len(pd.Series(columns["file"], dtype="object"))
    table: dict[str, pd.Series] = {}
    for name in (*COLUMNS, *attributes):
        default = np.arange(1, rows + 1) if name == "source_row" else None
        values = columns.get(name, _DEFAULTS.get(name, default))
        dtype = COLUMNS.get(name, "object")
        try:
            table[name] = _series(values, rows, dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise ParserError(
                f"Column {name!r} of the parsed table does not convert to {dtype}: "
                f"{error}. Give {rows} values of that type."
            ) from error
    return plain_text(pd.DataFrame(table))


def _series(values: object, rows: int, dtype: str) -> pd.Series:
    """Return ``values`` as a column of ``rows`` entries; one value is repeated."""
    if isinstance(values, pd.Series):
        values = values.array
    single = isinstance(values, str) or not hasattr(values, "__len__")
    column = pd.Series([values] * rows if single else values, dtype=dtype)
    if len(column) != rows:
        raise ValueError(f"{len(column)} values for {rows} rows")
    return column


def plain_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text as objects and ``None`` for what is missing.

    From pandas 3 on text gets a type of its own, with NaN for what is missing.
    """
    text = [
        str(name)
        for name, dtype in table.dtypes.items()
        if isinstance(dtype, pd.StringDtype) or dtype == np.dtype("O")
    ]
    plain = {n: table[n].astype(object).where(table[n].notna(), None) for n in text}
    return table.assign(**plain)


def check_table(table: pd.DataFrame, attributes: Sequence[str], source: str) -> None:
    """Check that a parser kept to the columns and dtypes of ``COLUMNS``.

    Args:
        table: The parsed table.
        attributes: Names of its attribute columns.
        source: Name of the parser, for the message.

    Raises:
        ParserError: Columns are missing, unknown, of another dtype, or hold values
            that no tile can have.
    """
    expected = [*COLUMNS, *attributes]
    faults = [f"no column {name!r}" for name in expected if name not in table]
    faults += [
        f"unknown column {name!r}" for name in table.columns if name not in expected
    ]
    faults += [
        f"column {name!r} is {table[name].dtype}, not {dtype}"
        for name, dtype in COLUMNS.items()
        if name in table and str(table[name].dtype) != dtype
    ]
    faults = faults or _value_faults(table)
    if faults:
        raise ParserError(
            f"The table of tiles returned by {source} cannot be used: "
            f"{'; '.join(faults)}. Return the columns {list(COLUMNS)} followed by the "
            "attributes (tiles2zarr.parsers.records.build_table makes such a table)."
        )


def _value_faults(table: pd.DataFrame) -> list[str]:
    """Return what no tile can have, each with its first source row."""
    in_plate = table["row"].notna() & table["column"].notna()
    finite = np.isfinite(table[["x", "y", "z", "t"]].to_numpy()).all(axis=1)
    lengths = table[["len_x", "len_y", "len_z", "len_c", "len_t"]].to_numpy()
    ok = table["status"] == "ok"
    checks = {
        "neither row and column nor image_path": ~(
            in_plate | table["image_path"].notna()
        ),
        "a position that is not finite": ~finite,
        "a length that is not positive": ~(lengths > 0).all(axis=1),
        "a status other than ok, missing, error": ~table["status"].isin(
            ["ok", "missing", "error"]
        ),
        "no file": ok & (table["file"].isna() | (table["file"] == "")),
        "no fov": table["fov"].isna(),
        "a negative plane or channel": (table["plane"] < 0) | (table["c"] < 0),
    }
    faults = []
    for text, bad in checks.items():
        mask = np.asarray(bad, dtype=bool)
        if mask.any():
            first = int(table["source_row"].to_numpy()[int(mask.argmax())])
            faults.append(f"{int(mask.sum())} tiles with {text} (first: row {first})")
    return faults
