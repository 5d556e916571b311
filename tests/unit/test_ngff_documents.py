"""Group documents of zarr v2 and v3: what is written, kept, removed and refused."""

import json
import re
from pathlib import Path

import pytest
import zarr

from tests.unit.ngff_samples import MemoryStore
from tiles2zarr.config.omezarr import NgffVersion
from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import (
    Version,
    dump_json,
    group_documents,
    join,
    merge_attributes,
    read_attributes,
    stored_version,
    write_attributes,
)
from tiles2zarr.stores.local import LocalStore

VERSIONS: tuple[Version, ...] = ("0.4", "0.5")
versions = pytest.mark.parametrize("version", VERSIONS)


def test_documents_of_zarr_2_end_with_the_attributes() -> None:
    """A 0.4 group is a marker and, after it, the attributes."""
    documents = group_documents({"plate": 1}, "0.4")
    assert list(documents) == [".zgroup", ".zattrs"]
    assert json.loads(documents[".zgroup"]) == {"zarr_format": 2}
    assert json.loads(documents[".zattrs"]) == {"plate": 1}


def test_document_of_zarr_3_is_one() -> None:
    """A 0.5 group is one document, so it is there as a whole or not at all."""
    documents = group_documents({"ome": {"version": "0.5"}}, "0.5")
    assert list(documents) == ["zarr.json"]
    assert json.loads(documents["zarr.json"]) == {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"ome": {"version": "0.5"}},
    }


@versions
def test_version_of_the_config_is_a_version(version: Version) -> None:
    """The enumeration of the config writes the same bytes as plain text."""
    assert group_documents({}, NgffVersion(version)) == group_documents({}, version)


@versions
def test_attributes_are_read_by_zarr(version: Version, tmp_path: Path) -> None:
    """What is written is a group for zarr-python, in the version's own format."""
    attributes = {"drug": "5 µM", "n": [1, 2.5, None], "ome": {"version": version}}
    assert write_attributes(LocalStore(tmp_path), "B/03", attributes, version)
    group = zarr.open_group(tmp_path / "B/03", mode="r")
    assert group.attrs.asdict() == attributes
    assert group.metadata.zarr_format == (2 if version == "0.4" else 3)


@versions
def test_attributes_come_back(version: Version) -> None:
    """What was written is read again; no group is no attributes."""
    store = MemoryStore()
    assert read_attributes(store, "A/01", version) is None
    write_attributes(store, "A/01", {"a": 1}, version)
    assert read_attributes(store, "A/01", version) == {"a": 1}
    assert stored_version(store, "A/01") == version
    assert stored_version(store, "A") is None
    assert stored_version(store, "") is None


def test_group_of_zarr_2_needs_no_attributes() -> None:
    """A 0.4 group without .zattrs has no attributes; .zattrs alone is no group."""
    marker = MemoryStore({"a/.zgroup": b'{"zarr_format": 2}'})
    assert read_attributes(marker, "a", "0.4") == {}
    assert read_attributes(MemoryStore({"a/.zattrs": b"{}"}), "a", "0.4") is None


def test_keys_of_the_root_have_no_slash() -> None:
    """The root group's objects lie at the top."""
    assert join("", "zarr.json") == "zarr.json"
    assert join("B/03", "zarr.json") == "B/03/zarr.json"


@versions
def test_equal_attributes_are_not_written_again(version: Version) -> None:
    """A second writing changes nothing, says so and touches no object."""
    store = MemoryStore()
    assert write_attributes(store, "", {"b": 1, "a": [2]}, version)
    store.log.clear()
    assert not write_attributes(store, "", {"b": 1, "a": [2]}, version)
    assert store.log == []


@versions
def test_foreign_attributes_stay(version: Version) -> None:
    """Keys of others are kept behind ours; equal keys are ours."""
    store = MemoryStore()
    write_attributes(store, "", {"z": 1, "mine": "old", "b": 2}, version)
    write_attributes(store, "", {"mine": "new"}, version)
    found = read_attributes(store, "", version)
    assert found == {"mine": "new", "b": 2, "z": 1}
    assert list(found) == ["mine", "b", "z"]


def test_foreign_attributes_below_ome_stay() -> None:
    """What others keep below ``ome`` is kept there, one level deep."""
    old = {"ome": {"labels": ["nuclei"], "plate": {"name": "old", "x": 1}}, "other": 1}
    new = {"ome": {"version": "0.5", "plate": {"name": "new"}}}
    assert merge_attributes(old, new) == {
        "ome": {"version": "0.5", "plate": {"name": "new"}, "labels": ["nuclei"]},
        "other": 1,
    }


def test_attributes_are_removed_by_name() -> None:
    """A key that goes is removed at the top and below ``ome``."""
    assert merge_attributes({"well": 1, "a": 2}, {}, remove=("well",)) == {"a": 2}
    old = {"ome": {"version": "0.5", "well": {}}, "a": 2}
    assert merge_attributes(old, {}, remove=("well",)) == {
        "a": 2,
        "ome": {"version": "0.5"},
    }


def test_merging_changes_neither_argument() -> None:
    """The attributes given and the old ones stay what they were."""
    old, new = {"ome": {"a": 1}, "x": 1}, {"ome": {"b": 2}}
    merge_attributes(old, new, remove=("a",))
    assert (old, new) == ({"ome": {"a": 1}, "x": 1}, {"ome": {"b": 2}})


@pytest.mark.parametrize(
    ("stored", "asked", "place"),
    [("0.4", "0.5", "'B/03'"), ("0.5", "0.4", "'B/03'"), ("0.5", "0.4", "'at the")],
)
def test_other_version_is_refused(stored: Version, asked: Version, place: str) -> None:
    """A group is never turned into the other version in place."""
    group = "B/03" if "B" in place else ""
    store = MemoryStore()
    write_attributes(store, group, {}, stored)
    before = dict(store.objects)
    with pytest.raises(StoreError) as raised:
        write_attributes(store, group, {"a": 1}, asked)
    shown = "'B/03'" if group else "'at the root'"
    assert str(raised.value) == (
        f"the group {shown} of the output is OME-Zarr {stored}, the config asks for "
        f'{asked}. Set omezarr.ngff_version: "{stored}" or choose another output.'
    )
    assert store.objects == before


@versions
def test_broken_json_is_an_error(version: Version) -> None:
    """A truncated document is named, with where it breaks and what to do."""
    name = ".zattrs" if version == "0.4" else "zarr.json"
    objects = {f"B/{name}": b'{"plate": '}
    if version == "0.4":
        objects["B/.zgroup"] = b"{}"
    store = MemoryStore(objects)
    with pytest.raises(StoreError, match=rf"^B/{re.escape(name)} in the output is not"):
        read_attributes(store, "B", version)
    with pytest.raises(StoreError, match="damaged store and run again"):
        write_attributes(store, "B", {}, version)


def test_document_that_is_no_object_is_an_error() -> None:
    """JSON of another type is no group document."""
    store = MemoryStore({"zarr.json": b"[1]"})
    with pytest.raises(StoreError) as raised:
        read_attributes(store, "", "0.5")
    assert str(raised.value) == (
        "zarr.json in the output holds list, expected an object. Restore or remove "
        "the damaged store and run again."
    )


@pytest.mark.parametrize(
    "document",
    [
        b'{"zarr_format": 3, "node_type": "array"}',
        b'{"node_type": "group", "attributes": 1}',
    ],
    ids=["array", "attributes"],
)
def test_array_is_no_group(document: bytes) -> None:
    """An array's document in a group's place is an error, not an empty group."""
    with pytest.raises(StoreError) as raised:
        read_attributes(MemoryStore({"B/zarr.json": document}), "B", "0.5")
    assert str(raised.value) == (
        "B/zarr.json in the output is not the document of a group. Move whatever is "
        "there away and run again."
    )


def test_json_keeps_order_and_letters() -> None:
    """JSON has the order given and letters as they are, the same bytes every time."""
    assert dump_json({"b": "µm", "a": 1}) == '{\n  "b": "µm",\n  "a": 1\n}'.encode()


def test_json_refuses_what_it_cannot_say() -> None:
    """NaN and infinity never reach a document."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json({"scale": float("nan")})
