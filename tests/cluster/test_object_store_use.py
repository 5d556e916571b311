"""Reruns, commands and refusals on a plate that is in S3."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.cluster.object_store import KEY, SECRET, TOKEN, Bucket
from tests.cluster.test_object_store import far_config, upload
from tests.e2e.convert import convert
from tests.rules.plate import Plate
from tiles2zarr.__main__ import main
from tiles2zarr.checkpoints import read_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.credentials import redact
from tiles2zarr.errors import FaultsError, LockedError, StoreError
from tiles2zarr.filesystems import explain_remote, is_transient, patiently
from tiles2zarr.models.plan import Plan
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.run_lock import hold_run
from tiles2zarr.steps.write_zarr import write_zarr
from tiles2zarr.stores.lock import Holder
from tiles2zarr.stores.remote import RemoteStore
from tiles2zarr.stores.remote_lock import dump_holder, hold, live_holder

LABEL = "out/P1.zarr/B/03/0/labels/nuclei/.zattrs"


def writes(bucket: Bucket, start: int) -> list[str]:
    """Return the keys, but locks, that were written or removed since a request."""
    return [
        request.key
        for request in bucket.proxy.requests[start:]
        if request.method in ("PUT", "POST", "DELETE") and ".0.lock" not in request.key
    ]


@pytest.mark.full
def test_rerun_and_commands(
    bucket: Bucket, tiles: Plate, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run writes nothing; status, verify, view and adopt take the URL.

    A lost chunk is found by verify and healed by a rerun after ``--repair``; lost state
    is made anew from the store.
    """
    upload(bucket, tiles)
    settings = far_config(bucket)
    Path("config.yaml").write_text(yaml.safe_dump(settings))
    convert(settings, tiles.work)
    start = len(bucket.proxy.requests)
    convert(settings, tiles.work)
    assert writes(bucket, start) == []
    said = ["--configfile", "config.yaml"]
    store = f"{bucket.url}/out/P1.zarr"
    assert main(["status", *said]) == 0
    assert main(["verify", *said]) == 0
    assert main(["verify", "--store", store, "--deep"]) == 0
    assert main(["view", store, "--how"]) == 0
    bucket.system.rm(f"{bucket.name}/out/P1.zarr/C/03/0/0/0/0/0/0")
    assert main(["verify", *said, "--repair"]) == 1
    assert "C/03/0: " in capsys.readouterr().out
    convert(settings, tiles.work)
    for path in (tiles.state / "written").rglob("*.json"):
        path.unlink()
    assert main(["verify", *said, "--adopt", "--deep"]) == 0
    start = len(bucket.proxy.requests)
    convert(settings, tiles.work)
    assert not [key for key in writes(bucket, start) if "/0/0/0/" in key]


def test_one_run_at_a_time(
    bucket: Bucket, tiles: Plate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plate in S3 is held against other runs too, and free when a run is over."""
    monkeypatch.setattr("tiles2zarr.steps.run_lock.WAIT_S", 1.0)
    (config,) = load_configs(far_config(bucket), plate_name).values()
    with hold_run("P1", config):
        assert list(bucket.objects("out")) == [".P1.run.lock"]
        with pytest.raises(LockedError) as refused, hold_run("P1", config):
            pass
    assert str(refused.value).startswith(
        "P1: another run of this plate is under way, and this one did nothing. "
        f"{bucket.url}/out is being written by process {os.getpid()} on "
    )
    assert bucket.objects("out") == {}


@pytest.mark.full
def test_overwrite_modes(bucket: Bucket, tiles: Plate) -> None:
    """A foreign plate is refused, extended or replaced as on disk."""
    upload(bucket, tiles)
    convert(far_config(bucket), tiles.work / "one")
    bucket.put(LABEL, b"{}")
    before = bucket.objects("out")
    with pytest.raises(FaultsError, match="was not made by this config"):
        convert(far_config(bucket), tiles.work / "two")
    assert bucket.objects("out") == before
    extend = far_config(bucket, writing={"overwrite_mode": "extend"})
    with pytest.raises(FaultsError, match="was not made by this config"):
        convert(extend, tiles.work / "two")
    assert bucket.objects("out") == before
    replace = far_config(bucket, writing={"overwrite_mode": "overwrite"})
    convert(replace, tiles.work / "two")
    after = bucket.objects("out")
    assert LABEL.removeprefix("out/") in after
    start = len(bucket.proxy.requests)
    convert(replace, tiles.work / "two")
    assert writes(bucket, start) == []


@pytest.mark.full
def test_prune(bucket: Bucket, tiles: Plate) -> None:
    """An image that left the plan is removed from the bucket on request."""
    upload(bucket, tiles)
    settings = far_config(bucket)
    Path("config.yaml").write_text(yaml.safe_dump(settings))
    convert(settings, tiles.work)
    wells = {"kind": "well", "mode": "include", "wells": ["B03", "B04"]}
    settings = far_config(bucket, acquisition={"filters": [wells]})
    Path("config.yaml").write_text(yaml.safe_dump(settings))
    convert(settings, tiles.work)
    assert any(key.startswith("C/03/0/") for key in bucket.objects("out/P1.zarr"))
    assert main(["prune", "--configfile", "config.yaml", "--yes"]) == 0
    left = bucket.objects("out/P1.zarr")
    assert not any(key.startswith("C/03/0/") for key in left)
    assert any(key.startswith("B/04/0/") for key in left)


@pytest.mark.full
def test_metadata_last(bucket: Bucket, tiles: Plate) -> None:
    """The attributes of a group come after every chunk, also on a rewrite."""
    upload(bucket, tiles)
    for clevel in (5, 1):
        start = len(bucket.proxy.requests)
        compressor = {"name": "blosc", "cname": "zstd", "clevel": clevel}
        convert(far_config(bucket, omezarr={"compressor": compressor}), tiles.work)
        image = f"{bucket.name}/out/P1.zarr/B/03/0/"
        keys = [
            request.key.removeprefix(image)
            for request in bucket.proxy.requests[start:]
            if request.method == "PUT" and request.key.startswith(image)
        ]
        chunks = [i for i, key in enumerate(keys) if key[0].isdigit()]
        assert keys.index(".zattrs") > max(chunks)


def test_documents_are_read_once(bucket: Bucket, tiles: Plate) -> None:
    """A first run asks for each document of images and wells once, and writes it once.

    Of a batch that is redone it costs a look at the plate's documents per job.
    """
    upload(bucket, tiles)
    settings = far_config(bucket, writing={"images_per_job": "auto"})
    plate = f"{bucket.name}/out/P1.zarr"

    def documents(method: str, start: int, place: str) -> Counter[str]:
        return Counter(
            request.key
            for request in bucket.proxy.requests[start:]
            if request.method == method
            and request.key.startswith(place)
            and request.key.endswith((".zgroup", ".zattrs", "zarr.json"))
        )

    convert(settings, tiles.work)
    for well in ("B/03", "B/04", "C/03"):
        assert set(documents("PUT", 0, f"{plate}/{well}/0/tables").values()) == {1}
        assert set(documents("GET", 0, f"{plate}/{well}").values()) == {1}
    state = State(tiles.state)
    (batch,) = read_json(state.plan, Plan).batches
    (plain,) = load_configs(settings, lambda *_: None).values()
    start = len(bucket.proxy.requests)
    written = state.done("write_zarr", batch)
    options = slices.write_options(plain)
    write_zarr(state.done("register", batch), written, state, options, 1)
    asked = documents("GET", start, plate)
    assert {asked[f"{plate}/{name}"] for name in ("zarr.json", ".zgroup")} == {1}
    assert asked[f"{plate}/B/03/0/.zattrs"] > 0


def test_lock(bucket: Bucket) -> None:
    """A live holder is waited for, a dead one is replaced, a thief is noticed."""
    store = RemoteStore(bucket.url, bucket.options)
    with hold(store, ".0.lock") as lock:
        with (
            pytest.raises(LockedError, match="is being written by process"),
            hold(store, ".0.lock", wait_s=0),
        ):
            pass
        assert live_holder(store, ".0.lock") is not None
        thief = Holder.current()
        store.put(".0.lock", dump_holder(thief))
        with pytest.raises(LockedError, match="was taken over"):
            lock.check()
    dead = Holder("here", "another boot", 1, "0", "", "t")
    gone = Holder(thief.host, *list(dead.__dict__.values())[1:])
    store.put(".0.lock", dump_holder(gone))
    with hold(store, ".0.lock", wait_s=0) as lock:
        lock.check()
    assert bucket.objects() == {}


def test_conditional_writes(bucket: Bucket) -> None:
    """Only one of two writers that saw the same object replaces it."""
    store = RemoteStore(bucket.url, bucket.options)
    assert store.create("x", b"one")
    assert not store.create("x", b"two")
    seen = store.seen("x")
    assert seen is not None
    assert store.replace("x", b"two", seen)
    assert not store.replace("x", b"three", seen)
    assert store.get("x") == b"two"


def test_no_such_bucket(bucket: Bucket) -> None:
    """An absent bucket is told with URL and cure, without a credential."""
    store = RemoteStore("s3://there-is-no-such-bucket/x", bucket.options)
    assert store.get("a") is None
    with pytest.raises(StoreError) as caught:
        store.put("a", b"")
    assert str(caught.value).startswith("s3://there-is-no-such-bucket/x/a: ")
    assert not any(secret in str(caught.value) for secret in (KEY, SECRET, TOKEN))


def test_patience_ends() -> None:
    """A server that is gone is told after the patience, not at the first try."""
    tries = []

    def call() -> None:
        tries.append(1)
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        patiently(call, patience_s=0)
    assert len(tries) == 4


ERRORS: dict[str, tuple[Exception, bool]] = {
    "cut": (ConnectionResetError(), True),
    "slow": (TimeoutError(), True),
    "busy": (OSError(16, "busy"), True),
    "absent": (FileNotFoundError(), False),
    "forbidden": (PermissionError(), False),
    "invalid": (OSError(22, "invalid"), False),
    "full": (OSError(28, "full"), False),
}


@pytest.mark.parametrize(("error", "again"), ERRORS.values(), ids=ERRORS)
def test_what_is_tried_again(error: Exception, again: bool) -> None:
    """Only what may change is asked for again."""
    assert is_transient(error) is again


def test_messages_hold_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries, users and the values of the environment are cut out of messages."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    text = f"GET https://me:pw@host/x?X-Amz-Signature=1 signed with {SECRET}"
    assert redact(text) == "GET https://host/x signed with ***"
    assert explain_remote(OSError(text)) == f"OSError: {redact(text)}"
    assert json.dumps(redact("plain")) == '"plain"'


def test_memory_is_a_store() -> None:
    """Any file system of fsspec serves, also one without conditional writes."""
    store = RemoteStore("memory://plates/of [test]")
    assert store.create("a/b", b"1")
    assert not store.create("a/b", b"2")
    store.put_chunk("a/c", b"22")
    store.flush()
    assert dict(store.sizes("a")) == {"a/b": 1, "a/c": 2}
    assert store.children("a") == ("b", "c")
    store.delete("a")
    assert store.children("") == ()
