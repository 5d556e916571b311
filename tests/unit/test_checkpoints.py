"""JSON files between the steps: one text per model, never half-written."""

import hashlib
import os
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from tiles2zarr import checkpoints
from tiles2zarr.checkpoints import (
    digest,
    parse_json,
    read_json,
    read_json_if_there,
    replace_file,
    to_bytes,
    write_json,
    write_json_files,
)
from tiles2zarr.errors import Tiles2ZarrError, VersionError
from tiles2zarr.models.base import Frozen, Scalar
from tiles2zarr.models.collection import SingleImage


class Note(Frozen):
    """A state file of two fields."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version."""
    values: dict[str, Scalar] = Field(default={})
    """Anything."""


NOTE = Note(values={"b": 1, "a": "é", "c": 0.5})
TEXT = '{"schema":1,"values":{"a":"é","b":1,"c":0.5}}\n'.encode()


def test_keys_are_sorted_and_text_is_utf8() -> None:
    """The JSON has sorted keys, no blanks, readable letters and a closing newline."""
    assert to_bytes(NOTE) == TEXT


def test_the_same_content_is_the_same_text() -> None:
    """The order in which a mapping was filled does not show."""
    assert to_bytes({"b": [1, 2], "a": {"d": None, "c": True}}) == to_bytes(
        {"a": {"c": True, "d": None}, "b": [1, 2]}
    )


def test_digest_is_sha256_of_the_text() -> None:
    """Models, mappings and bytes are digested alike."""
    expected = hashlib.sha256(TEXT).hexdigest()
    assert digest(NOTE) == digest(TEXT) == expected
    assert digest({"schema": 1, "values": NOTE.values}) == expected


def test_many_models_are_written_as_one_is(tmp_path: Path) -> None:
    """Same bytes and digests; equal files keep their times, others are replaced."""
    other = Note(values={"a": 1})
    models = {tmp_path / "A/01/0.json": NOTE, tmp_path / "B/02/0.json": other}
    first, second = models
    assert write_json_files(models) == [digest(NOTE), digest(other)]
    assert [path.read_bytes() for path in models] == [TEXT, to_bytes(other)]
    os.utime(first, ns=(5, 5))
    assert write_json_files({first: NOTE, second: NOTE}) == [digest(NOTE)] * 2
    assert first.stat().st_mtime_ns == 5
    assert second.read_bytes() == TEXT
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {first, second}


def test_a_model_is_written_and_read(tmp_path: Path) -> None:
    """Folders are made, the digest comes back, and nothing else is left behind."""
    path = tmp_path / "tiles/B/03/0.json"
    assert write_json(path, NOTE) == hashlib.sha256(TEXT).hexdigest()
    assert path.read_bytes() == TEXT
    assert read_json(path, Note) == NOTE
    assert [p.name for p in path.parent.iterdir()] == ["0.json"]


def test_an_unchanged_file_is_not_touched(tmp_path: Path) -> None:
    """The same bytes keep the file's time, so that nothing downstream runs again."""
    path = tmp_path / "note.json"
    write_json(path, NOTE)
    os.utime(path, ns=(10**18, 10**18))
    assert write_json(path, NOTE) == digest(NOTE)
    assert path.stat().st_mtime_ns == 10**18
    write_json(path, Note())
    assert path.stat().st_mtime_ns != 10**18
    assert read_json(path, Note) == Note()


@pytest.mark.parametrize("durable", [False, True], ids=["quick", "durable"])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    """When the last step fails, the old file stands and no temporary one is left."""
    path = tmp_path / "note.json"
    replace_file(path, b"old", durable=durable)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            replace_file(path, b"new", durable=durable)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    replace_file(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"


def test_a_newer_file_is_told_as_such() -> None:
    """A file of a later version is not called damaged."""
    with pytest.raises(VersionError) as error:
        parse_json(b'{"schema":2,"values":{},"more":[]}', Note, "results/P1/plan.json")
    assert str(error.value) == (
        "results/P1/plan.json was written by a newer tiles2zarr (schema 2, this "
        "version knows 1). Update tiles2zarr, or use another results folder."
    )


@pytest.mark.parametrize(
    "raw",
    [b"", b'{"schema":1', b"\xff\xfe", b"\x00" * 8, b"[" * 100_000],
    ids=["empty", "cut short", "no text", "zeros", "deep"],
)
def test_damaged_json(raw: bytes) -> None:
    """A file cut short is named, with the cure."""
    with pytest.raises(
        Tiles2ZarrError, match=r"^a\.json is not valid JSON \("
    ) as error:
        parse_json(raw, Note, "a.json")
    assert str(error.value).endswith(
        "). Delete it and run again: it is derived from the config and the sources."
    )


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"{}x", None),
        (b"[]", "top level: "),
        (b"null", "top level: "),
        (b'{"schema":0}', "schema: "),
        (b'{"schema":"1"}', "schema: "),
        (b'{"values":{"a":[1]}}', "values.a.str: "),
        (b'{"other":1}', "other: Extra inputs are not permitted"),
    ],
    ids=["rubbish", "list", "null", "old", "text", "value", "unknown"],
)
def test_json_of_another_model(raw: bytes, place: str | None) -> None:
    """The first place that does not fit is named."""
    with pytest.raises(Tiles2ZarrError) as error:
        parse_json(raw, Note, "a.json")
    text = str(error.value)
    if place is None:
        assert text.startswith("a.json is not valid JSON (Extra data")
    else:
        assert text.startswith(f"a.json does not hold a Note: {place}")
    assert text.endswith(
        "Delete it and run again: it is derived from the config and the sources."
    )


def test_a_model_without_schema_is_read() -> None:
    """Parts without a version of their own are validated all the same."""
    raw = b'{"image_path":"a","kind":"single","suffix":""}\n'
    assert parse_json(raw, SingleImage, "a.json") == SingleImage(image_path="a")


def test_an_absent_file(tmp_path: Path) -> None:
    """The message names the file and what makes it; the other reader returns none."""
    path = tmp_path / "plan.json"
    with pytest.raises(Tiles2ZarrError) as error:
        read_json(path, Note)
    assert str(error.value) == (
        f"{path} cannot be read: No such file or directory. Run the workflow again; it "
        "makes this file."
    )
    assert read_json_if_there(path, Note) is None
    write_json(path, NOTE)
    assert read_json_if_there(path, Note) == NOTE
