"""Molecular Devices ImageXpress: MetaXpress plates and HCS.ai experiments.

Three layouts: exported with a plan (``.HTD``), as the database keeps it (dates, plate
numbers, GUIDs in file names), and experiments of HCS.ai (``.jdce`` and ``.csv``).
Stage y grows with the rows of images.
"""

from collections.abc import Mapping
from dataclasses import replace

from tiles2zarr.parsers.imagexpress_experiment import parse_experiments
from tiles2zarr.parsers.imagexpress_folders import find_plate
from tiles2zarr.parsers.imagexpress_plate import parse_plate
from tiles2zarr.parsers.imagexpress_report import part_finding
from tiles2zarr.parsers.projections import read_choice
from tiles2zarr.parsers.records import ParsedAcquisition


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a plate.

    Args:
        path: The plate's folder, one above, or its index file; also a URL.
        options: ``projections``: ``auto`` (planes; projections of channels that have no
            planes), ``drop``, ``only``; ``keep`` is ``auto``.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: There is not one plate, its metadata are damaged, or no image is of
            the kind asked for.
    """
    choice = read_choice(options or {}, "imagexpress")
    found = find_plate(path, storage)
    if found.plate is not None:
        parsed = parse_plate(found.plate, choice, found.plan, storage)
        part = part_finding(found.plate)
        return replace(parsed, findings=(*part, *parsed.findings))
    return parse_experiments(found.experiments, choice, storage)
