"""What a parser may do with a damaged measurement: read it, or say what is wrong."""

from contextlib import suppress
from pathlib import Path

from tests.fuzz.measurements import OPTIONS, Measurement
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.records import check_table


def try_parse(name: str, measurement: Measurement) -> str:
    """Parse a measurement; return what was wrong with it, "" if nothing was.

    Raises:
        Exception: The parser let one through that is no Tiles2ZarrError, or its table
            is not what a table must be.
    """
    options = dict(OPTIONS.get(name, {}))
    if "positions" in options:
        options["positions"] = str(measurement.path / str(options["positions"]))
    format_name = "ome_xml" if name == "ome_tiff" else name
    try:
        parsed = parse_acquisition(str(measurement.path), format_name, options, {})
    except Tiles2ZarrError as error:
        return str(error)
    check_table(parsed.table, parsed.attributes, format_name)
    return ""


def try_damaged(name: str, measurement: Measurement, file: Path, raw: bytes) -> str:
    """Parse a measurement in which one file has other bytes; put them back."""
    before = file.read_bytes()
    file.write_bytes(raw)
    try:
        return try_parse(name, measurement)
    finally:
        with suppress(FileNotFoundError):
            file.write_bytes(before)
