"""``prune`` in S3: what dead writers left goes, what the living hold stays."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.cluster.object_store import Bucket
from tests.cluster.test_object_store import far_config, upload
from tests.cluster.test_object_store_resume import (
    LZ4,
    assert_as_local,
    killed_at,
    write_one_well,
)
from tests.e2e.convert import convert
from tests.rules.plate import Plate
from tiles2zarr.__main__ import main
from tiles2zarr.stores import remote_lock
from tiles2zarr.stores.lock import Holder
from tiles2zarr.stores.remote_lock import dump_holder

WELL = "out/P1.zarr/B/03"
PROBE = ".0.lock.1a2b3c4d"


@pytest.fixture
def made(bucket: Bucket, tiles: Plate) -> Mapping[str, object]:
    """Return the config of a plate that was converted into the bucket."""
    upload(bucket, tiles)
    settings = far_config(bucket)
    Path("config.yaml").write_text(yaml.safe_dump(settings))
    convert(settings, tiles.work)
    return settings


def prune(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """Run the command; return what it prints."""
    capsys.readouterr()
    assert main(["prune", "--configfile", "config.yaml", *options]) == 0
    return capsys.readouterr().out.splitlines()


def put_note(bucket: Bucket, documents: Mapping[str, str]) -> None:
    """Write what a writer of B/03/0 notes down before it begins."""
    note = {"documents": documents, "levels": ["0", "1"]}
    bucket.put(f"{WELL}/.0.begun", json.dumps(note).encode())


def dead() -> Holder:
    """Return a process of this host that is gone."""
    return replace(Holder.current(), started="1")


def remove(bucket: Bucket, *keys: str) -> None:
    """Remove objects of B/03/0."""
    for key in keys:
        bucket.system.rm(f"{bucket.name}/{WELL}/0/{key}", recursive=True)


def test_half_written_image(
    made: Mapping[str, object],
    bucket: Bucket,
    tiles: Plate,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The dry run tells and touches nothing; then all of a first write goes.

    The next run writes the image as it was.
    """
    whole = bucket.objects("out")
    put_note(bucket, {})
    remove(bucket, ".zattrs", "tables", "1/0/0/0/0")
    bucket.put(f"{WELL}/.0.lock", dump_holder(dead()))
    bucket.put(f"{WELL}/{PROBE}", b"")
    before = bucket.objects("out")
    assert prune(capsys) == [
        f"{bucket.url}/{WELL}/0: left by a dead process: .0.begun, .0.lock, {PROBE}, "
        "0/0, 0/1",
        "P1: leftovers at 1 place; `--yes` removes them",
    ]
    assert bucket.objects("out") == before
    assert prune(capsys, "--yes")[-1].startswith("P1: removed leftovers at 1 place")
    assert set(bucket.objects(WELL)) == {".zattrs", ".zgroup"}
    others = {key: raw for key, raw in whole.items() if "/B/03/" not in f"/{key}"}
    after = bucket.objects("out")
    assert {key: after[key] for key in others} == others
    assert prune(capsys) == ["P1: nothing to remove"]
    (tiles.state / "written/B/03/0.json").unlink()
    convert(made, tiles.work)
    assert bucket.objects("out") == whole


def test_labels_of_an_image_cut_short(
    made: Mapping[str, object],
    bucket: Bucket,
    tiles: Plate,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Arrays go; labels and tables stay, and so does the note that says whose."""
    labels = f"{WELL}/0/labels/nuclei/0/0"
    bucket.put(labels, b"a label of someone else")
    whole = bucket.objects("out")
    kept = {name: bucket.objects(f"{WELL}/0")[name] for name in (".zattrs", ".zgroup")}
    put_note(bucket, {name: raw.decode() for name, raw in kept.items()})
    remove(bucket, ".zattrs")
    (line, _) = prune(capsys)
    assert line.endswith("/B/03/0: left by a dead process: 0/0, 0/1")
    prune(capsys, "--yes")
    left = {key.split("/")[0] for key in bucket.objects(f"{WELL}/0")}
    assert left == {"labels", "tables"}
    assert ".0.begun" in bucket.objects(WELL)
    assert prune(capsys) == ["P1: nothing to remove"]
    convert(made, tiles.work)
    assert bucket.objects("out") == whole


def test_note_of_a_finished_image(
    made: Mapping[str, object], bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of an image that is whole the note alone goes."""
    before = bucket.objects("out")
    put_note(bucket, {})
    (line, _) = prune(capsys)
    assert line.endswith("/B/03/0: left by a dead process: .0.begun")
    prune(capsys, "--yes")
    assert bucket.objects("out") == before


@pytest.mark.parametrize("host", ["here", "elsewhere"])
def test_living_writers(
    host: str,
    made: Mapping[str, object],
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that is alive, or wrote its lock of late, is left alone.

    One elsewhere that was silent for too long is not.
    """
    holder = Holder.current()
    if host == "elsewhere":
        holder = replace(holder, host="elsewhere", boot="other", started="1")
    put_note(bucket, {})
    remove(bucket, ".zattrs")
    bucket.put(f"{WELL}/.0.lock", dump_holder(holder))
    before = bucket.objects("out")
    assert prune(capsys, "--yes") == ["P1: nothing to remove"]
    assert bucket.objects("out") == before
    if host == "elsewhere":
        monkeypatch.setattr(remote_lock, "STALE_S", -1.0)
        (line, _) = prune(capsys, "--yes")
        assert line.endswith("left by a dead process: .0.lock, 0/0, 0/1")
        assert set(bucket.objects(WELL)).isdisjoint({".0.lock", "0/0/.zarray"})


@pytest.mark.full
def test_killed_and_pruned(
    bucket: Bucket, tiles: Plate, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a kill in the midst of a first write prune leaves no object of it."""
    write_one_well(tiles)
    upload(bucket, tiles)
    omezarr = {"num_levels": 2, "compressor": LZ4}
    far = tiles.work / "far"
    request = 20
    while ".0.begun" not in bucket.objects(WELL):
        assert killed_at(request, bucket, far, omezarr=omezarr)
        request += 3
    Path("config.yaml").write_text(
        yaml.safe_dump(
            far_config(bucket, omezarr=omezarr)
            | {"pathvars": {"results": str(far / "results")}}
        )
    )
    assert prune(capsys, "--yes")[-1].startswith("P1: removed leftovers at 1 place")
    assert bucket.objects(WELL) == {}
    convert(far_config(bucket, omezarr=omezarr), far)
    assert_as_local(bucket, tiles, LZ4)
