"""Functions of the user's that look at the tiles, or say where their images go."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from tiles2zarr.errors import ExtensionError, TableError
from tiles2zarr.extension import call_function, load_function
from tiles2zarr.models.collection import check_name
from tiles2zarr.models.well import column_index, row_index

NamedFunction = tuple[str, Mapping[str, object]]
"""``package.module:function`` and the options it is called with."""


def run_validators(table: pd.DataFrame, validators: Sequence[NamedFunction]) -> None:
    """Let the user's functions look at the tiles.

    Each is called as ``function(table, options)`` with a copy of the table of tiles and
    returns what it finds wrong: texts, none if all is well.

    Raises:
        TableError: They found faults; all of them at once.
        ExtensionError: A function cannot be imported, fails, or returns anything else.
    """
    faults: list[str] = []
    for name, options in validators:
        function = load_function(name)
        returned = call_function(name, function, table.copy(), dict(options))
        found = [] if returned is None else returned
        if isinstance(found, str) or not isinstance(found, Iterable):
            raise _unusable(name, type(returned).__name__, "a list of texts")
        # a generator runs, and may fail, only here
        texts = call_function(name, list, found)
        assert isinstance(texts, list)
        faults += [f"{text} ({name})" for text in texts]
    if faults:
        raise TableError("tiles", faults)


def place_images(table: pd.DataFrame, collection: NamedFunction) -> pd.DataFrame:
    """Return the tiles with the images that the user's function puts them into.

    It is called as ``function(table, options)`` and returns one value per tile:
    ``{"image_path": paths}`` for single images, or ``{"row": rows, "column": columns}``
    with rows as letters or numbers from 1 and columns as numbers from 1.

    Raises:
        ExtensionError: The function cannot be imported, fails, or returns anything
            else.
    """
    name, options = collection
    returned = call_function(name, load_function(name), table.copy(), dict(options))
    expected = "a mapping of image_path, or of row and column"
    if not isinstance(returned, Mapping):
        raise _unusable(name, type(returned).__name__, expected)
    if set(returned) not in ({"image_path"}, {"row", "column"}):
        keys = ", ".join(sorted(map(str, returned))) or "none"
        raise _unusable(name, f"the keys {keys}", expected)
    for key, values in returned.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            what = f"{type(values).__name__} as {key}"
            raise _unusable(name, what, f"{len(table)} values, one per tile")
    places = {str(key): list(values) for key, values in returned.items()}
    for key, values in places.items():
        if len(values) != len(table):
            what = f"{len(values)} values of {key}"
            raise _unusable(name, what, f"{len(table)}, one per tile")
    try:
        if "image_path" in places:
            paths = [str(path) for path in places["image_path"]]
            for part in {part for path in paths for part in path.split("/")}:
                check_name(part)
            return table.assign(
                row=pd.Series([pd.NA] * len(table), dtype="Int64"),
                column=pd.Series([pd.NA] * len(table), dtype="Int64"),
                image_path=pd.Series(paths, dtype="object"),
            )
        rows = [row_index(row) for row in places["row"]]
        columns = [column_index(column) for column in places["column"]]
    except ValueError as error:
        raise _unusable(name, str(error), expected) from error
    return table.assign(
        row=pd.Series(rows, dtype="Int64"),
        column=pd.Series(columns, dtype="Int64"),
        image_path=pd.Series([None] * len(table), dtype="object"),
    )


def _unusable(name: str, what: str, expected: str) -> ExtensionError:
    return ExtensionError(
        f"Function {name!r} returned {what}, expected {expected}. Correct the function."
    )
