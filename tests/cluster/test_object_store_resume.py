"""Whoever is killed at whatever request: the next run ends in the same store."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.cluster.object_store import Bucket
from tests.cluster.test_object_store import far_config, upload, without_owner
from tests.e2e.convert import convert
from tests.resume.stops import Head
from tests.rules.plate import Plate, config, contents, table_rows, write_csv
from tiles2zarr.errors import FaultsError

RUN = "import json, pathlib, sys; from tests.e2e.convert import convert; "
RUN += "convert(json.loads(sys.argv[1]), pathlib.Path(sys.argv[2]))"
LABEL = b"a label of someone else"
TIME_S = 120.0


def converting(settings: dict[str, object], work: Path) -> subprocess.Popen[bytes]:
    """Start a conversion as a process of its own, which waits for a line."""
    wait = f"import sys; sys.stdin.readline(); {RUN}"
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(root / "workflow")])
    return subprocess.Popen(
        [sys.executable, "-c", wait, json.dumps(settings), str(work)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": paths},
    )


def killed_at(request: int, bucket: Bucket, work: Path, **sections: object) -> bool:
    """Run a conversion that is killed at a request; say whether it came that far."""
    settings = far_config(bucket, **sections)  # type: ignore[arg-type]
    with converting(settings, work) as process:
        bucket.proxy.kills = (len(bucket.proxy.requests) + request, process.pid)
        process.communicate(b"\n", TIME_S)
    bucket.proxy.kills = None
    return process.returncode == -signal.SIGKILL


def write_one_well(plate: Plate) -> None:
    """Reduce the plate to one well."""
    write_csv(plate.work / "raw/tiles.csv", table_rows("B03"))


def retake(bucket: Bucket, plate: Plate) -> None:
    """Give the tiles of a well new pixels, in the bucket and on disk."""
    for path in (plate.work / "raw").glob("B03*.tif"):
        pixels = tifffile.imread(path)
        tifffile.imwrite(path, np.flip(pixels, 1), metadata=None, software="")
    upload(bucket, plate)


def assert_as_local(
    bucket: Bucket, tiles: Plate, compressor: dict[str, object]
) -> None:
    """The store in the bucket is that of a local run, plus labels, and no more."""
    near = config(omezarr={"num_levels": 2, "compressor": compressor})
    convert(near, tiles.work)
    far = bucket.objects("out/P1.zarr")
    labels = {key for key in far if "/labels/" in key}
    for key in labels:
        assert far.pop(key) == LABEL
    assert without_owner(far) == without_owner(contents(tiles.files()))


LZ4: dict[str, object] = {"name": "blosc", "cname": "lz4", "clevel": 5}
ZSTD: dict[str, object] = {"name": "blosc", "cname": "zstd", "clevel": 1}


@pytest.mark.full
def test_killed_at_a_first_write(bucket: Bucket, tiles: Plate) -> None:
    """Killed at every fourth request, the same state and store are gone on with."""
    write_one_well(tiles)
    upload(bucket, tiles)
    omezarr = {"num_levels": 2, "compressor": LZ4}
    request, kills = 14, 0
    while killed_at(request, bucket, tiles.work / "far", omezarr=omezarr):
        request += 4
        kills += 1
    assert kills >= 3
    assert_as_local(bucket, tiles, LZ4)


@pytest.mark.full
@pytest.mark.parametrize("request_number", range(6, 40, 4))
def test_killed_at_a_rewrite(request_number: int, bucket: Bucket, tiles: Plate) -> None:
    """An image that is replaced is old or new or out of sight; its labels stay."""
    write_one_well(tiles)
    upload(bucket, tiles)
    work = tiles.work / "far"
    convert(far_config(bucket, omezarr={"num_levels": 2, "compressor": LZ4}), work)
    bucket.put("out/P1.zarr/B/03/0/labels/nuclei/0/0", LABEL)
    before = bucket.objects("out/P1.zarr/B/03/0")
    changed = {"num_levels": 2, "compressor": ZSTD}
    assert killed_at(request_number, bucket, work, omezarr=changed)
    after = bucket.objects("out/P1.zarr/B/03/0")
    if ".zattrs" in after and after[".zattrs"] == before[".zattrs"]:
        assert after == before
    convert(far_config(bucket, omezarr=changed), work)
    assert bucket.objects("out/P1.zarr/B/03/0")["labels/nuclei/0/0"] == LABEL
    assert_as_local(bucket, tiles, ZSTD)


@pytest.mark.full
def test_labels_that_no_longer_fit(bucket: Bucket, tiles: Plate) -> None:
    """A killed rewrite forgets neither whose the image was nor what labels fit it."""
    write_one_well(tiles)
    upload(bucket, tiles)
    work = tiles.work / "far"
    convert(far_config(bucket, omezarr={"num_levels": 2, "compressor": LZ4}), work)
    bucket.put("out/P1.zarr/B/03/0/labels/nuclei/0/0", LABEL)
    bucket.system.rm(f"{bucket.name}/out/P1.zarr/B/03/0/.zattrs")
    stopped = {
        "documents": {
            ".zgroup": '{"zarr_format": 2}',
            ".zattrs": attributes_of_another_shape(work),
        },
        "levels": ["0", "1"],
    }
    bucket.put("out/P1.zarr/B/03/.0.begun", json.dumps(stopped).encode())
    with pytest.raises(FaultsError, match="labels nuclei would no longer fit"):
        convert(far_config(bucket, omezarr={"num_levels": 2}), work)
    overwrite = {"overwrite_mode": "overwrite", "images_per_job": 1}
    convert(far_config(bucket, omezarr={"num_levels": 2}, writing=overwrite), work)
    far = bucket.objects("out/P1.zarr/B/03/0")
    assert not any(key.startswith("labels") for key in far)
    assert not any(key.endswith(".begun") for key in bucket.objects("out"))


def attributes_of_another_shape(work: Path) -> str:
    """Return the attributes of an image of ours whose geometry was another one."""
    owner = json.loads((work / "results/P1/owner.json").read_text())["owner"]
    texts = dict.fromkeys(("pixels", "metadata", "geometry", "content"), "another")
    mark = {"owner": owner, "chunks": 1, "bytes": 1} | texts
    return json.dumps({"tiles2zarr": mark})


@pytest.mark.full
def test_killed_head(
    bucket: Bucket,
    tiles: Plate,
    repository: Path,
    run_snakemake: Callable[..., object],
) -> None:
    """After the head is killed, unlock and the usual command finish the plate.

    Its job goes on meanwhile; the second writer waits for it or takes over.
    """
    upload(bucket, tiles)
    work = tiles.work / "far"
    work.mkdir()
    omezarr = {"num_levels": 2, "compressor": LZ4}
    settings = far_config(bucket, omezarr=omezarr)
    with Head(work, settings, repository) as head:
        bucket.proxy.kills = (50, head.process.pid)
        assert head.end() == -signal.SIGKILL
    bucket.proxy.kills = None
    run_snakemake(work, settings, "--unlock")
    run_snakemake(work, settings)
    assert_as_local(bucket, tiles, LZ4)
