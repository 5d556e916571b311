"""Overwrite modes: what is added, redone, replaced and left alone in an output."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tests.reference.store import ome_attributes, read_plate, read_rows
from tests.rules.plate import (
    HEIGHT,
    PIXEL,
    WIDTH,
    Files,
    files_below,
    touched,
    write_csv,
    write_tile,
)
from tiles2zarr.errors import FaultsError, Tiles2ZarrError

Json = dict[str, object]
Pixels = NDArray[np.uint16]
MODES = ("no_overwrite", "extend", "overwrite")


def field_pixels(well: str, field: int, cycle: int = 0) -> Pixels:
    """Return the known pixels of a field of a well in a cycle."""
    random = np.random.default_rng([ord(well[0]), int(well[1:]), field, cycle])
    return random.integers(1, 60000, (HEIGHT, WIDTH), dtype=np.uint16)


def well_pixels(well: str, fields: int, cycle: int = 0) -> Pixels:
    """Return the image of a well: its fields side by side."""
    return np.concatenate(
        [field_pixels(well, field, cycle) for field in range(fields)], axis=1
    )


class Lab:
    """An output, and work folders of several configs that write into it."""

    def __init__(self, root: Path) -> None:
        """Use the folder ``root``."""
        self.root = root

    @property
    def store(self) -> Path:
        """Return the plate."""
        return self.root / "out/P1.zarr"

    def state(self, who: str) -> Path:
        """Return the state of one of the configs."""
        return self.root / who / "results/P1"

    def acquire(
        self, who: str, wells: Mapping[str, int], cycle: int = 0, drug: str = "DMSO"
    ) -> None:
        """Write files and table of wells, each with a number of fields."""
        folder = self.root / who / f"cycle{cycle}"
        rows: list[Json] = []
        for well, fields in wells.items():
            for field in range(fields):
                name = f"{well}_{field}.tif"
                if not (folder / name).exists():
                    write_tile(folder / name, field_pixels(well, field, cycle))
                rows.append(
                    {
                        "file_path": name,
                        "row": well[0],
                        "column": int(well[1:]),
                        "fov_name": f"F{field}",
                        "start_x": field * WIDTH * PIXEL,
                        "start_y": 0.0,
                        "length_x": WIDTH,
                        "length_y": HEIGHT,
                        "drug": f"{drug} {well}",
                    }
                )
        write_csv(folder / "tiles.csv", rows)

    def convert(
        self,
        who: str,
        mode: str,
        cycles: Sequence[int] = (0,),
        omezarr: Mapping[str, object] | None = None,
    ) -> None:
        """Convert the cycles of a config; its state is beside its files."""
        acquisitions = [
            {
                "id": cycle,
                "path": str(self.root / who / f"cycle{cycle}/tiles.csv"),
                "format": "tile_table",
                "details": {"pixelsize": PIXEL},
            }
            for cycle in cycles
        ]
        config: Json = {
            "plate": {"name": "P1", "layout": 96},
            "output": str(self.root / "out"),
            "acquisitions": acquisitions,
            "writing": {"overwrite_mode": mode},
            "omezarr": {"num_levels": 2} | dict(omezarr or {}),
        }
        convert(config, self.root / who)

    def files(self, below: str = "") -> Files:
        """Return the files of the plate with content and time."""
        return files_below(self.store / below)

    def images(self) -> list[str]:
        """Return the images that the plate and its wells list."""
        return sorted(read_plate(self.store).images)

    def pixels(self, image: str) -> Pixels:
        """Return level 0 of an image."""
        array = zarr.open_array(str(self.store / image / "0"), mode="r")
        return np.asarray(array[...])[0, 0]

    def check(self, well: str, fields: int, cycle: int = 0, path: str = "") -> None:
        """Compare an image with what was acquired."""
        image = f"{well[0]}/{well[1:]}/{path or cycle}"
        expected = well_pixels(well, fields, cycle)
        np.testing.assert_array_equal(self.pixels(image), expected)

    def drugs(self) -> dict[str, object]:
        """Return the plate's condition rows: image to drug."""
        rows = read_rows(self.store, "condition_table")
        found = {f"{row['well']}/{row['path_in_well']}": row["drug"] for row in rows}
        assert len(found) == len(rows)
        return found

    def findings(self, who: str) -> dict[str, Json]:
        """Return the findings of the last run of a config by code."""
        found = json.loads((self.state(who) / "findings.json").read_text())["findings"]
        return {finding["code"]: finding for finding in found}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with a plate of B03 (two fields) and C11 (one), made by ``ours``."""
    lab = Lab(tmp_path)
    lab.acquire("ours", {"B03": 2, "C11": 1})
    lab.convert("ours", "no_overwrite")
    return lab


def add_foreign_parts(lab: Lab) -> None:
    """Add labels, a table and attributes as other programs do to image B/03/0."""
    image = lab.store / "B/03/0"
    labels = image / "labels"
    nuclei = labels / "nuclei"
    nuclei.mkdir(parents=True)
    (labels / ".zgroup").write_text('{"zarr_format": 2}')
    (labels / ".zattrs").write_text('{"labels": ["nuclei"]}')
    (nuclei / ".zgroup").write_text('{"zarr_format": 2}')
    table = image / "tables/measured"
    table.mkdir(parents=True)
    (table / ".zgroup").write_text('{"zarr_format": 2}')
    (table / "table.csv").write_text("label,area\n1,24\n")


@pytest.mark.parametrize("mode", MODES)
def test_w10_a_second_run_touches_nothing(lab: Lab, mode: str) -> None:
    """In every mode the run is repeated without a change of any file."""
    before = lab.files()
    lab.convert("ours", mode)
    assert touched(before, lab.files()) == set()


def test_w10_what_a_failed_run_left_out_is_all_a_rerun_makes(tmp_path: Path) -> None:
    """With its file back the one missing image is made; the others are not touched."""
    lab = Lab(tmp_path)
    lab.acquire("ours", {"B03": 2, "C11": 1})
    missing = lab.root / "ours/cycle0/C11_0.tif"
    missing.rename(missing.with_suffix(".away"))
    with pytest.raises(FaultsError):
        lab.convert("ours", "no_overwrite")
    assert lab.images() == ["B/03/0"]
    before = lab.files("B/03/0")
    missing.with_suffix(".away").rename(missing)
    lab.convert("ours", "no_overwrite")
    assert lab.images() == ["B/03/0", "C/11/0"]
    lab.check("C11", 1)
    arrays = {p for p in touched(before, lab.files("B/03/0")) if p[0].isdigit()}
    assert arrays == set()


def test_no_overwrite_refuses_a_plate_of_others(lab: Lab) -> None:
    """Another config may not write into it; nothing of it is touched."""
    lab.acquire("others", {"B03": 1, "D05": 1})
    before = lab.files()
    with pytest.raises(Tiles2ZarrError) as error:
        lab.convert("others", "no_overwrite")
    assert "exists and was not made by this config. Nothing was touched" in str(
        error.value
    )
    assert touched(before, lab.files()) == set()


def test_no_overwrite_makes_what_is_new_in_an_own_plate(lab: Lab) -> None:
    """A well and a field more are made, the untouched well stays as it is."""
    lab.acquire("ours", {"B03": 2, "C11": 2, "H12": 1})
    before = lab.files("B/03/0/0")
    lab.convert("ours", "no_overwrite")
    assert lab.images() == ["B/03/0", "C/11/0", "H/12/0"]
    lab.check("C11", 2)
    lab.check("H12", 1)
    assert touched(before, lab.files("B/03/0/0")) == set()


def test_extend_adds_wells_acquisitions_and_fields_to_an_own_plate(lab: Lab) -> None:
    """New ones are made, C11 gets its second field, and B03 is not touched."""
    lab.acquire("ours", {"B03": 2, "C11": 2, "A07": 1})
    lab.acquire("ours", {"B03": 1}, cycle=1, drug="taxol")
    before = lab.files("B/03/0/0")
    lab.convert("ours", "extend", cycles=(0, 1))
    assert lab.images() == ["A/07/0", "B/03/0", "B/03/1", "C/11/0"]
    lab.check("A07", 1)
    lab.check("B03", 2)
    lab.check("B03", 1, cycle=1)
    lab.check("C11", 2)
    assert touched(before, lab.files("B/03/0/0")) == set()
    listed = ome_attributes(lab.store)["plate"]["acquisitions"]
    assert [entry["id"] for entry in listed] == [0, 1]


@pytest.mark.parametrize("mode", MODES)
def test_labels_and_tables_of_others_stay(lab: Lab, mode: str) -> None:
    """They are there after a run that adds a well beside them."""
    add_foreign_parts(lab)
    foreign = {
        path: seen
        for path, seen in lab.files("B/03/0").items()
        if path.startswith(("labels/", "tables/measured/"))
    }
    assert len(foreign) == 5
    lab.acquire("ours", {"B03": 2, "C11": 1, "A07": 1})
    lab.convert("ours", mode)
    after = lab.files("B/03/0")
    assert {path: after.get(path) for path in foreign} == foreign
    lab.check("A07", 1)


def test_labels_block_an_image_of_another_shape(lab: Lab) -> None:
    """A field more would make the labels wrong: the image stays, the rest is made."""
    add_foreign_parts(lab)
    lab.acquire("ours", {"B03": 3, "C11": 1, "A07": 1})
    before = lab.files("B/03/0/0")
    with pytest.raises(FaultsError) as error:
        lab.convert("ours", "extend")
    (told,) = error.value.faults
    assert told == (
        "B/03/0: shape, scale or positions changed, and the labels nuclei would "
        "no longer fit. Move the labels away, or set writing.overwrite_mode to "
        "overwrite to drop them."
    )
    assert touched(before, lab.files("B/03/0/0")) == set()
    assert "labels_block_rewrite" in lab.findings("ours")
    lab.check("A07", 1)
    lab.convert("ours", "overwrite")
    lab.check("B03", 3)
    assert not (lab.store / "B/03/0/labels/nuclei").exists()


def test_w9_extend_merges_the_plates_condition_rows(lab: Lab) -> None:
    """Rows of another config's images are kept beside ours, each once."""
    lab.acquire("others", {"D05": 1, "B03": 1}, cycle=3, drug="taxol")
    lab.convert("others", "extend", cycles=(3,))
    expected = {
        "B03/0": "DMSO B03",
        "B03/3": "taxol B03",
        "C11/0": "DMSO C11",
        "D05/3": "taxol D05",
    }
    assert lab.drugs() == expected
    lab.acquire("ours", {"B03": 2, "C11": 1}, drug="water")
    lab.convert("ours", "extend")
    assert lab.drugs() == expected | {"B03/0": "water B03", "C11/0": "water C11"}


def test_extend_never_changes_images_of_others(lab: Lab) -> None:
    """Where both have a well the first one's image stands, listed, with its row."""
    lab.acquire("others", {"B03": 1, "D05": 1})
    foreign = lab.files("B/03/0") | lab.files("C/11/0")
    with pytest.raises(FaultsError) as error:
        lab.convert("others", "extend")
    (told,) = error.value.faults
    assert told == (
        f"B/03/0: {lab.store}/B/03/0 exists and was not made by this config. Nothing "
        "was touched: set writing.overwrite_mode to overwrite to replace it, choose "
        "another output, or take it over: `tiles2zarr verify --adopt`."
    )
    assert lab.files("B/03/0") | lab.files("C/11/0") == foreign
    assert lab.images() == ["B/03/0", "C/11/0", "D/05/0"]
    lab.check("B03", 2)
    lab.check("D05", 1)
    assert set(lab.drugs()) == {"B03/0", "C11/0", "D05/0"}


def test_extend_leaves_the_plate_to_its_maker(lab: Lab) -> None:
    """After others added to it, the first config still takes it for its own."""
    lab.acquire("others", {"D05": 1})
    lab.convert("others", "extend")
    lab.convert("ours", "extend")
    assert lab.images() == ["B/03/0", "C/11/0", "D/05/0"]


def test_extend_keeps_what_left_the_plan(lab: Lab) -> None:
    """A well taken out of the table stays in the plate, and is listed as an orphan."""
    lab.acquire("ours", {"B03": 2})
    lab.convert("ours", "extend")
    lab.check("C11", 1)
    assert lab.findings("ours")["orphan_image"]["images"] == ["C/11/0"]
    assert (lab.store / "C/11/0/0").is_dir()


def test_no_overwrite_takes_what_left_the_plan_off_the_plate(lab: Lab) -> None:
    """It stays on disk, and the plate does not list it."""
    lab.acquire("ours", {"B03": 2})
    lab.convert("ours", "no_overwrite")
    assert lab.images() == ["B/03/0"]
    lab.check("C11", 1)
    assert lab.findings("ours")["orphan_image"]["images"] == ["C/11/0"]
    assert lab.drugs() == {"B03/0": "DMSO B03"}


def test_overwrite_removes_what_left_the_plan(lab: Lab) -> None:
    """Own orphans go from disk, plate and tables."""
    lab.acquire("ours", {"B03": 2})
    lab.convert("ours", "overwrite")
    assert lab.images() == ["B/03/0"]
    assert not (lab.store / "C/11/0").exists()
    assert lab.drugs() == {"B03/0": "DMSO B03"}


def test_overwrite_replaces_images_of_others_that_the_plan_names(lab: Lab) -> None:
    """B03 becomes the other config's; C11, which it does not name, stays on disk."""
    lab.acquire("others", {"B03": 1, "D05": 1})
    other = lab.files("C/11/0")
    lab.convert("others", "overwrite")
    lab.check("B03", 1)
    lab.check("D05", 1)
    assert lab.files("C/11/0") == other
    before = lab.files()
    lab.convert("others", "overwrite")
    assert touched(before, lab.files()) == set()


def test_overwrite_tells_of_images_that_it_takes_off_the_plate(lab: Lab) -> None:
    """C11 of another config is in nobody's list then: every run says so."""
    lab.acquire("others", {"B03": 1})
    for _ in range(2):
        lab.convert("others", "overwrite")
        assert lab.images() == ["B/03/0"]
        found = lab.findings("others")["foreign_images_unlisted"]
        assert (found["count"], found["images"]) == (1, ["C/11/0"])
        assert found["message"] == (
            "1 images of others are in the folder of the plate but not in its "
            "metadata, which writing.overwrite_mode: overwrite made anew. Remove their "
            "folders, or let the config that made them build its tables again with "
            "extend: it lists them."
        )
    shutil.rmtree(lab.store / "C/11")
    lab.convert("others", "overwrite")
    assert "foreign_images_unlisted" not in lab.findings("others")


def test_no_overwrite_tells_of_images_that_others_added(lab: Lab) -> None:
    """Its plate lists what it made; D05 of another config is told by every run."""
    lab.acquire("others", {"D05": 1})
    lab.convert("others", "extend")
    for _ in range(2):
        lab.convert("ours", "no_overwrite")
        assert lab.images() == ["B/03/0", "C/11/0"]
        found = lab.findings("ours")["foreign_images_unlisted"]
        assert (found["count"], found["images"]) == (1, ["D/05/0"])
        assert "writing.overwrite_mode: no_overwrite made anew" in str(found["message"])
    lab.convert("others", "extend")
    assert lab.images() == ["B/03/0", "C/11/0", "D/05/0"]


@pytest.mark.parametrize(
    ("version", "backend"), [("0.4", "anndata"), ("0.5", "anndata"), ("0.5", "csv")]
)
def test_overwrite_takes_no_table_for_an_image(
    tmp_path: Path, version: str, backend: str
) -> None:
    """A second run reads the plate's tables, as deep as images, and changes nothing."""
    lab = Lab(tmp_path)
    lab.acquire("ours", {"B03": 2, "C11": 1})
    options = {"ngff_version": version, "table_backend": backend}
    lab.convert("ours", "overwrite", omezarr=options)
    before = lab.files()
    lab.convert("ours", "overwrite", omezarr=options)
    assert touched(before, lab.files()) == set()
    assert "foreign_images_unlisted" not in lab.findings("ours")


@pytest.mark.parametrize("mode", ["no_overwrite", "extend"])
@pytest.mark.parametrize("receipt", [True, False], ids=["receipt", "no-receipt"])
def test_w8_an_unfinished_image_is_redone(lab: Lab, mode: str, receipt: bool) -> None:
    """Chunks cut short or gone, with or without a receipt: the image is made again."""
    image = lab.store / "B/03/0"
    cut = image / "0/0/0/0/0"
    cut.write_bytes(cut.read_bytes()[:100])
    (image / "0/0/0/0/1").unlink()
    shutil.rmtree(image / "1")
    shutil.rmtree(image / "tables")
    if not receipt:
        (lab.state("ours") / "written/B/03/0.json").unlink()
    other = lab.files("C/11/0")
    lab.convert("ours", mode)
    lab.check("B03", 2)
    assert lab.images() == ["B/03/0", "C/11/0"]
    assert sorted(read_plate(lab.store).images["B/03/0"].rois) == ["F0", "F1"]
    assert lab.pixels("B/03/0").shape == (HEIGHT, 2 * WIDTH)
    level = zarr.open_array(str(image / "1"), mode="r")
    assert level.shape[-2:] == (HEIGHT // 2, WIDTH)
    assert int(np.asarray(level[...]).min()) > 0
    assert touched(other, lab.files("C/11/0")) == set()


def test_w8_an_image_without_its_mark_is_not_taken_for_finished(lab: Lab) -> None:
    """Metadata that were never written make it nobody's: it is refused, not used."""
    image = lab.store / "B/03/0"
    (image / ".zattrs").unlink()
    (lab.state("ours") / "written/B/03/0.json").unlink()
    with pytest.raises(FaultsError) as error:
        lab.convert("ours", "extend")
    assert [fault.partition(":")[0] for fault in error.value.faults] == ["B/03/0"]
    lab.convert("ours", "overwrite")
    lab.check("B03", 2)


@pytest.mark.parametrize("mode", MODES)
def test_w8_an_image_that_was_removed_comes_back_whole(lab: Lab, mode: str) -> None:
    """Its pixels, tables and contrast windows are those of the first time."""
    before = {path: raw for path, (_, raw) in lab.files().items()}
    shutil.rmtree(lab.store / "B/03/0")
    lab.convert("ours", mode)
    assert {path: raw for path, (_, raw) in lab.files().items()} == before


@pytest.mark.parametrize("first", ["0.4", "0.5"])
def test_extend_refuses_another_version(tmp_path: Path, first: str) -> None:
    """A plate has one version of OME-Zarr; nothing is touched."""
    second = {"0.4": "0.5", "0.5": "0.4"}[first]
    lab = Lab(tmp_path)
    lab.acquire("ours", {"B03": 2})
    lab.convert("ours", "no_overwrite", omezarr={"ngff_version": first})
    lab.acquire("others", {"D05": 1})
    before = lab.files()
    with pytest.raises(FaultsError) as error:
        lab.convert("others", "extend", omezarr={"ngff_version": second})
    (told,) = error.value.faults
    assert told == (
        f"D/05/0: {lab.store} is OME-Zarr {first} and cannot be extended by {second}: "
        f'a plate has one version. Set omezarr.ngff_version to "{first}", or choose '
        "another plate name."
    )
    assert touched(before, lab.files()) == set()


def test_w11_two_configs_have_states_of_their_own(lab: Lab) -> None:
    """What one writes and forgets is no business of the other's."""
    before = files_below(lab.state("ours"))
    lab.acquire("others", {"D05": 1})
    lab.convert("others", "extend")
    lab.acquire("others", {"E06": 1})
    lab.convert("others", "overwrite")
    assert files_below(lab.state("ours")) == before
    assert not (lab.store / "D/05/0").exists()
    lab.check("B03", 2)
    lab.check("C11", 1)
