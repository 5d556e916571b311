"""What instruments leave while they acquire: files as they come, and their index.

Two fields side by side, one channel, one plane; the index, where there is one, is
written anew after every image, or is a plan written before the first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from tests.rules.plate import Pixels
from tests.unit.cellvoyager_samples import image as image_record
from tests.unit.cellvoyager_samples import write_measurement
from tests.unit.imagexpress_samples import metaseries, plan_text, write_plan
from tests.unit.operetta_samples import Sample, image_fields

FIELDS = 2
WELLS = {"B02": (2, 2), "C03": (3, 3)}
"""Rows and columns, from 1."""
Place = tuple[str, int, int]
"""Well, field and time point, from 0."""


@dataclass(frozen=True)
class Instrument:
    """How one instrument, or a folder of files, writes."""

    format: str
    shape: tuple[int, int]
    """Rows and columns of a tile."""
    file: Callable[[Place], str]
    """Path of an image."""
    tags: Callable[[Place], str]
    """Description in an image."""
    write_index: Callable[[Path, Iterable[Place]], None]
    """Writes the index of the images acquired so far."""
    index: str | None = None
    """Path of the index."""
    options: Mapping[str, object] | None = None

    def pixels(self, place: Place) -> Pixels:
        """Return the pixels of an image."""
        well, field, frame = place
        random = np.random.default_rng([*well.encode(), field, frame])
        return random.integers(1, 60000, self.shape, dtype=np.uint16)

    def write(self, folder: Path, place: Place) -> Path:
        """Write an image and return where."""
        path = folder / self.file(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        tags = self.tags(place)
        tifffile.imwrite(path, self.pixels(place), description=tags, metadata=None)
        return path

    def expected(self, well: str, frames: int) -> Pixels:
        """Return the pixels of a well, (t, c, z, y, x)."""
        series = [
            np.concatenate([self.pixels((well, f, t)) for f in range(FIELDS)], axis=1)
            for t in range(frames)
        ]
        return np.stack(series)[:, None, None]


def _no_tags(_: Place) -> str:
    return ""


def _no_index(folder: Path, _: Iterable[Place]) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _record_file(place: Place) -> str:
    well, field, frame = place
    return f"P_{well}_T{frame + 1:04d}F{field + 1:03d}L01A01Z01C01.tif"


def _write_records(folder: Path, places: Iterable[Place]) -> None:
    records = [
        image_record(
            WELLS[well],
            field + 1,
            t=frame + 1,
            xy=(100.0 * field - 50, 0.0),
            name=_record_file((well, field, frame)),
        )
        for well, field, frame in places
    ]
    write_measurement(folder, records, files=[])


def _fields(place: Place) -> dict[str, str]:
    well, field, frame = place
    row, column = WELLS[well]
    return image_fields(row=row, column=column, field_id=field + 1, time=frame)


def _write_images(folder: Path, places: Iterable[Place]) -> None:
    Sample([_fields(place) for place in places]).write(folder, files=[])


def _plane_tags(place: Place) -> str:
    well, field, frame = place
    return metaseries(
        x=1000 + 15.0 * field,
        y=2000,
        z=5,
        second=1000 * (well == "C03") + 100 * frame + field,
    )


def _write_once(folder: Path, _: Iterable[Place]) -> None:
    """Write the plan of 4 time points, as is done before the first image."""
    path = folder / "scr.HTD"
    if not path.exists():
        wells = [(row - 1, column - 1) for row, column in WELLS.values()]
        sites = (True,) * FIELDS
        write_plan(path, plan_text(wells, rows=4, columns=6, sites=sites, times=4))


INSTRUMENTS = {
    "pattern": Instrument(
        format="pattern",
        shape=(20, 30),
        file=lambda place: "T{2}/{0}_s{1}.tif".format(*place),
        tags=_no_tags,
        write_index=_no_index,
        options={
            "pattern": "T{t:d}/{well}_s{field:d}.tif",
            "grid": {"rows": 1, "columns": FIELDS},
        },
    ),
    "cellvoyager": Instrument(
        format="cellvoyager",
        shape=(100, 200),
        file=_record_file,
        tags=_no_tags,
        write_index=_write_records,
        index="MeasurementData.mlf",
    ),
    "operetta": Instrument(
        format="operetta",
        shape=(8, 12),
        file=lambda place: f"Images/{_fields(place)['URL']}",
        tags=_no_tags,
        write_index=_write_images,
        index="Images/Index.idx.xml",
    ),
    "imagexpress": Instrument(
        format="imagexpress",
        shape=(20, 30),
        file=lambda place: (
            f"TimePoint_{place[2] + 1}/scr_{place[0]}_s{place[1] + 1}.TIF"
        ),
        tags=_plane_tags,
        write_index=_write_once,
        index="scr.HTD",
    ),
}
