"""Tables as CSV that keeps its types: text is quoted, all else is not."""

import re

from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.ngff.tables_frames import Column, NamedTable, Row

_CSV_FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|\Z)')


def render_csv(table: NamedTable) -> bytes:
    """Return the text of a table; null is nothing at all.

    In a table of one column null is ``""``: readers skip empty lines.
    """
    blank = '""' if len(table.columns) == 1 else ""
    columns = [_texts(column, blank) for column in table.columns.values()]
    lines = [map(_quoted, table.columns), *zip(*columns, strict=True)]
    return "".join(f"{','.join(line)}\n" for line in lines).encode()


def _texts(column: Column, blank: str) -> list[str]:
    return [blank if value is None else _text(value) for value in column.values]


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return repr(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def parse_csv(text: str) -> tuple[Row, ...]:
    """Return the rows of a table; text that looks like a number stays text if quoted.

    Raises:
        StoreError: The CSV is not valid.
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
