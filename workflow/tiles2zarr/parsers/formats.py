"""Formats by name: which parser reads an acquisition's path."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module

from tiles2zarr.credentials import credential_in
from tiles2zarr.errors import ExtensionError, ParserError, TableError
from tiles2zarr.extension import call_function, load_function
from tiles2zarr.parsers.neighbours import find_neighbours
from tiles2zarr.parsers.peek import detect
from tiles2zarr.parsers.records import ParsedAcquisition, check_table, plain_text
from tiles2zarr.parsers.secrets import secret_faults

MODULES: Mapping[str, str] = {
    "tile_table": "tile_table",
    "cellvoyager": "cellvoyager",
    "cq3k": "cellvoyager",
    "operetta": "operetta",
    "imagexpress": "imagexpress",
    "scanr": "scanr",
    "ome_xml": "ome_xml",
    "czi": "zeiss_czi",
    "nd2": "nikon_nd2",
    "lif": "leica_lif",
    "pattern": "pattern",
}
"""Short name to module of this package."""
WITH_INDEX = frozenset(
    {"cellvoyager", "cq3k", "operetta", "imagexpress", "scanr", "ome_xml"}
)
"""Formats of one acquisition in a folder, where others may lie beside it."""


def parse_acquisition(
    path: str,
    format_name: str,
    options: Mapping[str, object],
    storage: Mapping[str, object],
) -> ParsedAcquisition:
    """Return what stands at ``path``, read by a built-in or the user's parser.

    Args:
        path: Folder, file or URL.
        format_name: Short name, ``auto``, or ``package.module:function``.
        options: What the format takes.
        storage: Options of the path's file system.

    Raises:
        ParserError: The metadata cannot be read, or the format is not recognised.
        TableError: A cell of a table is wrong, or a file's URL holds a secret.
        ExtensionError: The user's parser cannot be imported, fails, or returned another
            thing.
    """
    if ":" in format_name:
        function = load_function(format_name)
        parsed = call_function(
            format_name, function, path, dict(options), dict(storage)
        )
        if not isinstance(parsed, ParsedAcquisition):
            raise ExtensionError(
                f"{format_name} returned {type(parsed).__name__}, expected a "
                "ParsedAcquisition. Build one with tiles2zarr.parsers.records."
            )
        parsed = replace(parsed, table=plain_text(parsed.table))
        check_table(parsed.table, parsed.attributes, format_name)
        _refuse_secrets(parsed, format_name)
        return parsed
    name = detect(path, storage) if format_name == "auto" else format_name
    if name not in MODULES:
        known = ", ".join(MODULES)
        raise ParserError(f"format {name!r} is not known. Known formats: {known}.")
    module = import_module(f"tiles2zarr.parsers.{MODULES[name]}")
    parsed = module.parse(path, options, storage)
    assert isinstance(parsed, ParsedAcquisition)
    others = find_neighbours(path, parsed, storage) if name in WITH_INDEX else ()
    return replace(parsed, findings=(*parsed.findings, *others))


def _refuse_secrets(parsed: ParsedAcquisition, format_name: str) -> None:
    """Refuse what the user's parser returned if its places hold secrets."""
    table = parsed.table
    rows = table["source_row"].to_numpy()
    faults = secret_faults(table["file"].tolist(), rows, parsed.resource)
    secret = credential_in(parsed.resource)
    if secret is not None:
        faults.append(f"resource holds {secret}. Return it without.")
    if faults:
        raise TableError(f"table of tiles returned by {format_name}", faults)
