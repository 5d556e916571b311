"""``projections: keep`` makes a second plate; everything else leaves one."""

import pytest

from tiles2zarr.config.acquisition import Projections
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.projections import with_projections
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError


def _raw(*projections: str | None) -> dict[str, object]:
    """Return a config with an acquisition per word; ``None`` says nothing."""
    return {
        "plate": {"name": "P1", "layout": {"rows": 4, "columns": 7}},
        "output": "out",
        "acquisitions": [
            {"path": f"raw/{index}", "options": {"z": index, "projections": word}}
            for index, word in enumerate(projections)
        ],
        "omezarr": {"num_levels": 3},
    }


def _configs(*projections: str | None) -> dict[str, Config]:
    return load_configs(_raw(*projections), lambda path, form: None)


@pytest.mark.parametrize("word", [None, "auto", "drop", "only"])
def test_one_plate_unless_projections_are_kept(word: str | None) -> None:
    """The config stays as it is."""
    configs = _configs(word, "drop")
    assert list(configs) == ["P1"]
    assert with_projections(configs["P1"]) == (configs["P1"],)


def test_kept_projections_are_a_plate_beside() -> None:
    """The planes drop them, the plate ``P1_mip`` has them only; the rest is shared."""
    planes, projected = _configs("keep").values()
    assert (planes.name, projected.name) == ("P1", "P1_mip")
    assert planes.plate is not None
    assert projected.plate is not None
    assert (planes.plate.name, projected.plate.name) == ("P1", "P1_mip")
    assert planes.acquisitions[0].options.projections == Projections.DROP
    assert projected.acquisitions[0].options.projections == Projections.ONLY
    assert projected.plate.layout == planes.plate.layout
    assert projected.omezarr == planes.omezarr
    assert projected.output == planes.output
    assert projected.acquisitions[0].path == planes.acquisitions[0].path


def test_other_options_of_the_format_are_kept() -> None:
    """Only what becomes of projections differs."""
    planes, projected = _configs("drop", "keep").values()
    dumped = planes.acquisitions[1].options.model_dump()
    assert dumped["z"] == 1
    assert projected.acquisitions[0].options.model_dump() == dumped | {
        "projections": Projections.ONLY
    }


def test_only_acquisitions_that_keep_them_are_in_the_second_plate() -> None:
    """Of four acquisitions the second and fourth keep theirs, under their own ids."""
    planes, projected = _configs("drop", "keep", None, "keep").values()
    assert [a.id for a in planes.acquisitions] == [0, 1, 2, 3]
    assert [a.options.projections for a in planes.acquisitions] == [
        Projections.DROP,
        Projections.DROP,
        Projections.AUTO,
        Projections.DROP,
    ]
    assert [a.id for a in projected.acquisitions] == [1, 3]
    assert {a.options.projections for a in projected.acquisitions} == {Projections.ONLY}


def test_a_plate_without_a_section_of_its_own() -> None:
    """A config named at the top alone stays without ``plate``."""
    raw = _raw("keep") | {"name": "P2"}
    del raw["plate"]
    planes, projected = load_configs(raw, lambda path, form: None).values()
    assert (planes.name, projected.name) == ("P2", "P2_mip")
    assert planes.plate is None
    assert projected.plate is None


def test_a_plate_that_has_the_name_already() -> None:
    """Two plates of one name would write over one another."""
    raw = _raw("keep") | {"plates": {"P1": {}, "P1_mip": {"path": "raw/x"}}}
    del raw["plate"]
    with pytest.raises(ConfigError) as error:
        load_configs(raw, lambda path, form: None)
    assert str(error.value) == (
        "config: 1 fault\n"
        "  - plates: 'P1_mip' is a plate and the projections of another; rename it"
    )
