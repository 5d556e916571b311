"""A plate that is still being acquired into a bucket: ages are those of listings."""

from datetime import datetime
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

from tests.cluster.object_store import Bucket
from tests.cluster.test_object_store_sources import put_files, web_server
from tests.e2e.growing_plate import IMAGES, SETTLE_S, WELLS, acquire, expected, pixels
from tests.e2e.growing_plate import config as growing_config
from tests.rules.plate import TABLE, WIDTH, Pixels, write_tile
from tests.rules.rerun import STATE, Workflow
from tiles2zarr.checkpoints import read_json
from tiles2zarr.errors import SourceError, TableError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.steps import ages
from tiles2zarr.steps.ages import Ages, age_state
from tiles2zarr.steps.listings import REFUSED, Listings

HOUR_S = 3600


class Clock:
    """What time it is for the program; the server goes by the real one."""

    def __init__(self, now: float) -> None:
        """Begin at a time, seconds since 1970."""
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class FarPlate:
    """A series whose time points come into a bucket."""

    def __init__(self, bucket: Bucket, work: Path) -> None:
        """Begin with nothing acquired."""
        self.bucket, self.work = bucket, work

    def put(self, name: str, content: bytes) -> None:
        """Write an object of the plate."""
        self.bucket.put(f"in/raw/{name}", content)

    def upload(self, frame: int) -> None:
        """Acquire a time point of all wells; the table of all comes last."""
        acquire(self.work, [frame])
        for path in sorted((self.work / "raw").glob(f"*_t{frame}.tif")):
            self.put(path.name, path.read_bytes())
        self.put("tiles.csv", self.table())

    def table(self) -> bytes:
        """Return the table."""
        return (self.work / TABLE).read_bytes()

    def written(self, name: str) -> float:
        """Return when the server wrote an object, seconds since 1970."""
        info = self.bucket.system.info(f"{self.bucket.name}/in/raw/{name}")
        moment = info["LastModified"]
        assert isinstance(moment, datetime)
        return moment.timestamp()

    def put_later(self, name: str, content: bytes, than: float) -> float:
        """Write an object some seconds after a time; return when."""
        while self.written(name) < than + 2:
            self.put(name, content)
        return self.written(name)

    @property
    def config(self) -> dict[str, object]:
        """Return the config: sources in the bucket, output in a folder."""
        plain = growing_config()
        details = {"pixelsize": 1.0, "t_spacing": 30.0, "axes": "tczyx"}
        acquisition = {
            "path": f"{self.bucket.url}/in/{TABLE}",
            "format": "tile_table",
            "details": details,
            "storage_options": {"endpoint_url": self.bucket.proxy.url},
        }
        return plain | {"acquisitions": [acquisition]}


@pytest.fixture
def far(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FarPlate:
    """Return a plate of two time points in a bucket; its folder is the current one."""
    monkeypatch.chdir(tmp_path)
    plate = FarPlate(bucket, tmp_path)
    plate.upload(0)
    plate.upload(1)
    return plate


@pytest.fixture
def clock(far: FarPlate, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of ages; an hour has gone since the plate was uploaded."""
    clock = Clock(far.written("tiles.csv") + HOUR_S)
    monkeypatch.setattr(ages, "time", clock)
    return clock


def level(well: str) -> Pixels:
    """Return level 0 of a well, (t, c, z, y, x)."""
    path = f"out/P1.zarr/{IMAGES[well]}/0"
    return np.asarray(zarr.open_array(path, mode="r")[...])


def findings(code: str) -> list[Finding]:
    """Return the findings with a code in the plan."""
    found = read_json(STATE.plan, Plan).findings
    return [finding for finding in found if finding.code == code]


def test_time_points_of_a_bucket_wait_until_they_have_settled(
    far: FarPlate, clock: Clock
) -> None:
    """Young objects wait, settled ones are taken, and a run that follows rests."""
    first = far.written("tiles.csv")
    flow = Workflow(far.work)
    flow.run(far.config)
    far.upload(2)
    name = "D05_f1_t2.tif"
    came = far.put_later(name, (far.work / "raw" / name).read_bytes(), first)
    clock.now = came + SETTLE_S - 1
    flow.run(far.config)
    for well in WELLS:
        np.testing.assert_array_equal(level(well), expected(well, 2))
    (found,) = findings("not_settled")
    assert f"{far.bucket.url}/in/raw/{name}" in found.files
    clock.now = came + SETTLE_S + 1
    assert flow.run(far.config)["parse_tiles"] == 1
    for well in WELLS:
        np.testing.assert_array_equal(level(well), expected(well, 3))
    assert flow.run(far.config) == {}


def test_nothing_of_a_bucket_has_settled(far: FarPlate, clock: Clock) -> None:
    """Where all objects are young there is nothing to do yet."""
    clock.now -= HOUR_S
    with pytest.raises(SourceError, match="No image has all its files older than"):
        Workflow(far.work).run(far.config)


def test_a_half_written_table_in_a_bucket(far: FarPlate, clock: Clock) -> None:
    """While it is young the earlier plan holds; broken and old it is an error."""
    flow = Workflow(far.work)
    flow.run(far.config)
    far.put("tiles.csv", far.table()[:-9])
    clock.now = far.written("tiles.csv") + 1
    flow.run(far.config)
    (found,) = findings("index_not_settled")
    assert found.files == (f"{far.bucket.url}/in/{TABLE}",)
    np.testing.assert_array_equal(level("D05"), expected("D05", 2))
    clock.now += HOUR_S
    with pytest.raises(TableError):
        flow.run(far.config)
    far.put("tiles.csv", far.table())
    flow.run(far.config)
    assert findings("index_not_settled") == []
    np.testing.assert_array_equal(level("D05"), expected("D05", 2))


def test_a_tile_of_a_bucket_written_again_waits(far: FarPlate, clock: Clock) -> None:
    """Its image stays until the object has settled, then it follows."""
    flow = Workflow(far.work)
    flow.run(far.config)
    path = far.work / "raw/B03_f1_t0.tif"
    new = pixels("B03", 1, 0, seed=1)
    write_tile(path, new)
    far.put(path.name, path.read_bytes()[:100])
    clock.now = far.written(path.name) + 1
    flow.run(far.config)
    np.testing.assert_array_equal(level("B03"), expected("B03", 2))
    far.put(path.name, path.read_bytes())
    flow.run(far.config)
    np.testing.assert_array_equal(level("B03"), expected("B03", 2))
    clock.now += HOUR_S
    flow.run(far.config)
    wanted = expected("B03", 2)
    wanted[0, 0, 0, :, WIDTH:] = new
    np.testing.assert_array_equal(level("B03"), wanted)
    assert flow.run(far.config) == {}


def test_ages_of_a_folder_cost_a_request_per_thousand(bucket: Bucket) -> None:
    """The ages of 1200 objects in a folder are told by two listings."""
    names = put_files(bucket, 1200)
    urls = [f"{bucket.url}/many/{name}" for name in names]
    start = len(bucket.proxy.requests)
    options = {"endpoint_url": bucket.proxy.url}
    found = Ages(HOUR_S, options, Listings()).states([*urls, f"{bucket.url}/many/x"])
    asked = bucket.proxy.requests[start:]
    assert [request.method for request in asked] == ["GET", "GET"]
    assert {found[url] for url in urls} == {"young"}
    assert found[f"{bucket.url}/many/x"] == "absent"


def test_a_bucket_that_may_not_be_listed(far: FarPlate, clock: Clock) -> None:
    """Nobody knows ages there: that is said, and all is taken."""
    clock.now -= HOUR_S
    far.bucket.proxy.blind = True
    Workflow(far.work).run(far.config)
    (found,) = findings("age_not_told")
    assert found.message.startswith(f"{far.bucket.url} does not list its files with")
    np.testing.assert_array_equal(level("D05"), expected("D05", 2))


def test_a_web_server_tells_no_ages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Young files of a web server are taken, with a finding that says so."""
    monkeypatch.chdir(tmp_path)
    acquire(tmp_path, range(2))
    with web_server(tmp_path / "raw") as address:
        plain = growing_config()
        details = {"pixelsize": 1.0, "t_spacing": 30.0, "axes": "tczyx"}
        acquisition = {"path": f"{address}/tiles.csv", "format": "tile_table"}
        acquisitions = [acquisition | {"details": details}]
        Workflow(tmp_path).run(plain | {"acquisitions": acquisitions})
        (found,) = findings("age_not_told")
        assert found.message.startswith(f"{address} does not list its files with times")
        assert found.count == 8
    np.testing.assert_array_equal(level("B03"), expected("B03", 2))


@pytest.mark.parametrize(
    ("age_s", "state"), [(59.0, "young"), (61.0, "settled"), (-10.0, "young")]
)
def test_the_second_in_which_a_file_settles(
    age_s: float, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the future is young: the clock of its server goes before ours."""
    monkeypatch.setattr(ages, "time", Clock(1_700_000_000.0))
    stat = (7, round((1_700_000_000 - age_s) * 10**9))
    assert age_state(stat, 60) == state


def test_a_version_without_a_time_tells_no_age() -> None:
    """A server that tells versions only has files of the first second of 1970."""
    assert age_state((7, 123_456_789), 60) == "untold"
    assert age_state(REFUSED, 60) == "untold"


def test_folders_behind_urls_are_walked() -> None:
    """All files below a folder behind a URL are looked through for indexes."""
    system = fsspec.filesystem("memory")
    for name in ("index.xml", "deep/a.tif"):
        system.pipe_file(f"/walked/{name}", b"12")
    found = Ages(60, {}, Listings())
    files = sorted(found.below("memory://walked"))
    assert files == ["memory://walked/deep/a.tif", "memory://walked/index.xml"]
    assert set(found.states(files).values()) == {"young"}
    system.rm("/walked", recursive=True)
