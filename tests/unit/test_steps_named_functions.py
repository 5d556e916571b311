"""Functions that the config names are found before anything runs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError
from tiles2zarr.steps.configs import checked_configs
from tiles2zarr.steps.named_functions import check_functions

NAME = "my_t2z_named"
MODULE = """
def keep(*arguments):
    raise RuntimeError("this must not be called")

number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder with a module; search path and modules are put back."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / f"{NAME}.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path / "mine"
    sys.modules.pop(NAME, None)


def _raw(folder: Path, function: str) -> dict[str, object]:
    """Return a config that names one function in all six places."""
    named = {"function": function}
    acquisition = {
        "path": "raw/tiles.csv",
        "format": function,
        "loader": named,
        "filters": [
            {"kind": "well", "wells": ["B03"]},
            {"kind": "custom", "mode": "exclude"} | named,
        ],
        "validators": [named],
        "collection": named,
    }
    return {
        "plate": {"name": "P1"},
        "acquisitions": [{"path": "raw/other.csv"}, acquisition],
        "registration": {"steps": [named]},
        "extensions": [str(folder)],
    }


def _config(folder: Path, function: str) -> Config:
    (config,) = load_configs(_raw(folder, function), lambda path, form: None).values()
    return config


def _faults(config: Config) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        check_functions(config)
    return error.value.faults


def test_functions_that_are_there_are_not_called(folder: Path) -> None:
    """They are imported from the extension folder, last on the search path."""
    check_functions(_config(folder, f"{NAME}:keep"))
    assert NAME in sys.modules
    assert sys.path[-1] == str(folder)


def test_a_config_that_names_none(folder: Path) -> None:
    """Built-in formats, filters and loaders are no functions of the user's."""
    raw = {
        "plate": {"name": "P1"},
        "acquisitions": [
            {"path": "a", "filters": [{"kind": "well", "wells": ["B03"]}]}
        ],
    }
    (config,) = load_configs(raw, lambda path, form: None).values()
    check_functions(config)


def test_every_place_is_told(folder: Path) -> None:
    """One misspelt name in six places is six faults, each with its YAML path."""
    faults = _faults(_config(folder, f"{NAME}:kep"))
    places = [fault.partition(": ")[0] for fault in faults]
    assert sorted(places) == [
        "acquisitions[1].collection.function",
        "acquisitions[1].filters[1].function",
        "acquisitions[1].format",
        "acquisitions[1].loader.function",
        "acquisitions[1].validators[0].function",
        "registration.steps[0].function",
    ]
    for fault in faults:
        assert fault.partition(": ")[2] == (
            f"Function '{NAME}:kep' does not exist in {folder}/{NAME}.py. Did you mean "
            f"{NAME}:keep?"
        )


def test_what_is_no_function(folder: Path) -> None:
    """A value of the module is told apart from a name that is not there."""
    fault = _faults(_config(folder, f"{NAME}:number"))[0]
    assert fault == (
        f"acquisitions[1].format: Function '{NAME}:number' is not a function in "
        f"{folder}/{NAME}.py. Correct the name."
    )


def test_a_folder_that_is_not_there_is_a_fault_beside_the_others(
    folder: Path, tmp_path: Path
) -> None:
    """The folder comes first, then the functions that are missed for it."""
    faults = _faults(_config(tmp_path / "gone", f"{NAME}:keep"))
    assert len(faults) == 7
    assert faults[0] == (
        f"extensions: Extension folder '{tmp_path}/gone' does not exist (looked at "
        f"{tmp_path}/gone). Correct `extensions:` in the config; paths are relative to "
        "the working directory."
    )
    assert faults[1] == (
        f"acquisitions[1].format: Module '{NAME}' of function '{NAME}:keep' is not "
        "found. Put the folder that holds it in `extensions:` of the config, or "
        "install it."
    )


def test_faults_of_all_plates_are_told_at_once(folder: Path) -> None:
    """Two plates with a misspelt function each are two faults of one message."""
    raw = {
        "acquisitions": [{"path": "raw/a.csv"}],
        "extensions": [str(folder)],
        "plates": {
            "P1": {"registration": {"steps": [{"function": f"{NAME}:kep"}]}},
            "P2": {"registration": {"steps": [{"function": f"{NAME}:keeep"}]}},
            "P3": {"registration": {"steps": [{"function": f"{NAME}:keep"}]}},
        },
    }
    with pytest.raises(ConfigError) as error:
        checked_configs(raw)
    assert str(error.value) == (
        "config: 2 faults\n"
        f"  - plates.P1.registration.steps[0].function: Function '{NAME}:kep' does not "
        f"exist in {folder}/{NAME}.py. Did you mean {NAME}:keep?\n"
        f"  - plates.P2.registration.steps[0].function: Function '{NAME}:keeep' does "
        f"not exist in {folder}/{NAME}.py. Did you mean {NAME}:keep?"
    )


def test_a_fault_of_all_plates_is_told_once(folder: Path) -> None:
    """What plates and their projections share has no plate in its place."""
    raw = _raw(folder, f"{NAME}:keep") | {
        "acquisitions": [{"path": "raw/a.csv", "options": {"projections": "keep"}}],
        "registration": {"steps": [{"function": f"{NAME}:kep"}]},
    }
    with pytest.raises(ConfigError) as error:
        checked_configs(raw)
    assert str(error.value) == (
        f"config: 1 fault\n  - registration.steps[0].function: Function '{NAME}:kep' "
        f"does not exist in {folder}/{NAME}.py. Did you mean {NAME}:keep?"
    )
    fine = _raw(folder, f"{NAME}:keep")
    assert list(checked_configs(fine)) == ["P1"]
