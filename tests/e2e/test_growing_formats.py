"""Folders of instruments that are still writing: wells, time points and indexes."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.convert import convert
from tests.e2e.growing_instruments import FIELDS, INSTRUMENTS, Instrument, Place
from tests.e2e.growing_plate import OLD_S, SETTLE_S, age
from tests.rules.plate import Pixels, files_below
from tiles2zarr.checkpoints import read_json
from tiles2zarr.errors import ParserError, SourceError, Tiles2ZarrError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan

IMAGES = {"B02": "B/02/0", "C03": "C/03/0"}


class Acquisition:
    """An acquisition that goes on, and what was converted of it so far."""

    def __init__(self, instrument: Instrument, work: Path) -> None:
        """Begin with nothing acquired."""
        self.instrument, self.work = instrument, work
        self.places: list[Place] = []

    def take(self, well: str, frame: int) -> None:
        """Acquire a time point of a well, long ago, and write the index anew."""
        for field in range(FIELDS):
            place = (well, field, frame)
            self.places.append(place)
            age(self.instrument.write(self.work / "raw", place), OLD_S)
        self.instrument.write_index(self.work / "raw", self.places)
        self.age_all(but="tif")

    def half_write(self, place: Place) -> Path:
        """Begin an image that the index lists already; return where it is."""
        path = self.instrument.write(self.work / "raw", place)
        path.write_bytes(path.read_bytes()[:40])
        age(path, 1)
        self.instrument.write_index(self.work / "raw", [*self.places, place])
        return path

    def age_all(self, but: str = "nothing") -> None:
        """Let everything settle, but files whose ending begins so."""
        for path in (self.work / "raw").rglob("*"):
            if path.is_file() and not path.suffix.lower().startswith(f".{but}"):
                age(path, OLD_S)

    @property
    def index(self) -> Path:
        """Return where the index is."""
        return self.work / "raw" / (self.instrument.index or "")

    def plan(self) -> Plan:
        """Return the plan of the last run."""
        return read_json(self.work / "results/P1/plan.json", Plan)

    def findings(self, code: str) -> list[Finding]:
        """Return the findings with a code in the plan."""
        return [found for found in self.plan().findings if found.code == code]

    def convert(self, pixelsize: float = 0.5, t_spacing: float | None = 30.0) -> None:
        """Run all steps; no file is younger than a minute, or it waits."""
        acquisition = {
            "path": str(self.work / "raw"),
            "format": self.instrument.format,
            "options": dict(self.instrument.options or {}),
            "details": {
                "pixelsize": pixelsize,
                "t_spacing": t_spacing,
                "axes": "tczyx",
            },
        }
        config = {
            "plate": {"name": "P1"},
            "output": str(self.work / "out"),
            "acquisitions": [acquisition],
            "writing": {"settle": SETTLE_S},
            "omezarr": {"num_levels": 1},
        }
        convert(config, self.work)

    def image(self, well: str) -> Path:
        """Return where a well's image is."""
        return self.work / "out/P1.zarr" / IMAGES[well]

    def level(self, well: str) -> Pixels:
        """Return the pixels of a well."""
        array = zarr.open_array(str(self.image(well) / "0"), mode="r")
        return np.asarray(array[...])

    def chunks(self, well: str) -> dict[str, tuple[int, int]]:
        """Return inode and time of a well's chunks."""
        found = {}
        for path in (self.image(well) / "0").rglob("[0-9]*"):
            if path.is_file():
                status = path.stat()
                name = path.relative_to(self.image(well)).as_posix()
                found[name] = status.st_ino, status.st_mtime_ns
        return found


@pytest.fixture(params=list(INSTRUMENTS))
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Acquisition:
    """Return an acquisition with two time points of its first well."""
    acquisition = Acquisition(INSTRUMENTS[request.param], tmp_path)
    acquisition.take("B02", 0)
    acquisition.take("B02", 1)
    return acquisition


def test_wells_and_time_points_come(growing: Acquisition) -> None:
    """What is half written waits, what came is added, and what stands is kept.

    While another well is begun, the first one ends before its last time point, and the
    other is not there.
    """
    wanted = growing.instrument.expected
    growing.half_write(("C03", 0, 0))
    growing.convert()
    np.testing.assert_array_equal(growing.level("B02"), wanted("B02", 1))
    assert not growing.image("C03").exists()
    assert growing.findings("not_settled")
    old = growing.chunks("B02")

    growing.take("C03", 0)
    growing.take("B02", 2)
    growing.convert()
    np.testing.assert_array_equal(growing.level("B02"), wanted("B02", 3))
    np.testing.assert_array_equal(growing.level("C03"), wanted("C03", 1))
    new = growing.chunks("B02")
    assert {name: new[name] for name in old} == old

    before = files_below(growing.work / "out")
    growing.convert()
    assert files_below(growing.work / "out") == before


with_index = pytest.mark.parametrize(
    "growing", ["cellvoyager", "operetta"], indirect=True
)


@with_index
def test_a_half_written_index(growing: Acquisition) -> None:
    """While it is young the earlier plan holds; the next run takes what is whole."""
    growing.convert()
    before = growing.chunks("B02")
    growing.take("C03", 0)
    whole = growing.index.read_bytes()
    growing.index.write_bytes(whole[: len(whole) - 60])
    growing.convert()
    (found,) = growing.findings("index_not_settled")
    assert found.message.endswith(
        f"But {growing.index} is younger than writing.settle, 60 seconds, and may be "
        "half written. Acquisition 0 is as an earlier run read it; the next run looks "
        "again."
    )
    assert set(growing.plan().images) == {"B/02/0"}
    assert growing.chunks("B02") == before
    growing.index.write_bytes(whole)
    age(growing.index, OLD_S)
    growing.convert()
    assert growing.findings("index_not_settled") == []
    assert growing.chunks("B02") == before
    wanted = growing.instrument.expected
    np.testing.assert_array_equal(growing.level("C03"), wanted("C03", 1))


@with_index
def test_a_half_written_first_index(growing: Acquisition) -> None:
    """Without an earlier plan the run ends, and says to come again."""
    whole = growing.index.read_bytes()
    growing.index.write_bytes(whole[: len(whole) - 60])
    with pytest.raises(SourceError) as caught:
        growing.convert()
    assert str(caught.value).endswith(
        f"But {growing.index} is younger than writing.settle, 60 seconds, and may be "
        "half written: run again later."
    )
    assert not growing.image("B02").exists()


@with_index
def test_a_broken_index(growing: Acquisition) -> None:
    """An index that is old and broken is an error, whatever other files are young."""
    growing.convert()
    growing.take("C03", 0)
    growing.half_write(("C03", 1, 0))
    whole = growing.index.read_bytes()
    growing.index.write_bytes(whole[: len(whole) - 60])
    age(growing.index, OLD_S)
    with pytest.raises(ParserError, match="not well-formed XML"):
        growing.convert()


@with_index
def test_a_half_written_index_under_another_config(growing: Acquisition) -> None:
    """The plan of other options is none to go on with."""
    growing.convert()
    growing.index.write_bytes(growing.index.read_bytes()[:-60])
    with pytest.raises(SourceError, match="run again later"):
        growing.convert(pixelsize=0.25)


@with_index
def test_a_young_index_that_lists_less(growing: Acquisition) -> None:
    """What an earlier plan had stays while the index is young; then it is believed."""
    growing.take("C03", 0)
    growing.convert()
    first = [place for place in growing.places if place[0] == "B02"]
    growing.instrument.write_index(growing.work / "raw", first)
    growing.convert()
    assert set(growing.plan().images) == {"B/02/0", "C/03/0"}
    (found,) = growing.findings("index_not_settled")
    assert "2 files of the plan of an earlier run are there and listed" in found.message
    growing.age_all()
    growing.convert()
    assert set(growing.plan().images) == {"B/02/0"}


@with_index
def test_an_index_that_is_gone_for_a_moment(growing: Acquisition) -> None:
    """It may be on its way while other files are young; else it is an error."""
    growing.convert()
    before = growing.chunks("B02")
    growing.half_write(("C03", 0, 0))
    growing.index.unlink()
    growing.convert()
    (found,) = growing.findings("index_not_settled")
    assert f"But {growing.index} was there before, and other files" in found.message
    assert growing.chunks("B02") == before
    growing.age_all()
    with pytest.raises(ParserError):
        growing.convert()


@pytest.mark.parametrize("growing", ["imagexpress"], indirect=True)
def test_a_half_written_plan(growing: Acquisition) -> None:
    """ImageXpress files tell all of themselves: the plan is a finding until whole."""
    growing.convert()
    growing.take("C03", 0)
    whole = growing.index.read_bytes()
    wanted = growing.instrument.expected
    for content, unusable in ((whole[: len(whole) - 60], True), (whole, False)):
        growing.index.write_bytes(content)
        growing.convert()
        np.testing.assert_array_equal(growing.level("C03"), wanted("C03", 1))
        assert bool(growing.findings("plan_unusable")) == unusable


def test_other_errors_are_told_as_they_are(growing: Acquisition) -> None:
    """An error that is no young file's is not said to pass."""
    growing.half_write(("C03", 0, 0))
    growing.convert()
    for path in (growing.work / "raw").rglob("*"):
        if path.is_file() and path.suffix.lower() in (".tif", ".tiff"):
            path.unlink()
    growing.age_all()
    with pytest.raises(Tiles2ZarrError) as caught:
        growing.convert()
    assert "half written" not in str(caught.value)


@with_index
def test_listed_files_that_come_after_a_pause(growing: Acquisition) -> None:
    """While the index is young, absent files are on their way, and old ones no end."""
    growing.convert()
    growing.instrument.write_index(
        growing.work / "raw", [*growing.places, ("B02", 0, 2), ("B02", 1, 2)]
    )
    growing.convert()
    wanted = growing.instrument.expected
    np.testing.assert_array_equal(growing.level("B02"), wanted("B02", 2))
    assert growing.findings("not_settled")[0].count == 2
    growing.take("B02", 2)
    growing.convert()
    np.testing.assert_array_equal(growing.level("B02"), wanted("B02", 3))


def test_the_spacing_in_time_is_measured_anew(growing: Acquisition) -> None:
    """Files rewritten while a series grows keep it as it is, whatever its times."""
    growing.take("B02", 2)
    growing.convert(t_spacing=None)
    before = growing.chunks("B02")
    path = growing.instrument.write(growing.work / "raw", ("B02", 0, 0))
    path.write_bytes(b"")
    growing.half_write(("B02", 0, 3))
    growing.convert(t_spacing=None)
    assert growing.chunks("B02") == before
    again = growing.instrument.write(growing.work / "raw", ("B02", 0, 0))
    age(again, OLD_S)
    growing.take("B02", 3)
    growing.convert(t_spacing=None)
    wanted = growing.instrument.expected
    np.testing.assert_array_equal(growing.level("B02"), wanted("B02", 4))


def test_a_series_that_ends_within_a_time_point(growing: Acquisition) -> None:
    """Fields that did not come are told, and added when they do."""
    path = growing.instrument.write(growing.work / "raw", ("B02", 0, 2))
    growing.places.append(("B02", 0, 2))
    growing.instrument.write_index(growing.work / "raw", growing.places)
    age(path, OLD_S)
    growing.age_all()
    growing.convert()
    (found,) = growing.findings("last_time_point_short")
    assert found.images == ("B/02/0",)
    width = growing.instrument.shape[1]
    wanted = growing.instrument.expected("B02", 3)
    wanted[2, ..., width:] = 0
    np.testing.assert_array_equal(growing.level("B02"), wanted)
    growing.places.pop()
    growing.take("B02", 2)
    growing.convert()
    assert growing.findings("last_time_point_short") == []
    wanted = growing.instrument.expected("B02", 3)
    np.testing.assert_array_equal(growing.level("B02"), wanted)
