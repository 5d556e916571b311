"""A table as the objects of its zarr group, made and read back by ngio.

ngio writes into memory; the store then gets finished objects in an order of our choice.
So remote and local stores take the same path, equal tables can be told by their bytes,
and ngio's lock files beside the store never appear.
"""

import io
import json
import re
import warnings
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, cast

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import zarr
from ngio.tables import ConditionTable, GenericTable, RoiTable, open_table, write_table
from ngio.tables.backends import BackendMeta
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.storage import MemoryStore

from tiles2zarr.config.omezarr import TableBackend
from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.tables_frames import NamedTable, Row, TableKind

Backend = TableBackend | Literal["csv", "json", "parquet", "anndata"]
"""How ngio keeps a table."""
Objects = Mapping[str, bytes]
"""The objects of a table's group by key below it."""
_ROOT = "table"
_CSV_FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|\Z)')


def render_table(table: NamedTable, backend: Backend, version: Version) -> Objects:
    """Return the objects of a table's group, the same bytes for equal tables."""
    kind: Literal["csv", "parquet"] | None = (
        "csv" if backend == "csv" else "parquet" if backend == "parquet" else None
    )
    if kind is not None:
        frame = table.frame
        if frame.index.name is not None:
            frame = frame.reset_index()
        data = _arrow_bytes(pa.Table.from_pandas(frame, preserve_index=False), kind)
        around = _arrow_group(table.kind, backend, version)
        return {k: data if known is None else known for k, known in around.items()}
    return {
        key: value.to_bytes()
        for key, value in _written_by_ngio(table, backend, version)
        if isinstance(value, Buffer)
    }


@lru_cache
def _arrow_group(
    kind: TableKind, backend: Backend, version: Version
) -> Mapping[str, bytes | None]:
    """Return what ngio puts around the one file of an arrow table, that file as None.

    It depends on the kind of table only, and making it costs ngio several times what
    the file costs; a plate of 1536 wells has thousands of tables.
    """
    columns = ["x_micrometer", "y_micrometer", "z_micrometer"]
    columns += [f"len_{name}" for name in columns]
    index = pd.Index(["any"], name="FieldIndex")
    frame = pd.DataFrame(1.0, index=index, columns=columns)
    if kind != "roi_table":
        frame = frame.reset_index(drop=True)
    objects = _written_by_ngio(NamedTable("any", kind, frame), backend, version)
    return MappingProxyType(
        {k: v.to_bytes() if isinstance(v, Buffer) else None for k, v in objects}
    )


def _written_by_ngio(
    table: NamedTable, backend: Backend, version: Version
) -> list[tuple[str, Buffer | pa.Table]]:
    """Return the objects ngio makes of a table, sorted by key."""
    kept: dict[str, Buffer | pa.Table] = {}
    # ngio leaves arrow tables in a memory store, beside zarr's own buffers
    store = MemoryStore(cast("MutableMapping[str, Buffer]", kept))
    zarr_format: Literal[2, 3] = 3 if version == "0.5" else 2
    group = zarr.create_group(store, path=_ROOT, zarr_format=zarr_format)
    with _quiet_anndata():
        write_table(group, _ngio_table(table, backend), backend=backend)
    # not what zarr puts above the table's group (v2: a group's marker at the root)
    below = f"{_ROOT}/"
    return sorted(
        ((k.removeprefix(below), v) for k, v in kept.items() if k.startswith(below)),
        key=lambda entry: entry[0],
    )


def _ngio_table(
    table: NamedTable, backend: Backend
) -> RoiTable | ConditionTable | GenericTable:
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


def _storable(frame: pd.DataFrame, backend: Backend) -> pd.DataFrame:
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


def _arrow_bytes(table: pa.Table, backend: Literal["csv", "parquet"]) -> bytes:
    stream = io.BytesIO()
    if backend == "csv":
        pa_csv.write_csv(table, stream)
    else:
        pa_parquet.write_table(table, stream)
    return stream.getvalue()


@contextmanager
def _quiet_anndata() -> Iterator[None]:
    """Mute what anndata says about formats ngio chose for it."""
    with warnings.catch_warnings():
        for message in ("Writing zarr v2 data", "Consolidated metadata is currently"):
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield


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
            return _parse_csv(objects["table.csv"].decode())
        case "parquet":
            table = pa_parquet.read_table(io.BytesIO(objects["table.parquet"]))
            return tuple(table.to_pylist())
        case "json":
            key = "table/zarr.json" if version == "0.5" else "table/.zattrs"
            inner = json.loads(objects[key])
            columns = inner["attributes"] if version == "0.5" else inner
            values = zip(*columns.values(), strict=True)
            return tuple(dict(zip(columns, row, strict=True)) for row in values)
        case "anndata":
            return _parse_anndata(objects)
    raise StoreError(
        f"a table in the output has the unknown backend {backend!r}. Remove the table "
        "or write into a new plate."
    )


def _parse_csv(text: str) -> tuple[Row, ...]:
    """Read arrow's CSV: text is quoted, all else is not, null is nothing at all."""
    lines: list[list[Scalar]] = [[]]
    position = 0
    while position < len(text):
        found = _CSV_FIELD.match(text, position)
        if found is None:
            line = text.count("\n", 0, position) + 1
            raise StoreError(
                f"line {line} of a CSV table in the output is not valid CSV. Remove "
                "the table and run again."
            )
        position = found.end()
        lines[-1].append(_parse_field(found[1]))
        if found[2] != ",":
            lines.append([])
    header, *rows = (line for line in lines if line)
    names = [str(name) for name in header]
    if any(len(row) != len(names) for row in rows):
        raise StoreError(
            f"a CSV table in the output has {len(names)} columns, but a row of another "
            "length. Remove the table and run again."
        )
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


def _parse_field(text: str) -> Scalar:
    if text.startswith('"'):
        return text[1:-1].replace('""', '"')
    if text in ("", "nan"):
        return None
    if text in ("inf", "-inf"):
        return float(text)
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def _parse_anndata(objects: Objects) -> tuple[Row, ...]:
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
