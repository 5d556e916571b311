"""Attributes of the tiles and condition tables, joined per image and field of view."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.conditions.reading import condition_names
from tiles2zarr.errors import TableError
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import ConditionRow
from tiles2zarr.models.well import well_name

ImageKey: TypeAlias = tuple[int, int] | str
"""An image within its acquisition: 0-based (row, column), or ``image_path``."""
_PLACE = ["row", "column", "image_path"]
_FIELD = [*_PLACE, "fov"]
_LISTED = 24
_ORDER, _FOR_FOV, _NEW = " order", " for fov", " new "
"""Columns used while joining; names in sheets never begin with a blank."""


def join_conditions(
    table: pd.DataFrame,
    conditions: Sequence[pd.DataFrame],
    acquisition: int,
    *,
    attributes: Sequence[str] = (),
) -> tuple[dict[ImageKey, tuple[ConditionRow, ...]], tuple[Finding, ...]]:
    """Return the condition rows of every image, and what was noticed.

    An image gets one row, or several if its tables have several for it; if its fields
    of view differ, each field gets its own. Columns are those of all tables; an image
    that a table does not name has nulls there.

    Args:
        table: The parsed tiles.
        conditions: Condition tables in normal form.
        acquisition: Id of the tiles' acquisition.
        attributes: Names of the tiles' attribute columns.

    Raises:
        TableError: Two sources give one image different values of one column.
    """
    rows = table[[*_FIELD, *attributes]].drop_duplicates().reset_index(drop=True)
    findings = _differing_attributes(rows) if attributes else []
    names = list(attributes)
    for condition in conditions:
        rows, found = _join(rows, condition, acquisition, names)
        findings += found
        names += [name for name in condition_names(condition) if name not in names]
    if not names:
        return {}, tuple(findings)
    return _condition_rows(rows, names), tuple(findings)


def _join(
    rows: pd.DataFrame, condition: pd.DataFrame, acquisition: int, known: Sequence[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return ``rows`` with one condition table's columns, and what was noticed."""
    title = str(condition.attrs.get("title", "assay layout"))
    names = condition_names(condition)
    right = condition[[c for c in condition if c in (*_FIELD, *names)]].copy()
    if "acquisition" in condition:
        own = condition["acquisition"]
        right = right[(own.isna() | (own == acquisition)).to_numpy(dtype=bool)]
    right = right.rename(columns={name: f"{_NEW}{name}" for name in names})
    right = right.rename(columns={"fov": _FOR_FOV})
    keys = [name for name in _PLACE if name in condition]
    left = rows.assign(**{_ORDER: np.arange(len(rows))})
    for key in keys:
        right[key] = right[key].astype(left[key].dtype)
    joined = left.merge(right, on=keys, how="inner")
    findings = _unused(left, right, keys, title)
    named = left[_ORDER].isin(joined[_ORDER])
    if _FOR_FOV in joined:
        fits = joined[_FOR_FOV].isna() | (joined[_FOR_FOV] == joined["fov"])
        joined = joined[fits.to_numpy(dtype=bool)]
    absent = left[~left[_ORDER].isin(joined[_ORDER])]
    findings += _without_rows(left[~named], title)
    findings += _fields_without_rows(left[named & left.index.isin(absent.index)], title)
    columns = {f"{_NEW}{name}": None for name in names}
    blank = absent.assign(**columns) if len(absent) else absent
    parts = [part.astype(object) for part in (joined, blank) if len(part)]
    merged = pd.concat(parts or [joined]).sort_values(
        _ORDER, kind="stable", ignore_index=True
    )
    return _combine(merged, names, known, title), findings


def _combine(
    merged: pd.DataFrame, names: Sequence[str], known: Sequence[str], title: str
) -> pd.DataFrame:
    """Return the joined rows with new columns under their names.

    Raises:
        TableError: A column was known and holds another value.
    """
    faults = []
    columns = {name: merged[name] for name in (*_FIELD, *known)}
    for name in names:
        new = merged[f"{_NEW}{name}"]
        if name not in known:
            columns[name] = new
            continue
        old = merged[name]
        clash = (old.notna() & new.notna() & (old != new)).to_numpy(dtype=bool)
        columns[name] = old.where(old.notna(), new)
        if clash.any():
            first = int(clash.argmax())
            places = _listed(_place_names(merged[clash]))
            faults.append(
                f"column {name!r} is {new[first]!r} here, but {old[first]!r} in the "
                f"tile table or another condition table ({places}). Make them equal, "
                "or delete one of the columns."
            )
    if faults:
        raise TableError(title, faults)
    return pd.DataFrame(columns)


def _condition_rows(
    rows: pd.DataFrame, names: Sequence[str]
) -> dict[ImageKey, tuple[ConditionRow, ...]]:
    """Return the joined rows of each image as models, in their order."""
    order = rows.groupby(_PLACE, sort=False, dropna=False).ngroup().to_numpy()
    rows = rows.iloc[np.argsort(order, kind="stable")]
    cells = zip(*(_scalars(rows[name]) for name in names), strict=True)
    entries = zip(
        zip(*(rows[name].tolist() for name in _PLACE), strict=True),
        rows["fov"].tolist(),
        cells,
        strict=True,
    )
    result: dict[ImageKey, tuple[ConditionRow, ...]] = {}
    for place, image in groupby(entries, key=lambda entry: _key(*entry[0])):
        by_field: dict[str, list[tuple[Scalar, ...]]] = {}
        for _, fov, values in image:
            by_field.setdefault(fov, []).append(values)
        result[place] = tuple(_image_rows(by_field, names))
    return result


def _image_rows(
    by_field: Mapping[str, list[tuple[Scalar, ...]]], names: Sequence[str]
) -> Iterable[ConditionRow]:
    """Yield one image's rows: for the whole image if its fields agree."""
    first = next(iter(by_field.values()))
    if all(values == first for values in by_field.values()):
        for values in first:
            yield ConditionRow(values=dict(zip(names, values, strict=True)))
        return
    for fov, rows in by_field.items():
        for values in rows:
            yield ConditionRow(fov=fov, values=dict(zip(names, values, strict=True)))


def _key(row: object, column: object, image_path: object) -> ImageKey:
    """Return the key of an image, of Python's own numbers."""
    if isinstance(image_path, str):
        return image_path
    if isinstance(row, int | np.integer) and isinstance(column, int | np.integer):
        return int(row), int(column)
    raise ValueError(f"no image at row {row}, column {column}")


def _scalars(column: "pd.Series[str]") -> list[Scalar]:
    """Return the cells of a column as values JSON can hold."""
    plain: NDArray[np.object_] = column.astype(object).to_numpy()
    blank = column.isna().to_numpy()
    return [
        None if empty else value.item() if isinstance(value, np.generic) else value
        for value, empty in zip(plain, blank, strict=True)
    ]


def _place_names(rows: pd.DataFrame) -> list[str]:
    """Return the wells or images of rows, each once."""
    places = rows[_PLACE].drop_duplicates().itertuples(index=False, name=None)
    return [
        key if isinstance(key, str) else well_name(*key)
        for key in (_key(*place) for place in places)
    ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"


def _finding(
    code: str, rows: pd.DataFrame, message: str, severity: str = "warning"
) -> list[Finding]:
    """Return a finding on the wells or images of ``rows``, if there are any."""
    if rows.empty:
        return []
    names = _place_names(rows)
    single = rows["image_path"].notna().all()
    return [
        Finding.model_validate(
            {
                "code": code,
                "severity": severity,
                "message": message.format(_listed(names)),
                "count": len(names),
                "images" if single else "wells": tuple(names[:SHOWN]),
            }
        )
    ]


def _without_rows(rows: pd.DataFrame, title: str) -> list[Finding]:
    what = "images" if rows["image_path"].notna().any() else "wells"
    message = f"The {title} has no row for the {what} {{}}. Their conditions are null."
    return _finding(f"{what}_without_conditions", rows, message)


def _fields_without_rows(rows: pd.DataFrame, title: str) -> list[Finding]:
    message = (
        f"The {title} has rows for other fields of view of {{}} only. The conditions "
        "of the fields it does not name are null."
    )
    return _finding("fields_without_conditions", rows, message)


def _differing_attributes(rows: pd.DataFrame) -> list[Finding]:
    message = (
        "Tiles of one field of view of {} have different attributes. The condition "
        "table has a row for each; make the columns equal if this is not meant."
    )
    return _finding("attributes_differ", rows[rows.duplicated(_FIELD)], message)


def _unused(
    left: pd.DataFrame, right: pd.DataFrame, keys: Sequence[str], title: str
) -> list[Finding]:
    places = pd.MultiIndex.from_frame(left[list(keys)])
    mine = pd.MultiIndex.from_frame(right[list(keys)])
    unused = right[~mine.isin(places)].reindex(columns=_PLACE)
    message = f"The {title} has rows for {{}}, of which there are no tiles."
    return _finding("conditions_without_images", unused, message, "info")
