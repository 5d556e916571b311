"""A table as the objects of its zarr group, and back: one way per backend.

CSV and Parquet are one file in a group of a few attributes, and made without ngio:
importing it costs more than all tables of a small plate. Tests hold that the attributes
are those ngio writes, and that ngio reads both.
"""

import io
import json
from collections.abc import Mapping
from typing import Literal

from tiles2zarr.config.omezarr import TableBackend
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import Version, group_documents
from tiles2zarr.ngff.tables_csv import parse_csv, render_csv
from tiles2zarr.ngff.tables_frames import INDEX, NamedTable, Row

Backend = TableBackend | Literal["csv", "json", "parquet", "anndata"]
"""How a table is kept; all as ngio keeps them."""
Objects = Mapping[str, bytes]
"""The objects of a table's group by key below it."""


def render_table(table: NamedTable, backend: Backend, version: Version) -> Objects:
    """Return the objects of a table's group, the same bytes for equal tables."""
    match str(backend):
        case "csv":
            return _in_group(table, "csv", render_csv(table), version)
        case "parquet":
            return _in_group(table, "parquet", _render_parquet(table), version)
        case "json":
            from tiles2zarr.ngff.tables_ngio import render_ngio

            return render_ngio(table, "json", version)
        case _:
            from tiles2zarr.ngff.tables_ngio import render_ngio

            return render_ngio(table, "anndata", version)


def _in_group(
    table: NamedTable, backend: str, content: bytes, version: Version
) -> Objects:
    attributes: dict[str, object] = {
        "backend": backend,
        "table_version": "1",
        "type": table.kind,
    }
    if table.kind == "roi_table":
        attributes |= {"index_key": INDEX, "index_type": "str"}
    return group_documents(attributes, version) | {f"table.{backend}": content}


def _render_parquet(table: NamedTable) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    frame = table.frame
    if frame.index.name is not None:
        frame = frame.reset_index()
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), stream)
    return stream.getvalue()


def _parse_parquet(content: bytes) -> tuple[Row, ...]:
    from pyarrow import parquet

    return tuple(parquet.read_table(io.BytesIO(content)).to_pylist())


def stored_backend(objects: Objects, version: Version) -> TableBackend:
    """Return the backend that a table's group names.

    Raises:
        StoreError: It is not one of ours.
    """
    document = json.loads(objects["zarr.json" if version == "0.5" else ".zattrs"])
    attributes = document["attributes"] if version == "0.5" else document
    found = str(attributes.get("backend", "anndata"))
    # tables of older ngio versions: experimental_csv_v1, anndata_v1
    name = found.removeprefix("experimental_").removesuffix("_v1")
    try:
        return TableBackend(name)
    except ValueError as error:
        raise StoreError(
            f"a table in the output has the unknown backend {found!r}. Remove the "
            "table or write into a new plate."
        ) from error


def parse_table(objects: Objects, version: Version) -> tuple[Row, ...]:
    """Return the rows of a table from the objects of its group.

    Text that looks like a number stays text, also from CSV.

    Raises:
        StoreError: The group holds no table of a known backend.
    """
    match stored_backend(objects, version):
        case TableBackend.CSV:
            return parse_csv(objects["table.csv"].decode())
        case TableBackend.PARQUET:
            return _parse_parquet(objects["table.parquet"])
        case TableBackend.JSON:
            key = "table/zarr.json" if version == "0.5" else "table/.zattrs"
            inner = json.loads(objects[key])
            columns = inner["attributes"] if version == "0.5" else inner
            values = zip(*columns.values(), strict=True)
            return tuple(dict(zip(columns, row, strict=True)) for row in values)
        case TableBackend.ANNDATA:
            from tiles2zarr.ngff.tables_ngio import parse_anndata

            return parse_anndata(objects)
