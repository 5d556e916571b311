"""The JSON files between the steps: deterministic, versioned, never half-written."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tiles2zarr.errors import Tiles2ZarrError, VersionError
from tiles2zarr.temporary import beside, sweep

Model = TypeVar("Model", bound=BaseModel)


def to_bytes(value: BaseModel | Mapping[str, object]) -> bytes:
    """Return the one JSON text of a model: sorted keys, no times, a closing newline."""
    plain = (
        value.model_dump(mode="json", by_alias=True)
        if isinstance(value, BaseModel)
        else value
    )
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def digest(value: BaseModel | Mapping[str, object] | bytes) -> str:
    """Return the sha256 of a model's JSON text, or of bytes, in hexadecimal."""
    raw = value if isinstance(value, bytes) else to_bytes(value)
    return hashlib.sha256(raw).hexdigest()


def replace_file(path: Path, raw: bytes, *, durable: bool = False) -> None:
    """Put bytes at ``path`` in one step: a reader sees the old file or the new one.

    ``durable`` also waits for the disk: for proofs, not for what can be derived again
    (a wait per file costs minutes on plates of thousands of images).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    _replace(path, raw, durable=durable)


def _replace(path: Path, raw: bytes, *, durable: bool = False) -> None:
    new = beside(path)
    try:
        with open(new, "wb") as stream:
            stream.write(raw)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def write_json(
    path: Path, value: BaseModel | Mapping[str, object], *, durable: bool = False
) -> str:
    """Write a model unless the same bytes are there already; return their sha256.

    An unchanged file keeps its time, so nothing downstream looks at it again.
    """
    raw = to_bytes(value)
    if not _holds(path, raw):
        replace_file(path, raw, durable=durable)
    return digest(raw)


def write_json_files(models: Mapping[Path, BaseModel]) -> list[str]:
    """Write models as ``write_json`` does; return their digests, in order.

    Each folder is searched once for what killed processes left: a search per file
    takes half a minute in a folder of 6,000.
    """
    for folder in {path.parent for path in models}:
        folder.mkdir(parents=True, exist_ok=True)
    sweep(*models)
    digests = []
    for path, model in models.items():
        raw = to_bytes(model)
        if not _holds(path, raw):
            _replace(path, raw)
        digests.append(digest(raw))
    return digests


def _holds(path: Path, raw: bytes) -> bool:
    return path.is_file() and path.read_bytes() == raw


def parse_json(raw: bytes, model: type[Model], name: str) -> Model:
    """Return the model in ``raw``.

    Raises:
        VersionError: The text has a newer ``schema`` than this package knows.
        Tiles2ZarrError: Not JSON, or not this model (damaged by hand).
    """
    try:
        plain = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Tiles2ZarrError(
            f"{name} is not valid JSON ({error}). Delete it and run again: it is "
            "derived from the config and the sources."
        ) from error
    known = model.model_fields.get("schema_")
    found = plain.get("schema") if isinstance(plain, dict) else None
    if known is not None and isinstance(found, int) and found > known.default:
        raise VersionError(
            f"{name} was written by a newer tiles2zarr (schema {found}, this version "
            f"knows {known.default}). Update tiles2zarr, or use another results folder."
        )
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise Tiles2ZarrError(
            f"{name} does not hold a {model.__name__}: {place}: {first['msg']}. Delete "
            "it and run again: it is derived from the config and the sources."
        ) from error


def read_json(path: Path, model: type[Model]) -> Model:
    """Return the model stored at ``path``.

    Raises:
        Tiles2ZarrError: The file is missing or does not hold the model.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Tiles2ZarrError(
            f"{path} cannot be read: {error.strerror}. Run the workflow again; it "
            "makes this file."
        ) from error
    return parse_json(raw, model, str(path))


def read_json_if_there(path: Path, model: type[Model]) -> Model | None:
    """Return the model at ``path``, or ``None`` if there is no such file."""
    return read_json(path, model) if path.is_file() else None
