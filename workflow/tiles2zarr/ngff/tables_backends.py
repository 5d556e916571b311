"""A table as the objects of its zarr group, and back: one way per backend."""

import json
from collections.abc import Mapping
from typing import Literal

from tiles2zarr.config.omezarr import TableBackend
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.tables_arrow import parse_arrow, render_arrow
from tiles2zarr.ngff.tables_frames import NamedTable, Row

Backend = TableBackend | Literal["csv", "json", "parquet", "anndata"]
"""How a table is kept; all as ngio keeps them."""
Objects = Mapping[str, bytes]
"""The objects of a table's group by key below it."""


def render_table(table: NamedTable, backend: Backend, version: Version) -> Objects:
    """Return the objects of a table's group, the same bytes for equal tables."""
    match str(backend):
        case "csv":
            return render_arrow(table, "csv", version)
        case "parquet":
            return render_arrow(table, "parquet", version)
        case "json":
            from tiles2zarr.ngff.tables_ngio import render_ngio

            return render_ngio(table, "json", version)
        case _:
            from tiles2zarr.ngff.tables_ngio import render_ngio

            return render_ngio(table, "anndata", version)


def parse_table(objects: Objects, version: Version) -> tuple[Row, ...]:
    """Return the rows of a table from the objects of its group.

    Text that looks like a number stays text, also from CSV.

    Raises:
        StoreError: The group holds no table of a known backend.
    """
    document = json.loads(objects["zarr.json" if version == "0.5" else ".zattrs"])
    attributes = document["attributes"] if version == "0.5" else document
    backend = str(attributes.get("backend", "anndata"))
    # tables of older ngio versions: experimental_csv_v1, anndata_v1
    match backend.removeprefix("experimental_").removesuffix("_v1"):
        case "csv":
            return parse_arrow(objects, "csv")
        case "parquet":
            return parse_arrow(objects, "parquet")
        case "json":
            key = "table/zarr.json" if version == "0.5" else "table/.zattrs"
            inner = json.loads(objects[key])
            columns = inner["attributes"] if version == "0.5" else inner
            values = zip(*columns.values(), strict=True)
            return tuple(dict(zip(columns, row, strict=True)) for row in values)
        case "anndata":
            from tiles2zarr.ngff.tables_ngio import parse_anndata

            return parse_anndata(objects)
    raise StoreError(
        f"a table in the output has the unknown backend {backend!r}. Remove the table "
        "or write into a new plate."
    )
