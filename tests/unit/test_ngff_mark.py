"""The mark of an image group and the names of its levels."""

from collections.abc import Mapping

import pytest

from tests.unit.ngff_samples import MemoryStore, sample_image
from tiles2zarr.ngff.documents import Version, write_attributes
from tiles2zarr.ngff.image import image_attributes
from tiles2zarr.ngff.mark import KEY, Mark, level_names, read_mark

MARK = Mark(
    owner="3f2a",
    pixels="p",
    metadata="m",
    geometry="g",
    content="c",
    chunks=12,
    bytes=3456,
)
versions = pytest.mark.parametrize("version", ["0.4", "0.5"])


@versions
def test_mark_comes_back(version: Version) -> None:
    """A mark beside the image's metadata is read again, at the top in both versions."""
    store = MemoryStore()
    attributes = image_attributes(sample_image(), version=version)
    write_attributes(store, "B/03/0", attributes, version)
    assert read_mark(store, "B/03/0") is None
    write_attributes(store, "B/03/0", {KEY: MARK.model_dump()}, version)
    assert read_mark(store, "B/03/0") == MARK
    assert level_names(store, "B/03/0") == ("0", "1"), "the metadata stay"


def test_no_group_has_no_mark() -> None:
    """Where there is nothing there is no mark and no level."""
    assert read_mark(MemoryStore()) is None
    assert level_names(MemoryStore()) == ()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("text", id="text"),
        pytest.param({"owner": "3f2a"}, id="owner only"),
        pytest.param({**MARK.model_dump(), "more": 1}, id="more fields"),
        pytest.param({**MARK.model_dump(), "chunks": "many"}, id="wrong type"),
        pytest.param({**MARK.model_dump(), "bytes": None}, id="null"),
    ],
)
def test_mark_of_another_form_is_none(content: object) -> None:
    """What a plate or another program keeps under our key is not an image's mark."""
    store = MemoryStore()
    write_attributes(store, "", {KEY: content}, "0.5")
    assert read_mark(store) is None


@versions
def test_level_names_are_first_path_parts(version: Version) -> None:
    """Levels are told by their first folder, also where they lie deeper."""
    image = sample_image(levels=2)
    store = MemoryStore()
    attributes = image_attributes(image, version=version, level_names=("s0", "s1"))
    write_attributes(store, "", attributes, version)
    assert level_names(store) == ("s0", "s1")
    multiscales = {"multiscales": [{"datasets": [{"path": "deep/0"}, {"path": "1"}]}]}
    content = multiscales if version == "0.4" else {"ome": multiscales}
    write_attributes(store, "foreign", content, version)
    assert level_names(store, "foreign") == ("deep", "1")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({}, id="none"),
        pytest.param({"multiscales": {}}, id="no list"),
        pytest.param({"multiscales": [1, {}, {"datasets": None}]}, id="no datasets"),
        pytest.param({"multiscales": [{"datasets": [1, {}, {"path": 2}]}]}, id="paths"),
    ],
)
def test_damaged_metadata_name_no_levels(content: Mapping[str, object]) -> None:
    """Metadata that are not multiscales name no levels, and raise nothing."""
    store = MemoryStore()
    write_attributes(store, "", content, "0.4")
    write_attributes(store, "five", {"ome": dict(content)}, "0.5")
    assert level_names(store) == level_names(store, "five") == ()
