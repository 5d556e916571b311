"""provenance.json of a results folder: made with the tables, kept with the plate."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tiles2zarr.checkpoints import write_json
from tiles2zarr.config.root import Config
from tiles2zarr.ngff.provenance import describe_provenance
from tiles2zarr.state import State
from tiles2zarr.steps.written_images import Written

LARGEST = 2**24
"""Bytes of the largest input that is hashed here: tables and indexes are smaller.

Images are hashed when they are read, and stand in the receipts."""


def make_provenance(
    state: State, config: Config, written: Sequence[Written]
) -> dict[str, object]:
    """Write ``provenance.json`` and return what is in it."""
    provenance = describe_provenance(
        config.model_dump(mode="json"),
        _inputs(config, _known_hashes(state)),
        {image.image: image.origin for image in written},
    )
    write_json(state.provenance, provenance)
    return provenance


def _inputs(config: Config, known: Mapping[str, str]) -> list[object]:
    plate = config.plate.conditions if config.plate else None
    entries: list[object] = []
    for acquisition in config.acquisitions:
        tables = (acquisition.conditions, acquisition.options.positions, plate)
        roots = [str(path) for path in acquisition.path]
        paths = [*roots, *(str(table) for table in tables if table)]
        hashes = {path: _sha256(path) or known.get(path) for path in paths}
        entries.append(
            {
                "acquisition": acquisition.id,
                "roots": roots,
                "sha256": {path: sha for path, sha in hashes.items() if sha},
            }
        )
    return entries


def _sha256(path: str) -> str | None:
    """Return the hash of a table or index; of folders, images and URLs nothing."""
    try:
        if Path(path).stat().st_size > LARGEST:
            return None
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None


def _known_hashes(state: State) -> dict[str, str]:
    """Return the hashes of the last time: inputs may be in an archive by now."""
    try:
        inputs = json.loads(state.provenance.read_bytes())["inputs"]
        pairs = [pair for entry in inputs for pair in entry["sha256"].items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {str(path): str(sha) for path, sha in pairs}
