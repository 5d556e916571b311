"""Functions of the user's: the examples of docs/extensions.md, run as they stand."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from tests.conftest import REPOSITORY, Completed, RunSnakemake
from tests.e2e.convert import convert
from tests.reference.store import read_plate
from tiles2zarr.errors import ExtensionError, FaultsError, TableError

Jobs = Callable[[Completed], Counter[str]]
Json = dict[str, object]
Pixels = NDArray[np.uint16]

DOCUMENT = REPOSITORY / "docs/extensions.md"
HEIGHT, WIDTH = 24, 40
"""Rows and columns of a field, as the document's config says."""
PIXEL = 0.5
RIGHT = 3
"""Pixels by which the document's registration step moves channel 1."""
SITES = {1: 0.0, 2: 20.0, 3: 40.0}
"""Sites to x in micrometer: a field is 40 pixels of 0.5 wide."""
FOCUS = {1: 0.9, 2: 0.8, 3: 0.1}
"""Sites to their focus; the document's filter takes 0.5 and more."""
WELLS = {"A01": "A/02/0", "A02": "A/04/0", "B01": "C/02/0"}
"""Wells of the index to images: rows 0, 0, 1 and columns 0, 1, 0 spread by two."""


def blocks(language: str) -> list[str]:
    """Return the code blocks of the document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)


def write_extensions(folder: Path) -> list[str]:
    """Write every module of the document to a folder and return their names."""
    folder.mkdir(parents=True)
    names = []
    for block in blocks("python"):
        named = re.match(r"# extensions/(\w+)\.py\n", block)
        assert named, block
        (folder / f"{named[1]}.py").write_text(block)
        names.append(named[1])
    return names


def merged(one: object, other: object) -> object:
    """Return two parts of a config as one: mappings by key, lists entry by entry."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = one.keys() & other.keys()
        return {**one, **other} | {key: merged(one[key], other[key]) for key in both}
    if isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other) == 1
        return [merged(one[0], other[0])]
    return other


def documented() -> Json:
    """Return the document's config: its pieces put together, with a name."""
    whole: object = {
        "plate": {"name": "P1", "layout": 96},
        "output": "out",
        "omezarr": {"num_levels": 1},
    }
    for block in blocks("yaml"):
        whole = merged(whole, yaml.safe_load(block))
    assert isinstance(whole, dict)
    return whole


def field_pixels(well: str, site: int) -> Pixels:
    """Return both channels of a field, other numbers in each."""
    random = np.random.default_rng([ord(well[0]), int(well[1:]), site])
    return random.integers(1, 60000, (2, HEIGHT, WIDTH), dtype=np.uint16)


def write_raw(folder: Path, *without: tuple[str, int]) -> None:
    """Write the index and files of the document's microscope, some fields left out."""
    folder.mkdir(parents=True)
    lines = ["well\tsite\tfile\tx_um\ty_um\tfocus"]
    for well in WELLS:
        for site, x in SITES.items():
            if (well, site) in without:
                continue
            name = f"{well}_{site}.raw"
            lines.append(f"{well}\t{site}\t{name}\t{x}\t0.0\t{FOCUS[site]}")
            (folder / name).write_bytes(
                field_pixels(well, site).astype(">u2").tobytes()
            )
    (folder / "index.tsv").write_text("\n".join(lines) + "\n")


def expected_pixels(well: str) -> Pixels:
    """Return the image of a well: two sites in focus, channel 1 moved to the right."""
    image = np.zeros((2, 1, HEIGHT, 2 * WIDTH + RIGHT), np.uint16)
    sites = [site for site in SITES if FOCUS[site] >= 0.5]
    joined = np.concatenate([field_pixels(well, site) for site in sites], axis=2)
    image[0, 0, :, : 2 * WIDTH] = joined[0]
    image[1, 0, :, RIGHT:] = joined[1]
    return image


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a work folder with the microscope's files and the document's modules."""
    write_raw(tmp_path / "work/raw")
    write_extensions(tmp_path / "work/extensions")
    return tmp_path / "work"


@pytest.fixture
def here(work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the work folder as the current one, its modules importable here."""
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work / "extensions"))
    yield work
    names = [path.stem for path in (work / "extensions").glob("*.py")]
    for name in names:
        sys.modules.pop(name, None)


def test_every_extension_of_the_document_does_its_work(
    work: Path, run_snakemake: RunSnakemake
) -> None:
    """Parser, loader, filter, layout and step make the plate that numpy computes."""
    run_snakemake(work, documented())
    plate = read_plate(work / "out/P1.zarr")
    assert sorted(plate.images) == sorted(WELLS.values())
    for well, name in WELLS.items():
        image = plate.images[name]
        assert image.axes == "czyx"
        assert image.labels == ("DAPI", "GFP")
        np.testing.assert_array_equal(image.levels[0].pixels[0], expected_pixels(well))
        assert image.levels[0].scale == (1.0, 1.0, 1.0, PIXEL, PIXEL)
        assert image.conditions == (
            {"fov_name": "1", "focus": 0.9},
            {"fov_name": "2", "focus": 0.8},
        )


def test_a_misspelt_function_ends_the_run_before_any_job(
    work: Path, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """All functions that are not there stand in one message, each with its cure."""
    config = merged(
        documented(),
        {
            "extensions": ["extensions"],
            "acquisitions": [
                {
                    "format": "my_microscope:read_indx",
                    "loader": {"function": "my_pixel:read_raw"},
                    "filters": [{"function": "my_choice:in_focs"}],
                    "validators": [{"function": "my_checks:pathlib"}],
                    "collection": {"function": "my_layout:spred"},
                }
            ],
            "registration": {"steps": [{"function": "my_registration:shift_chanel"}]},
        },
    )
    result = run_snakemake(work, config, check=False)  # type: ignore[arg-type]  # a dict
    output = result.stdout + result.stderr
    found = [line[4:] for line in output.splitlines() if line.startswith("  - ")]
    extensions = work / "extensions"
    assert result.returncode != 0
    assert "config: 6 faults" in output
    assert found == [
        "acquisitions[0].format: Function 'my_microscope:read_indx' does not exist in "
        f"{extensions}/my_microscope.py. Did you mean my_microscope:read_index?",
        "acquisitions[0].loader.function: Module 'my_pixel' of function "
        "'my_pixel:read_raw' is not found. Put the folder that holds it in "
        "`extensions:` of the config, or install it.",
        "acquisitions[0].collection.function: Function 'my_layout:spred' does not "
        f"exist in {extensions}/my_layout.py. Did you mean my_layout:spread?",
        "acquisitions[0].validators[0].function: Function 'my_checks:pathlib' does not "
        f"exist in {extensions}/my_checks.py. Correct the name.",
        "acquisitions[0].filters[0].function: Function 'my_choice:in_focs' does not "
        f"exist in {extensions}/my_choice.py. Did you mean my_choice:in_focus?",
        "registration.steps[0].function: Function 'my_registration:shift_chanel' does "
        f"not exist in {extensions}/my_registration.py. Did you mean "
        "my_registration:shift_channel?",
    ]
    assert "Traceback" not in output
    assert snakemake_jobs(result) == {}
    assert not (work / "results").exists()


def break_function(work: Path, module: str, first: str) -> None:
    """Put a line in front of what a module's function does."""
    path = work / "extensions" / f"{module}.py"
    lines = path.read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("def "))
    path.write_text("\n".join([*lines[: at + 1], f"    {first}", *lines[at + 1 :]]))


@pytest.mark.parametrize(
    ("module", "function", "message"),
    [
        ("my_microscope", "read_index", "Function {!r} failed: KeyError: 'gone'. "),
        ("my_choice", "in_focus", "Function {!r} failed: KeyError: 'gone'. "),
        ("my_layout", "spread", "Function {!r} failed: KeyError: 'gone'. "),
        ("my_checks", "has_all_sites", "Function {!r} failed: KeyError: 'gone'. "),
    ],
    ids=["format", "filter", "collection", "validator"],
)
def test_a_function_of_the_plate_that_raises_converts_nothing(
    here: Path, module: str, function: str, message: str
) -> None:
    """The error is one line that names the function and what it raised."""
    break_function(here, module, "raise KeyError('gone')")
    with pytest.raises(ExtensionError) as error:
        convert(documented(), here)
    expected = message.format(f"{module}:{function}")
    assert str(error.value) == f"{expected}Correct the function or its options."
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("module", "first", "reason"),
    [
        (
            "my_pixels",
            "if 'A02' in path and plane == 1: raise OSError('no laser')",
            "raw/A02_1.raw plane 1 cannot be read: Function 'my_pixels:read_raw' "
            "failed: OSError: no laser. Correct the function or its options.",
        ),
        (
            "my_registration",
            "if image.image == 'A/04/0': raise ValueError('too dim')",
            "Function 'my_registration:shift_channel' failed: ValueError: too dim. "
            "Correct the function or its options.",
        ),
    ],
    ids=["loader", "step"],
)
def test_a_function_of_an_image_that_raises_costs_this_image(
    here: Path, module: str, first: str, reason: str
) -> None:
    """The other wells are written and listed; the error names image and function."""
    break_function(here, module, first)
    with pytest.raises(FaultsError) as error:
        convert(documented(), here)
    (told,) = error.value.faults
    assert told.startswith("A/04/0: ")
    assert reason in told
    assert "\n" not in told
    images = read_plate(here / "out/P1.zarr").images
    assert sorted(images) == ["A/02/0", "C/02/0"]
    for well in ("A01", "B01"):
        pixels = images[WELLS[well]].levels[0].pixels[0]
        np.testing.assert_array_equal(pixels, expected_pixels(well))


def test_a_function_that_raises_leaves_no_traceback(
    work: Path, run_snakemake: RunSnakemake
) -> None:
    """The workflow's output holds the error as a line of parse_tiles, and no more."""
    break_function(work, "my_choice", "raise KeyError('gone')")
    result = run_snakemake(work, documented(), check=False)
    output = result.stdout + result.stderr
    assert result.returncode != 0
    line = (
        "parse_tiles: Function 'my_choice:in_focus' failed: KeyError: 'gone'. Correct "
        "the function or its options."
    )
    assert line in output.splitlines()
    assert "Traceback" not in output


def test_a_check_tells_all_wells_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wells that lack a site are two faults of one error; nothing is written."""
    write_raw(tmp_path / "raw", ("A02", 2), ("B01", 1))
    modules = write_extensions(tmp_path / "extensions")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "extensions"))
    try:
        with pytest.raises(TableError) as error:
            convert(documented(), tmp_path)
    finally:
        for name in modules:
            sys.modules.pop(name, None)
    assert str(error.value) == (
        "tiles: 2 faults\n"
        "  - well A04 has 1 sites, expected 2 (my_checks:has_all_sites)\n"
        "  - well C02 has 1 sites, expected 2 (my_checks:has_all_sites)"
    )
    assert not (tmp_path / "out").exists()
