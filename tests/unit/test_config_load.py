"""From the content of a file to a config per plate: names, several plates."""

from pathlib import Path

import pytest
import yaml

from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError
from tiles2zarr.models.well import PlateLayout


def _unknown(path: str, form: str) -> str | None:
    return None


def _load(text: str) -> dict[str, Config]:
    return load_configs(yaml.safe_load(text), _unknown)


def _faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _load(text)
    return list(caught.value.faults)


NAMES = [
    ("{plate: {name: P1}, acquisitions: [{path: raw}]}", "P1"),
    ("{name: P2, acquisitions: [{path: raw}]}", "P2"),
    ("{name: P2, plate: {layout: 96}, acquisitions: [{path: raw}]}", "P2"),
    ("{name: P1, plate: {name: P1}, acquisitions: [{path: raw}]}", "P1"),
    ("{acquisitions: [{path: data/Plate 7}]}", "Plate 7"),
    ("{acquisitions: [{path: data/P8/tiles.csv}]}", "P8"),
    ("{acquisitions: [{path: [data/P9/, data/P10]}]}", "P9"),
]


@pytest.mark.parametrize(("text", "name"), NAMES, ids=[text for text, _ in NAMES])
def test_name_of_the_config(text: str, name: str) -> None:
    """The plate's name counts first, then the set's, then that of the folder."""
    configs = _load(text)
    assert [(key, config.name) for key, config in configs.items()] == [(name, name)]


def test_vendor_is_asked_for_the_name() -> None:
    """Where the config gives no name, the first path and its format are looked at."""
    asked: list[tuple[str, str]] = []

    def peek(path: str, form: str) -> str | None:
        asked.append((path, form))
        return "Röntgen/2 (neu)"

    raw = {"acquisitions": [{"path": ["a", "b"], "format": "CellVoyager"}]}
    (name,) = load_configs(raw, peek)
    assert name == "Rontgen_2 _neu"
    assert asked == [("a", "cellvoyager")]


def test_named_plate_is_not_looked_up() -> None:
    """A config with a name loads without the data being there."""

    def peek(path: str, form: str) -> str | None:
        raise AssertionError(path)

    raw = {"name": "P1", "acquisitions": [{"path": "nowhere"}]}
    assert list(load_configs(raw, peek)) == ["P1"]


def test_path_without_a_name_needs_one() -> None:
    """The working folder itself has no name to take."""
    assert _faults("acquisitions: [{path: .}]") == [
        "name: is needed: no name can be made of the path '.'"
    ]


def test_keys_of_snakemake_are_passed_over() -> None:
    """``pathvars`` in the config is Snakemake's own."""
    text = "{name: P1, pathvars: {results: out}, acquisitions: [{path: raw}]}"
    assert list(_load(text)) == ["P1"]


def test_input_is_not_changed() -> None:
    """Loading leaves the raw content as it was and gives the same twice."""
    text = "{plates: {A: {path: x}}, plate: {layout: 96}, acquisitions: [{id: 1}]}"
    raw = yaml.safe_load(text)
    first = load_configs(raw, _unknown)
    assert raw == yaml.safe_load(text)
    assert load_configs(raw, _unknown) == first


def test_content_must_be_a_mapping() -> None:
    """A list at the top of the file is no config."""
    with pytest.raises(ConfigError) as caught:
        load_configs([1], _unknown)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "config: 1 fault\n  - expected a mapping of keys, got a list of 1"
    )


SEVERAL = """
plates:
  P1: {path: raw/P1}
  P2:
    plate: {uniform: true}
    acquisitions: [{path: raw/P2, details: {z_spacing: 3}}]
    omezarr: {chunks: {z_chunk: 4}}
plate: {layout: {rows: 3, columns: 5}}
acquisitions:
  - format: cellvoyager
    details: {pixelsize: 0.65, z_spacing: 2}
omezarr: {num_levels: 3, chunks: {xy_scaling: 2}}
"""


def test_plates_take_what_they_share() -> None:
    """Each plate has its own path and keys, and everything else from the file."""
    configs = _load(SEVERAL)
    assert list(configs) == ["P1", "P2"]
    one, two = configs.values()
    assert [a.path for a in (*one.acquisitions, *two.acquisitions)] == [
        ("raw/P1",),
        ("raw/P2",),
    ]
    details = [config.acquisitions[0].details for config in (one, two)]
    assert [(d.pixelsize, d.z_spacing) for d in details] == [(0.65, 2), (0.65, 3)]
    assert {config.acquisitions[0].format for config in (one, two)} == {"cellvoyager"}
    chunks = [config.omezarr.chunks for config in (one, two)]
    assert [chunk.z_chunk for chunk in chunks] == [1, 4]
    assert [chunk.get_xy_chunk(100) for chunk in chunks] == [200, 200]
    plates = [config.plate for config in (one, two)]
    assert [plate and plate.uniform for plate in plates] == [False, True]
    assert {plate and plate.layout for plate in plates} == {
        PlateLayout(rows=3, columns=5)
    }


def test_plate_is_what_its_own_file_would_be() -> None:
    """A plate of several is the config of a file that states everything itself."""
    alone = """
    name: P2
    plate: {layout: {rows: 3, columns: 5}, uniform: true}
    acquisitions:
      - {path: raw/P2, format: cellvoyager, details: {pixelsize: 0.65, z_spacing: 3}}
    omezarr: {num_levels: 3, chunks: {xy_scaling: 2, z_chunk: 4}}
    """
    assert _load(SEVERAL)["P2"] == _load(alone)["P2"]


def test_plates_in_files_of_their_own(tmp_path: Path) -> None:
    """A plate may be a path: its file is put over the shared part."""
    own = tmp_path / "p1.yaml"
    own.write_text("acquisitions: [{path: raw/P1}, {path: raw/P1b}]\n")
    raw = {
        "plates": {"P1": str(own)},
        "acquisitions": [{"format": "scanr"}],
        "output": "out",
    }
    config = load_configs(raw, _unknown)["P1"]
    assert [(a.id, a.path, a.format) for a in config.acquisitions] == [
        (0, ("raw/P1",), "scanr"),
        (1, ("raw/P1b",), "auto"),
    ]
    assert (config.name, config.output) == ("P1", "out")


PLATES = [
    (
        "plates: []",
        "plates: expected a mapping from each plate's name to a file or to the keys "
        "that differ, got a list of 0",
    ),
    (
        "{plates: {P1: 3}, acquisitions: [{path: a}]}",
        "plates.P1: expected the path of a YAML file or a mapping of the keys that "
        "differ, got 3",
    ),
    (
        "{plates: {P1: nowhere.yaml}}",
        "plates.P1: nowhere.yaml: cannot be read (No such file or directory); check "
        "the path and its rights",
    ),
    (
        "{plates: {P1: {path: a}, p1: {path: b}}}",
        "plates.p1: differs from 'P1' only in case; the folders would clash",
    ),
    (
        "{plates: {P1: {path: a}}, acquisitions: [{path: a}, {path: b}]}",
        "plates.P1: path alone is for files with one acquisition; write it below "
        "acquisitions",
    ),
    (
        "{plates: {P1: {path: a}}, plate: {name: x}}",
        "plate.name: several plates are named by the keys of plates; take it out",
    ),
    (
        "{plates: {P1: {path: a}}, name: x}",
        "name: several plates are named by the keys of plates; take it out",
    ),
    (
        "{plates: {P1: {path: a, plate: {name: P2}}}}",
        "plates.P1: plate.name is 'P2'; name the plate alike or take the key out",
    ),
    (
        "{plates: {P1: {path: a}, P2: {path: b, writing: {dusk: threads}}}}",
        "plates.P2.writing.dusk: unknown key; did you mean 'dask'?",
    ),
    (
        "{plates: {P1: {path: a}, P2: {path: b}}, writing: {dusk: threads}}",
        "writing.dusk: unknown key; did you mean 'dask'?",
    ),
    (
        "{plates: {a/b: {path: a}}}",
        "name: name 'a/b' must be 1 to 100 letters, digits or '._ -', beginning with "
        "a letter or digit and not ending in a space or dot",
    ),
]


@pytest.mark.parametrize(("text", "fault"), PLATES, ids=[text for text, _ in PLATES])
def test_fault_of_several_plates(text: str, fault: str) -> None:
    """A fault of one plate names the plate; a fault of all is told once."""
    assert _faults(text) == [fault]


def test_plates_needs_content() -> None:
    """``plates:`` with nothing behind it is left out."""
    assert list(_load("{plates: , name: P1, acquisitions: [{path: a}]}")) == ["P1"]
