"""Tables kept as one CSV or Parquet file, as ngio keeps them, without ngio.

Importing ngio costs more than all tables of a small plate. The group around the file is
a few attributes; tests hold that they are those ngio writes, and that ngio reads both.
"""

import io
import re
from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.ngff.documents import Version, group_documents
from tiles2zarr.ngff.tables_frames import NamedTable, Row

ArrowBackend = Literal["csv", "parquet"]
"""Backends whose table is one file."""
_EMPTY_LINE = re.compile(rb'"(?:[^"]|"")*"|(?<=\n)(?=\n)')
_CSV_FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|\Z)')


def render_arrow(
    table: NamedTable, backend: ArrowBackend, version: Version
) -> dict[str, bytes]:
    """Return the objects of a table's group, the same bytes for equal tables."""
    frame = table.frame
    if frame.index.name is not None:
        frame = frame.reset_index()
    attributes: dict[str, object] = {
        "backend": backend,
        "table_version": "1",
        "type": table.kind,
    }
    if table.kind == "roi_table":
        attributes |= {"index_key": "FieldIndex", "index_type": "str"}
    content = _arrow_bytes(pa.Table.from_pandas(frame, preserve_index=False), backend)
    return group_documents(attributes, version) | {f"table.{backend}": content}


def parse_arrow(objects: Mapping[str, bytes], backend: ArrowBackend) -> tuple[Row, ...]:
    """Return the rows of a table; text that looks like a number stays text.

    Raises:
        StoreError: The CSV is not valid.
    """
    if backend == "csv":
        return _parse_csv(objects["table.csv"].decode())
    table = pa_parquet.read_table(io.BytesIO(objects["table.parquet"]))
    return tuple(table.to_pylist())


def _arrow_bytes(table: pa.Table, backend: ArrowBackend) -> bytes:
    stream = io.BytesIO()
    if backend == "parquet":
        pa_parquet.write_table(table, stream)
        return stream.getvalue()
    pa_csv.write_csv(table, stream)
    if table.num_columns > 1:
        return stream.getvalue()
    # readers skip an empty line, which is what arrow makes of a row of one null
    return _EMPTY_LINE.sub(lambda found: found[0] or b'""', stream.getvalue())


def _parse_csv(text: str) -> tuple[Row, ...]:
    """Read arrow's CSV: text is quoted, all else is not, null is nothing at all.

    In a table of one column null is ``""``.
    """
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
    if len(names) == 1:
        rows = [[None if row[0] == "" else row[0]] for row in rows]
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
