"""Two outputs compared file by file."""

import json
from pathlib import Path

METADATA = (".zattrs", "zarr.json")


def differences(one: Path, other: Path) -> list[str]:
    """Return the files in which two plates or images differ.

    Arrays, tables and metadata are compared byte for byte; only who made the store and
    how it came about (its provenance) differ from run to run and are left out.
    """
    files = [_files(folder) for folder in (one, other)]
    found = [f"only one has {name}" for name in sorted(set(files[0]) ^ set(files[1]))]
    common = sorted(set(files[0]) & set(files[1]))
    return found + [name for name in common if _text(one, name) != _text(other, name)]


def _files(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found, f"{folder} is empty"
    names = [path.relative_to(folder).as_posix() for path in found]
    return [name for name in names if not name.startswith("tiles2zarr/")]


def _text(folder: Path, name: str) -> object:
    raw = (folder / name).read_bytes()
    return _unowned(json.loads(raw)) if name.endswith(METADATA) else raw


def _unowned(value: object) -> object:
    if isinstance(value, dict):
        return {k: _unowned(item) for k, item in value.items() if k != "owner"}
    return [_unowned(v) for v in value] if isinstance(value, list) else value


def times(folder: Path) -> dict[str, int]:
    """Return when each file of an output was changed."""
    return {name: (folder / name).stat().st_mtime_ns for name in _files(folder)}
