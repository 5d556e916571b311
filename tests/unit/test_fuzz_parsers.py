"""Damaged indexes of every vendor: a table comes out, or an error of the package."""

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.measurements import EXTRAS, MAKERS, Measurement
from tests.fuzz.mutations import WORDS, Edit, edit, mutate
from tests.fuzz.outcome import try_damaged, try_parse

SEEDS = 15
"""Mutations of each file in a usual run."""
MANY_SEEDS = 1500
FORMATS = pytest.mark.parametrize("name", MAKERS)


@pytest.fixture
def measurement(name: str, tmp_path: Path) -> Measurement:
    """Return a valid measurement of the format."""
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    return MAKERS[name](tmp_path)


def run_seeds(name: str, measurement: Measurement, seeds: range) -> None:
    """Parse every file damaged by every seed; name the seed that breaks a parser."""
    for file in measurement.files:
        whole = file.read_bytes()
        for seed in seeds:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    told = try_damaged(name, measurement, file, mutate(whole, seed))
            except Exception as error:  # noqa: BLE001  # any one is a find
                pytest.fail(f"{name}, {file.name}, seed {seed}: {error!r}")
            assert told == "" or len(told) > 20


@FORMATS
def test_the_measurement_is_valid(name: str, measurement: Measurement) -> None:
    """Undamaged, it is read: the damages are what is tried."""
    assert try_parse(name, measurement) == ""


@FORMATS
def test_damaged_files(name: str, measurement: Measurement) -> None:
    """Flipped, cut, repeated and replaced bytes break no parser."""
    run_seeds(name, measurement, range(SEEDS))


@pytest.mark.full
@FORMATS
def test_many_damaged_files(name: str, measurement: Measurement) -> None:
    """Nor do they in a longer run."""
    run_seeds(name, measurement, range(SEEDS, SEEDS + MANY_SEEDS))


edits = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.integers(0, 60),
        st.sampled_from(WORDS) | st.binary(max_size=12),
    ),
    min_size=1,
    max_size=4,
)
TEXTS = ("tile_table", "cellvoyager", "operetta", "imagexpress", "scanr", "ome_xml")


@pytest.mark.parametrize("name", TEXTS)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=edits, which=st.integers(0, 9))
def test_edited_files(
    name: str, measurement: Measurement, changes: list[Edit], which: int
) -> None:
    """Whatever is written where in an index, the outcome is one of the two."""
    file = measurement.files[which % len(measurement.files)]
    try_damaged(name, measurement, file, edit(file.read_bytes(), changes))
