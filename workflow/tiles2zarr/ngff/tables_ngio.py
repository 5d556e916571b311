"""Tables kept as AnnData or JSON: made and read back by ngio.

ngio writes into memory; the store then gets finished objects in an order of our choice.
So remote and local stores take the same path, equal tables can be told by their bytes,
and ngio's lock files beside the store never appear.
"""

import threading
import warnings
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Literal, cast

import pandas as pd
import zarr
from ngio.tables import ConditionTable, GenericTable, RoiTable, open_table, write_table
from ngio.tables.backends import BackendMeta
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.storage import MemoryStore

from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.tables_frames import NamedTable, Row

_ROOT = "table"
_ONE_AT_A_TIME = threading.Lock()
"""Warnings are muted for the whole process, whichever thread asked for it."""


def render_ngio(
    table: NamedTable, backend: Literal["anndata", "json"], version: Version
) -> dict[str, bytes]:
    """Return the objects of a table's group, the same bytes for equal tables."""
    with _ONE_AT_A_TIME:
        return _render(table, backend, version)


def _render(
    table: NamedTable, backend: Literal["anndata", "json"], version: Version
) -> dict[str, bytes]:
    kept: dict[str, Buffer] = {}
    store = MemoryStore(cast("MutableMapping[str, Buffer]", kept))
    zarr_format: Literal[2, 3] = 3 if version == "0.5" else 2
    group = zarr.create_group(store, path=_ROOT, zarr_format=zarr_format)
    with _quiet_anndata():
        write_table(group, _ngio_table(table, backend), backend=backend)
    # not what zarr puts above the table's group (v2: a group's marker at the root)
    below = f"{_ROOT}/"
    return {
        key.removeprefix(below): kept[key].to_bytes()
        for key in sorted(kept)
        if key.startswith(below)
    }


def _ngio_table(
    table: NamedTable, backend: str
) -> RoiTable | ConditionTable | GenericTable:
    if backend == "anndata":
        _check_names(table)
    frame = _storable(table.frame, backend)
    if table.kind == "condition_table":
        return ConditionTable(frame)
    if table.kind == "generic_table":
        # left to itself ngio writes neither type nor version of a generic table
        meta = BackendMeta(type="generic_table", table_version="1")
        return GenericTable(frame, meta=meta)
    rois = RoiTable()
    # as a frame: made from ROIs, the order of the further columns would be random
    rois.set_table_data(frame)
    return rois


def _check_names(table: NamedTable) -> None:
    """Refuse names of columns that AnnData cannot keep: each becomes a key of zarr.

    Raises:
        StoreError: A name holds a slash, or is AnnData's own.
    """
    wrong = [n for n in table.frame.columns if "/" in str(n) or n == "_index"]
    if wrong:
        raise StoreError(
            f"column {wrong[0]!r} of {table.name} cannot be kept by the table backend "
            "anndata: its names may not hold '/' and not be '_index'. Rename the "
            "column, or set omezarr.table_backend to csv."
        )


def _storable(frame: pd.DataFrame, backend: str) -> pd.DataFrame:
    """Return the frame with types the backend can keep."""
    if backend == "json":
        # NaN and NA are no JSON; None is
        return frame.astype(object).where(frame.notna(), None)
    if backend == "anndata":
        flags = [*frame.select_dtypes(["bool", "boolean"]).columns]
        # left as objects, ngio writes the text "None" into a column of nulls
        blank = [name for name in frame.columns if frame[name].isna().all()]
        return frame.astype(dict.fromkeys([*flags, *blank], "float64"))
    return frame


@contextmanager
def _quiet_anndata() -> Iterator[None]:
    """Mute what anndata says about formats ngio chose for it."""
    with warnings.catch_warnings():
        for message in ("Writing zarr v2 data", "Consolidated metadata is currently"):
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield


def parse_anndata(objects: Mapping[str, bytes]) -> tuple[Row, ...]:
    """Return the rows of an AnnData table from the objects of its group."""
    buffer = default_buffer_prototype().buffer
    store = MemoryStore(
        {f"{_ROOT}/{key}": buffer.from_bytes(data) for key, data in objects.items()}
    )
    frame = open_table(zarr.open_group(store, path=_ROOT, mode="r"), mode="r").dataframe
    if frame.index.name is not None:
        frame = frame.reset_index()
    plain = frame.astype(object).where(frame.notna(), None)
    names = [str(name) for name in plain.columns]
    return tuple(
        dict(zip(names, row, strict=True)) for row in plain.to_numpy().tolist()
    )
