"""Files behind URLs that changed are noticed, by listings and no request per file."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

from tests.cluster.object_store import Bucket
from tests.cluster.test_object_store import far_config, upload
from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import (
    CONDITIONS,
    ODD_NAME,
    TABLE,
    WELLS,
    WIDTH,
    Plate,
    config,
    expected_level,
    table_rows,
    tile_pixels,
    write_csv,
    write_tile,
)
from tests.rules.rerun import STATE, Workflow
from tests.unit.cellvoyager_samples import image as image_record
from tests.unit.cellvoyager_samples import write_measurement
from tiles2zarr.config.load import load_configs
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.state import State
from tiles2zarr.steps import sweep
from tiles2zarr.steps.listings import MISSING, REFUSED, UNTOLD, Listings

END = {"build_tables": 1, "complete": 1}


def images_written(bucket: Bucket, start: int) -> set[str]:
    """Return the images of which an array was written or removed since a request."""
    place = f"{bucket.name}/out/P1.zarr/"
    keys = [
        request.key.removeprefix(place).split("/")
        for request in bucket.proxy.requests[start:]
        if request.method == "PUT" and request.key.startswith(place)
    ]
    return {"/".join(key[:3]) for key in keys if len(key) > 4 and key[3] in "01"}


def change(bucket: Bucket, tiles: Plate) -> None:
    """Give a tile of B04 other pixels; its size stays."""
    path = tiles.raw("B04", "F2", 1)
    size = path.stat().st_size
    write_tile(path, tile_pixels("B04", "F2", 1, seed=1))
    assert path.stat().st_size == size
    bucket.put(f"in/raw/{ODD_NAME}", path.read_bytes())


def write_again(bucket: Bucket, tiles: Plate) -> None:
    """Write the same bytes of a tile of B04 again."""
    raw = tiles.raw("B04", "F1", 0)
    later = int(time.time()) + 1
    while time.time() < later:  # the server's times are whole seconds
        bucket.put(f"in/raw/{raw.name}", raw.read_bytes())


def add_field(bucket: Bucket, tiles: Plate) -> None:
    """Add a third field to C03, one channel of it."""
    new = table_rows("C03")[0] | {"file_path": "new.tif", "fov_name": "F3"}
    rows = [*table_rows(*WELLS), new | {"start_x": (WIDTH - 2) * 1.0}]
    write_csv(tiles.work / TABLE, rows)
    write_tile(tiles.work / "raw/new.tif", tile_pixels("C03", "F3", 0))
    for name in ("tiles.csv", "new.tif"):
        bucket.put(f"in/raw/{name}", (tiles.work / "raw" / name).read_bytes())


def archive(bucket: Bucket, tiles: Plate) -> None:
    """Take all tiles and tables out of the bucket."""
    bucket.system.rm(f"{bucket.name}/in", recursive=True)


Change = Callable[[Bucket, Plate], None]
ONE = {"register": 1, "write_zarr": 1, **END}
CHANGES: dict[str, tuple[Change, dict[str, int], set[str]]] = {
    "changed": (change, ONE, {"B/04/0"}),
    "written again": (write_again, ONE, set()),
    "added": (add_field, {"parse_tiles": 1} | ONE, {"C/03/0"}),
    "archived": (archive, {}, set()),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_changed_tiles(kind: str, bucket: Bucket, tiles: Plate) -> None:
    """A tile changed or added in S3 makes its image anew and no other.

    A changed one within the same second, and with as many bytes. The same bytes under a
    new time, and sources that are all gone, write no pixel.
    """
    upload(bucket, tiles)
    workflow = Workflow(tiles.work)
    workflow.run(far_config(bucket))
    assert workflow.run(far_config(bucket)) == {}
    alter, jobs, images = CHANGES[kind]
    start = len(bucket.proxy.requests)
    alter(bucket, tiles)
    assert workflow.run(far_config(bucket)) == jobs
    assert images_written(bucket, start) == images
    assert workflow.run(far_config(bucket)) == {}
    if kind == "changed":
        options = {"endpoint_url": bucket.server}
        url = f"{bucket.url}/out/P1.zarr/B/04/0/0"
        found = zarr.open_array(url, mode="r", storage_options=options)[...]
        new = {ODD_NAME: tile_pixels("B04", "F2", 1, seed=1)}
        np.testing.assert_array_equal(found, expected_level("B04", new))


def test_removed_tile(bucket: Bucket, tiles: Plate) -> None:
    """A tile that is gone from S3 is told; the other images are left alone."""
    upload(bucket, tiles)
    workflow = Workflow(tiles.work)
    workflow.run(far_config(bucket))
    start = len(bucket.proxy.requests)
    bucket.system.rm(f"{bucket.name}/in/raw/{ODD_NAME}")
    with pytest.raises(Tiles2ZarrError, match=r"B/04/0.*there is no such object"):
        workflow.run(far_config(bucket))
    assert images_written(bucket, start) == set()
    raw = tiles.raw("B04", "F2", 1)
    bucket.put(f"in/raw/{ODD_NAME}", raw.read_bytes())
    workflow.run(far_config(bucket))
    assert images_written(bucket, start) == set()


def test_unwatched(bucket: Bucket, tiles: Plate) -> None:
    """With track_sources: false nothing is asked of the tiles' folder."""
    upload(bucket, tiles)
    settings = far_config(bucket, writing={"track_sources": False})
    workflow = Workflow(tiles.work)
    workflow.run(settings)
    change(bucket, tiles)
    start = len(bucket.proxy.requests)
    assert workflow.run(settings) == {}
    asked = {request.key for request in bucket.proxy.requests[start:]}
    assert asked == {f"{bucket.name}/in/{name}" for name in (TABLE, CONDITIONS)}


def test_lists_refused(
    bucket: Bucket, tiles: Plate, caplog: pytest.LogCaptureFixture
) -> None:
    """Where folders cannot be listed that is told once, and nothing is run for it."""
    upload(bucket, tiles)
    workflow = Workflow(tiles.work)
    workflow.run(far_config(bucket))
    change(bucket, tiles)
    bucket.proxy.blind = True
    caplog.clear()
    assert workflow.run(far_config(bucket)) == {}
    told = [text for text in caplog.messages if "cannot be listed" in text]
    assert len(told) == 1
    assert told[0].startswith(f"{bucket.url}/in/raw cannot be listed (PermissionError")
    bucket.proxy.blind = False
    assert workflow.run(far_config(bucket)) == ONE


def test_never_listed(bucket: Bucket, tiles: Plate) -> None:
    """A plate whose folders may not be listed is converted, with a finding."""
    upload(bucket, tiles)
    bucket.proxy.blind = True
    settings = far_config(bucket) | {"output": "out", "output_storage_options": {}}
    workflow = Workflow(tiles.work)
    workflow.run(settings)
    assert "sources_not_watched" in tiles.findings()
    assert workflow.run(settings) == {}


def put_files(bucket: Bucket, count: int) -> list[str]:
    """Write objects of one byte; return their names."""
    names = [f"{number:05}.tif" for number in range(count)]
    place = f"{bucket.name}/many"
    bucket.system.pipe({f"{place}/{name}": b"x" for name in names})
    return names


@pytest.mark.parametrize("count", [1200, pytest.param(10_000, marks=pytest.mark.full)])
def test_requests_of_a_sweep(bucket: Bucket, tiles: Plate, count: int) -> None:
    """Files in a folder cost a request per thousand, however many batches they are."""
    names = put_files(bucket, count)
    batches = 20
    STATE.batch("0").parent.mkdir(parents=True)
    for batch in range(batches):
        mine = sorted(names[batch::batches])
        folder = f"{bucket.url}/many"
        task = {"sources": {folder: mine}, "far": {folder: 0}}
        STATE.batch(str(batch)).write_text(json.dumps(task))
    (plate,) = load_configs(far_config(bucket), lambda *_: None).values()

    def digests() -> list[str]:
        sweep.forget()
        return [sweep.batch_digest(plate, STATE, str(b)) for b in range(batches)]

    start = len(bucket.proxy.requests)
    before = digests()
    asked = bucket.proxy.requests[start:]
    assert len(asked) == -(-count // 1000)
    assert {request.method for request in asked} == {"GET"}
    bucket.put(f"many/{names[7]}", b"y")
    bucket.system.rm(f"{bucket.name}/many/{names[9]}")
    bucket.put("many/new.tif", b"x")
    after = digests()
    pairs = zip(before, after, strict=True)
    assert [old != new for old, new in pairs] == [b in (7, 9) for b in range(batches)]


@pytest.mark.full
def test_unchanged_plate_runs_no_job(
    bucket: Bucket,
    tiles: Plate,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Callable[[Completed], Counter[str]],
) -> None:
    """Through Snakemake: no job and three requests; after a change its image's jobs."""
    upload(bucket, tiles)
    run_snakemake(tiles.work, far_config(bucket))
    start = len(bucket.proxy.requests)
    assert snakemake_jobs(run_snakemake(tiles.work, far_config(bucket))) == {}
    assert Counter(r.method for r in bucket.proxy.requests[start:]) == {
        "HEAD": 2,
        "GET": 1,
    }
    change(bucket, tiles)
    assert snakemake_jobs(run_snakemake(tiles.work, far_config(bucket))) == ONE


def test_folders_are_listed_by_name() -> None:
    """A file that is written again, removed or in no folder is told apart."""
    system = fsspec.filesystem("memory")
    for name in ("a.tif", "b.tif", "deep/c.tif"):
        system.pipe_file(f"/listed/{name}", b"12")
    urls = [f"memory://listed/{name}" for name in ("a.tif", "b.tif", "deep/c.tif")]
    first = Listings().stats(urls, {})
    assert [size for size, _ in first] == [2, 2, 2]
    system.pipe_file("/listed/a.tif", b"34")
    system.rm_file("/listed/b.tif")
    second = Listings().stats([*urls, "memory://absent/x"], {})
    assert second[0][1] > first[0][1]
    assert second[1:] == [MISSING, first[2], MISSING]
    system.rm("/listed", recursive=True)


def test_folder_formats_are_watched() -> None:
    """Of a folder behind a URL the names of images count, and stamps of the rest."""
    system = fsspec.filesystem("memory")
    for name in ("index.xml", "deep/a.tif"):
        system.pipe_file(f"/watched/{name}", b"12")
    acquisition = {"path": "memory://watched", "format": "operetta"}
    raw = {"name": "P1", "output": "out", "acquisitions": [acquisition]}
    (plate,) = load_configs(raw, lambda *_: None).values()

    def digest() -> str:
        sweep.forget()
        return sweep.index_digest(plate, State(Path("nowhere")))

    first = digest()
    system.pipe_file("/watched/deep/a.tif", b"34")
    assert digest() == first
    system.pipe_file("/watched/index.xml", b"34")
    second = digest()
    assert second != first
    system.pipe_file("/watched/deep/b.tif", b"34")
    assert digest() not in (first, second)
    system.rm("/watched", recursive=True)


def test_format_is_recognised_at_the_server_of_the_config(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder behind a URL is looked at with its storage options."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    write_measurement(tmp_path, [image_record((2, 3), 1)])
    for path in tmp_path.iterdir():
        bucket.put(f"in/{path.name}", path.read_bytes())
    options = {"endpoint_url": bucket.proxy.url}
    parsed = parse_acquisition(f"{bucket.url}/in", "auto", {}, options)
    assert parsed.table[["row", "column"]].to_numpy().tolist() == [[1, 2]]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder until the end of the block; its address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("track", ["auto", True])
def test_web_server(tiles: Plate, track: object) -> None:
    """Files of a web server are watched one by one if asked for, else that is told."""
    tiles.write("B03", "C03")  # a hash in a name would end the URL
    with web_server(tiles.work / "raw") as address:
        settings = config(
            acquisition={"path": f"{address}/tiles.csv", "conditions": None},
            writing={"track_sources": track},
        )
        workflow = Workflow(tiles.work)
        workflow.run(settings)
        assert ("sources_not_watched" in tiles.findings()) == (track == "auto")
        assert workflow.run(settings) == {}
        tile = tiles.raw("B03", "F1", 0)
        write_tile(tile, tile_pixels("B03", "F1", 0, seed=1))
        later = tile.stat().st_mtime_ns + 10**9
        os.utime(tile, ns=(later, later))
        assert workflow.run(settings) == ({} if track == "auto" else ONE)


def test_unknown_servers_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A protocol nobody serves is refused with a message that holds no credential."""
    found = Listings().stats(["http://u:pw@host/a.tif?sig=1"], {})
    assert found == [UNTOLD]
    assert Listings().stats(["nothing://u:pw@host/x/a.tif"], {}) == [REFUSED]
    assert "pw" not in caplog.text
    assert "nothing://host/x cannot be listed" in caplog.text
