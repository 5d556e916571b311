"""Documents for archives: RO-Crate and OME-XML of a plate, read by other libraries."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import HEIGHT, IMAGES, PIXEL, WIDTH, Plate
from tests.unit.conftest import Tell, write_config
from tests.validators import validate_plate
from tiles2zarr.config.load import load_configs
from tiles2zarr.errors import ConfigError

STORE = Path("out/P1.zarr")
CRATE = STORE / "ro-crate-metadata.json"
XML = STORE / "OME/METADATA.ome.xml"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"


def convert_with(archive: dict[str, object], version: str = "0.4") -> None:
    """Convert the plate with a section ``archive``."""
    content = write_config(Path(), omezarr={"ngff_version": version})
    content = content | {"archive": archive}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_plate_still_opens(raw: Plate, tell: Tell, version: str) -> None:
    """With both documents every validator and reader takes the plate as before."""
    convert_with({"ro_crate": True, "ome_xml": True}, version)
    validate_plate(STORE, version)
    assert tell("verify").code == 0


def test_ome_xml(raw: Plate) -> None:
    """Plate, wells, images, channels and sizes, as ome-types reads them."""
    ome_types = pytest.importorskip("ome_types", reason="ome-types is not installed")
    convert_with({"ome_xml": True})
    assert not CRATE.exists()
    ome = ome_types.from_xml(XML.read_text(encoding="utf-8"), validate=True)
    (plate,) = ome.plates
    assert (plate.name, plate.rows, plate.columns) == ("P1", 8, 12)
    places = [(well.row, well.column) for well in plate.wells]
    assert places == [(1, 2), (1, 3), (2, 2)]
    refs = [well.well_samples[0].image_ref.id for well in plate.wells]
    assert refs == [image.id for image in ome.images]
    assert len(ome.images) == 3
    for image in ome.images:
        pixels = image.pixels
        sizes = [getattr(pixels, f"size_{axis}") for axis in "tczyx"]
        assert sizes == [1, 2, 1, HEIGHT, 2 * WIDTH]
        assert pixels.type.value == "uint16"
        assert (pixels.physical_size_x, pixels.physical_size_y) == (PIXEL, PIXEL)
        assert pixels.physical_size_x_unit.value == "µm"
        assert pixels.physical_size_z is None
        assert [channel.name for channel in pixels.channels] == ["DAPI", "GFP"]
        colors = [channel.color.as_rgb_tuple() for channel in pixels.channels]
        assert colors == [(0, 0, 255), (0, 255, 0)]


def test_ro_crate(raw: Plate) -> None:
    """The crate names the data set, its licence, every image and how it was made."""
    facts = {"title": "Two dyes", "license": LICENSE, "published": "2025-03-31"}
    convert_with({"ro_crate": True, "ome_xml": True} | facts)
    crate = json.loads(CRATE.read_text())
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    root = entities["./"]
    assert root["name"] == "Two dyes"
    assert root["description"] == "OME-Zarr plate P1: 3 wells, 3 images."
    assert root["datePublished"] == "2025-03-31"
    assert root["license"] == {"@id": LICENSE}
    parts = [part["@id"] for part in root["hasPart"]]
    assert parts == [*(f"{image}/" for image in IMAGES), "OME/METADATA.ome.xml"]
    assert all((STORE / part).exists() for part in parts)
    image = entities["C/03/0/"]
    assert image["variableMeasured"] == ["DAPI", "GFP"]
    assert image["description"] == (
        "1 x 2 x 1 x 24 x 80 (t, c, z, y, x) pixels of uint16; spacing t 1 second, "
        "z 1 micrometer, y 0.5 micrometer, x 0.5 micrometer"
    )
    mark = json.loads((STORE / "C/03/0/.zattrs").read_text())["tiles2zarr"]
    assert image["contentSize"] == str(mark["bytes"])
    action = entities["#conversion"]
    assert entities[action["instrument"]["@id"]]["name"] == "tiles2zarr"
    assert [entities[one["@id"]]["name"] for one in action["object"]] == ["raw"]


def test_ro_crate_is_read_by_its_library(raw: Plate) -> None:
    """The package rocrate finds root, parts and action."""
    rocrate = pytest.importorskip(
        "rocrate.rocrate", reason="the package rocrate is not installed"
    )
    convert_with({"ro_crate": True})
    crate = rocrate.ROCrate(str(STORE))
    assert crate.root_dataset["license"] == "not stated"
    assert {part.id for part in crate.root_dataset["hasPart"]} == {
        f"{image}/" for image in IMAGES
    }
    assert crate.dereference("#conversion")["instrument"].id == "#tiles2zarr"


def test_day_of_the_newest_source(raw: Plate) -> None:
    """Without a day of publication it is that of the newest file."""
    newest = datetime(2031, 5, 6, 7, tzinfo=UTC).timestamp()
    path = next(Path("raw").glob("C03*.tif"))
    os.utime(path, (newest, newest))
    convert_with({"ro_crate": True})
    graph = json.loads(CRATE.read_text())["@graph"]
    assert graph[1]["datePublished"] == "2031-05-06"


def test_documents_come_and_go(raw: Plate) -> None:
    """Made again they are the same files; turned off ours go, those of others stay."""
    both: dict[str, object] = {"ro_crate": True, "ome_xml": True}
    convert_with(both)
    times = [path.stat().st_mtime_ns for path in (CRATE, XML)]
    convert_with(both)
    assert [path.stat().st_mtime_ns for path in (CRATE, XML)] == times
    convert_with({})
    assert not CRATE.exists()
    assert not (STORE / "OME").exists()
    CRATE.write_text("of others")
    convert_with({})
    assert CRATE.read_text() == "of others"


def test_wrong_day_and_certificate(raw: Plate) -> None:
    """Faults of both sections are told before anything runs."""
    content = write_config(Path()) | {
        "archive": {"published": "31.3.2025"},
        "verify": {"certificate": True},
    }
    with pytest.raises(ConfigError) as error:
        load_configs(content, lambda path, form: None)
    assert error.value.faults == (
        "archive.published: expected a day like 2025-03-31, got '31.3.2025'",
        "verify.certificate: it vouches for every plane: set verify.deep to true",
    )
