"""Ways to spoil the tiny plate before it is converted, each a function of the plate."""

import os
from collections.abc import Callable

import numpy as np
import tifffile

from tests.rules.plate import (
    CONDITIONS,
    HEIGHT,
    TABLE,
    WELLS,
    WIDTH,
    Plate,
    Row,
    table_rows,
    write_csv,
)

Spoil = Callable[[Plate], None]
FILE = "raw/B04_F1_c0.tif"
"""The file that is spoilt, channel 0 of field F1 of well B04: table row 5."""
ROW = 4
"""Its row in the table, from 0."""


def content(change: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of the file."""

    def spoil(plate: Plate) -> None:
        path = plate.work / FILE
        path.write_bytes(change(path.read_bytes()))

    return spoil


def pixels(shape: tuple[int, ...], dtype: str = "uint16", **tags: object) -> Spoil:
    """Write another image in the file's place."""

    def spoil(plate: Plate) -> None:
        tifffile.imwrite(plate.work / FILE, np.ones(shape, dtype), **tags)

    return spoil


def pickled(plate: Plate) -> None:
    """Name a file of Python objects, which run code when they are loaded."""
    objects = np.array([[{}]], dtype=object)
    np.save(plate.work / "raw/a.npy", objects, allow_pickle=True)
    cell("file_path", "a.npy")(plate)


def absent(plate: Plate) -> None:
    """Remove the file."""
    (plate.work / FILE).unlink()


def folder(plate: Plate) -> None:
    """Put a folder in the file's place."""
    absent(plate)
    (plate.work / FILE).mkdir()


def pipe(plate: Plate) -> None:
    """Put a named pipe in the file's place, on which nobody writes."""
    absent(plate)
    os.mkfifo(plate.work / FILE)


def link(target: str) -> Spoil:
    """Put a symbolic link in the file's place."""

    def spoil(plate: Plate) -> None:
        absent(plate)
        os.symlink(target, plate.work / FILE)

    return spoil


def rows(change: Callable[[list[Row]], list[Row]]) -> Spoil:
    """Write another tile table."""

    def spoil(plate: Plate) -> None:
        write_csv(plate.work / TABLE, change(table_rows(*WELLS)))

    return spoil


def cell(name: str, value: object, count: int = 1, rest: object = 0) -> Spoil:
    """Put a value into the file's row of the table, and into the ones after it.

    ``rest`` is what the other rows hold in a column that is not there.
    """

    def change(table: list[Row]) -> list[Row]:
        hit = range(ROW, ROW + count)
        return [
            row | {name: value} if number in hit else row | {name: row.get(name, rest)}
            for number, row in enumerate(table)
        ]

    return rows(change)


def column(name: str, value: object = "x") -> Spoil:
    """Add a column to the table."""
    return rows(lambda table: [row | {name: value} for row in table])


def image_paths(value: str) -> Spoil:
    """Make the plate a set of single images, one of which has this path."""

    def change(table: list[Row]) -> list[Row]:
        placed = [
            {k: v for k, v in row.items() if k not in ("row", "column")}
            | {"image_path": f"{row['row']}{row['column']}"}
            for row in table
        ]
        placed[ROW]["image_path"] = value
        return placed

    return rows(change)


def text(change: Callable[[str], bytes | str], path: str = TABLE) -> Spoil:
    """Change a table as text."""

    def spoil(plate: Plate) -> None:
        changed = change((plate.work / path).read_text(encoding="utf-8"))
        raw = changed if isinstance(changed, bytes) else changed.encode()
        (plate.work / path).write_bytes(raw)

    return spoil


def conditions(content: str) -> Spoil:
    """Write another condition table."""
    return text(lambda _: content, CONDITIONS)


def no_table(plate: Plate) -> None:
    """Remove the tile table."""
    (plate.work / TABLE).unlink()


def folder_for_table(plate: Plate) -> None:
    """Put a folder in the place of the tile table."""
    no_table(plate)
    (plate.work / TABLE).mkdir()


def output_file(path: str) -> Spoil:
    """Put a file in the way of the output."""

    def spoil(plate: Plate) -> None:
        (plate.work / path).parent.mkdir(parents=True, exist_ok=True)
        (plate.work / path).write_text("not yours")

    return spoil


def output_link(target: str) -> Spoil:
    """Make the output a link."""
    return lambda plate: os.symlink(target, plate.work / "out")


def foreign_plate(plate: Plate) -> None:
    """Put an empty plate of others in the way."""
    output_file("out/P1.zarr/.zgroup")(plate)
    output_file("out/P1.zarr/.zattrs")(plate)
    (plate.work / "out/P1.zarr/.zgroup").write_text('{"zarr_format": 2}')
    (plate.work / "out/P1.zarr/.zattrs").write_text('{"plate": {"wells": []}}')


TILE = (HEIGHT, WIDTH)
