"""A plate from S3 to S3 is the plate a local run makes, whatever the server does."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import tensorstore
import zarr

from tests.cluster.object_store import (
    FAULTS,
    KEY,
    SECRET,
    SILENCE_S,
    TOKEN,
    Bucket,
)
from tests.e2e.convert import convert
from tests.rules.plate import CONDITIONS, IMAGES, TABLE, Plate, config, contents

SHARDED: Mapping[str, object] = {
    "num_levels": 2,
    "ngff_version": "0.5",
    "chunks": {"kind": "fixed", "xy_chunk": 10},
    "shards": {"kind": "multiple", "xy_factor": 2},
}
KINDS: Mapping[str, Mapping[str, object]] = {
    "0.4": {"num_levels": 2},
    "0.5-json": {"num_levels": 2, "ngff_version": "0.5", "table_backend": "json"},
    "0.5-sharded-parquet": {**SHARDED, "table_backend": "parquet"},
    "0.4-anndata": {"num_levels": 2, "table_backend": "anndata"},
}


def far_config(bucket: Bucket, **sections: Mapping[str, object]) -> dict[str, object]:
    """Return the plate's config with tiles and output in the bucket."""
    options = {
        "endpoint_url": bucket.proxy.url,
        "config_kwargs": {"read_timeout": SILENCE_S},
    }
    acquisition = {
        "path": f"{bucket.url}/in/{TABLE}",
        "conditions": f"{bucket.url}/in/{CONDITIONS}",
        "storage_options": options,
    }
    sections = {
        **sections,
        "acquisition": acquisition | dict(sections.get("acquisition", {})),
    }
    far = {"output": f"{bucket.url}/out", "output_storage_options": options}
    return config(**sections) | far


def upload(bucket: Bucket, plate: Plate) -> None:
    """Copy the tiles and tables of a plate into the bucket."""
    for path in (plate.work / "raw").iterdir():
        bucket.put(f"in/raw/{path.name}", path.read_bytes())


def without_owner(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files without the ids of who made them and of local sources.

    The provenance, which names input and output, differs and is left out.
    """
    plain = {}
    for path, raw in files.items():
        if path.startswith("tiles2zarr/"):
            continue
        content = raw
        if path.endswith((".zattrs", "zarr.json")) and b'"owner"' in raw:
            value = json.loads(raw)
            mark = value.get("attributes", value)["tiles2zarr"]
            assert len(mark.pop("owner")) == 32
            mark.pop("pixels", None)
            content = json.dumps(value).encode()
        plain[path] = content
    return plain


def test_same_plate_as_a_local_run(bucket: Bucket, tiles: Plate) -> None:
    """Tiles in S3 make the same objects in S3 as local tiles make files.

    With a tenth of all requests spoiled in one of six ways, too.
    """
    bucket.proxy.faulty = True
    compare(bucket, tiles, KINDS["0.5-sharded-parquet"])
    assert bucket.proxy.faults().keys() == set(FAULTS)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_same_plate_of_any_kind(kind: str, bucket: Bucket, tiles: Plate) -> None:
    """Whatever the version and the tables' backend, S3 holds what a folder holds."""
    compare(bucket, tiles, KINDS[kind])


def compare(bucket: Bucket, tiles: Plate, omezarr: Mapping[str, object]) -> None:
    """Convert locally and in S3, and compare all that is written."""
    convert(config(omezarr=omezarr), tiles.work)
    local = without_owner(contents(tiles.files()))
    upload(bucket, tiles)
    shutil.rmtree(tiles.work / "raw")
    convert(far_config(bucket, omezarr=omezarr), tiles.work / "far")
    assert without_owner(bucket.objects("out/P1.zarr")) == local


def read_by_tensorstore(bucket: Bucket, path: str, driver: str) -> np.ndarray:
    """Return the pixels of an array in the bucket."""
    place = {"bucket": bucket.name, "path": path, "endpoint": bucket.server}
    access = {"aws_region": "us-east-1", "aws_credentials": {"type": "environment"}}
    spec = {"driver": driver, "kvstore": {"driver": "s3"} | place | access}
    return np.asarray(tensorstore.open(spec, open=True).result()[...])


@pytest.mark.full
@pytest.mark.parametrize("kind", ["0.4", "0.5-sharded-parquet"])
def test_faults_change_nothing(
    kind: str,
    bucket: Bucket,
    tiles: Plate,
    run_snakemake: Callable[..., object],
) -> None:
    """With a tenth of all requests spoiled a run ends well, in the same pixels.

    Read back by zarr-python and tensorstore; tiles were asked for once each, but for
    what was spoiled, and no secret is in anything that was written.
    """
    convert(config(omezarr=KINDS[kind]), tiles.work)
    upload(bucket, tiles)
    bucket.proxy.faulty = True
    work = tiles.work / "far"
    shutil.rmtree(tiles.work / "raw")
    settings = far_config(bucket, omezarr=KINDS[kind], writing={"images_per_job": 3})
    run_snakemake(work, settings)
    assert bucket.proxy.faults().keys() >= set(FAULTS)
    version = "zarr" if kind == "0.4" else "zarr3"
    for image in IMAGES:
        for level in (0, 1):
            path = f"out/P1.zarr/{image}/{level}"
            near = zarr.open_array(str(tiles.store / image / str(level)), mode="r")[...]
            options = {"endpoint_url": bucket.server}
            far = zarr.open_array(
                f"{bucket.url}/{path}", mode="r", storage_options=options
            )[...]
            other = read_by_tensorstore(bucket, f"{path}/", version)
            np.testing.assert_array_equal(far, near)
            np.testing.assert_array_equal(other, near)
    assert_tiles_fetched_once(bucket)
    assert_no_secrets(work, bucket)


def assert_tiles_fetched_once(bucket: Bucket) -> None:
    """No tile was asked for as a whole again, unless its answer was spoiled."""
    wanted = [
        request.key
        for request in bucket.proxy.requests
        if request.method == "GET" and request.whole and request.fault is None
    ]
    tiles = [key for key in wanted if key.endswith(".tif")]
    assert len(tiles) == len(set(tiles)) == 12


def assert_no_secrets(work: Path, bucket: Bucket) -> None:
    """Neither state nor logs nor the store hold a part of the credentials."""
    files = (path for path in work.rglob("*") if path.is_file())
    written = {str(path): path.read_bytes() for path in files}
    written |= bucket.objects("out")
    assert any(path.endswith(".log") for path in written)
    for path, raw in written.items():
        for secret in (KEY, SECRET, TOKEN):
            assert secret.encode() not in raw, path
