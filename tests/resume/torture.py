"""A small image with labels and tables, what is done to it, and looks at what is left.

A scene is a work folder in front of one step. The step is killed or fails somewhere in
it, the next run follows, and all files of store and state must be those of a run that
nobody disturbed.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import xxhash

from tests.resume.traced import Steps
from tests.rules.plate import (
    CONDITIONS,
    TABLE,
    Plate,
    channels,
    condition_rows,
    config,
    table_rows,
    tile_pixels,
    write_csv,
    write_tile,
)

IMAGE = "B/03/0"
BATCH = "B_03_0"
LEVELS = ("0", "1")
FOREIGN = {
    "labels/nuclei/0/0/0/0/0": b"where cells are",
    "tables/features/table.csv": b"cell,area\n1,30\n",
}
"""What others keep in the image."""
Snapshot = dict[str, bytes | None]
"""Content by path below the work folder; ``None`` for a folder."""
Version = Literal["0.4", "0.5"]


@dataclass(frozen=True)
class Scene:
    """A work folder, the step to disturb in it, and the config it runs with."""

    name: str
    work: Path
    step: Literal["write", "tables"]
    config: Mapping[str, object]
    foreign: bool = True
    """The image stands there already, with labels and tables of others."""
    kept: tuple[str, ...] = ()
    """Chunks that no run writes again, below the image."""


def make_scenes(folder: Path, steps: Steps, version: Version) -> dict[str, Scene]:
    """Return the scenes by name.

    - ``first``: nothing is there yet;
    - ``replace``: a tile has other pixels, the image is replaced;
    - ``relabel``: a channel has another name, attributes are rewritten in place;
    - ``drop``: a field moved, and with overwrite the labels must go;
    - ``first tables``, ``tables``: tables are made, and made anew, in another format
      and with another condition.
    """
    scenes: dict[str, Scene] = {}

    def add(name: str, step: Literal["write", "tables"]) -> None:
        first = not name.startswith("first")
        scenes[name] = Scene(name, folder / name, step, settings, first)

    settings = _config(version)
    plate = Plate(folder / "first")
    plate.write("B03")
    run(steps, plate.work, settings, "parse", "register")
    add("first", "write")

    _copy(plate.work, folder / "first tables")
    run(steps, folder / "first tables", settings, "write")
    add("first tables", "tables")

    made = folder / "made"
    _copy(folder / "first tables", made)
    run(steps, made, settings, "tables")
    _add_foreign(Plate(made))

    plate = _change(made, folder / "replace")
    write_tile(plate.raw("B03", "F1", 0), tile_pixels("B03", "F1", 0, seed=1))
    run(steps, plate.work, settings, "register")
    add("replace", "write")

    settings = _config(version, label="Hoechst")
    plate = _change(made, folder / "relabel")
    run(steps, plate.work, settings, "parse", "register")
    add("relabel", "write")

    settings = _config(version, mode="overwrite")
    plate = _change(made, folder / "drop")
    rows = table_rows("B03")
    moved = {"F1": {}, "F2": {"start_x": -20.0}}
    write_csv(plate.work / TABLE, [row | moved[str(row["fov_name"])] for row in rows])
    run(steps, plate.work, settings, "parse", "register")
    add("drop", "write")

    settings = _config(version, backend="json")
    plate = _change(made, folder / "tables")
    rows = [row | {"drug": "taxol"} for row in condition_rows()]
    write_csv(plate.work / CONDITIONS, rows)
    run(steps, plate.work, settings, "parse", "register", "write")
    add("tables", "tables")
    return scenes


def _config(
    version: Version,
    *,
    label: str = "DAPI",
    mode: str = "no_overwrite",
    backend: str = "csv",
) -> dict[str, object]:
    details = {"pixelsize": 0.5, "channels": channels(label)}
    return config(
        acquisition={"details": details},
        writing={"overwrite_mode": mode},
        omezarr={"ngff_version": version, "table_backend": backend},
    )


def run(steps: Steps, work: Path, settings: Mapping[str, object], *names: str) -> None:
    """Run steps that must succeed, as Snakemake does."""
    for name in names:
        forget_outputs(work, name)
        assert steps.run(work, name, settings) == 0, steps.log.read_text()


def _copy(old: Path, new: Path) -> None:
    shutil.copytree(old, new, symlinks=True)


def _change(made: Path, work: Path) -> Plate:
    _copy(made, work)
    return Plate(work)


def _add_foreign(plate: Plate) -> None:
    for name, content in FOREIGN.items():
        path = plate.store / IMAGE / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)


def forget_outputs(work: Path, step: str) -> None:
    """Remove what Snakemake removes before it starts a step."""
    state = Plate(work).state
    declared = {
        "parse": "plan.json",
        "register": f"done/register/{BATCH}.json",
        "write": f"done/write_zarr/{BATCH}.json",
        "tables": "plate.json",
    }
    (state / declared[step]).unlink(missing_ok=True)


def copy_scene(scene: Scene, work: Path) -> Scene:
    """Return the scene in a folder of its own; the tiles are shared."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "raw").symlink_to(scene.work / "raw")
    for name in ("out", "results"):
        if (scene.work / name).exists():
            shutil.copytree(scene.work / name, work / name)
    forget_outputs(work, scene.step)
    return replace(scene, work=work)


def finish(scene: Scene, steps: Steps) -> None:
    """Do what the next run does in a scene: the step, and the tables where due.

    The tables are due where their output is missing, or where what the images' write
    says of them is not what it said before: so Snakemake sees it.
    """
    state = Plate(scene.work).state
    run(steps, scene.work, scene.config, scene.step)
    if scene.step == "write" and not (state / "plate.json").exists():
        run(steps, scene.work, scene.config, "tables")


def looks(scene: Scene) -> dict[str, tuple[int, int] | None]:
    """Return inode and time of the chunks that stay; ``None`` for one that is gone."""
    found: dict[str, tuple[int, int] | None] = {}
    for name in scene.kept:
        path = Plate(scene.work).store / IMAGE / name
        status = path.stat() if path.exists() else None
        found[name] = status and (status.st_ino, status.st_mtime_ns)
    return found


def snapshot(work: Path) -> Snapshot:
    """Return all that lies below store and state, but the times jobs tell."""
    found: Snapshot = {}
    for top in ("out", "results"):
        for root, folders, names in os.walk(work / top):
            place = Path(root).relative_to(work)
            if place.name == "progress":
                continue
            found |= {str(place / name): None for name in folders}
            found |= {str(place / n): Path(root, n).read_bytes() for n in names}
    return found


def differences(found: Snapshot, expected: Snapshot) -> list[str]:
    """Return the paths that differ, each with how."""
    lost, left = expected.keys() - found.keys(), found.keys() - expected.keys()
    both = found.keys() & expected.keys()
    return [
        *(f"{path} is lost" for path in sorted(lost)),
        *(f"{path} is left over" for path in sorted(left)),
        *(f"{path} differs" for path in sorted(both) if found[path] != expected[path]),
    ]


def lies(scene: Scene, old: Snapshot, new: Snapshot) -> Iterator[str]:
    """Yield what looks complete and is not, in a scene nobody has mended yet.

    Args:
        scene: Where the step was disturbed.
        old: The scene before the step.
        new: The scene after a step and tables that nobody disturbed.
    """
    now = snapshot(scene.work)
    image = f"out/P1.zarr/{IMAGE}"
    arrays = [_arrays(seen, image) for seen in (now, old, new)]
    if arrays[0] and arrays[0] not in arrays[1:]:
        yield f"{IMAGE} is neither the old nor the new image"
    if image not in now and image in old:
        yield f"{IMAGE} is gone"
    receipt = now.get(f"results/P1/written/{IMAGE}.json")
    if receipt is not None:
        yield from _false_receipt(receipt, now, image)
    done = now.get(f"results/P1/done/write_zarr/{BATCH}.json")
    if done is not None and receipt is None:
        outcome = json.loads(done)["images"][IMAGE]
        if outcome["status"] == "done":
            yield "called done without a receipt"
    if _listed(now, "out/P1.zarr", "plate", "wells") and not arrays[0]:
        yield "the plate lists an image that is not there"
    if scene.foreign:
        yield from _lost_foreign(scene, now, old)
    for name in _listed(now, f"{image}/tables", "tables"):
        home = f"{image}/tables/{name}/"
        table = _below(now, home)
        if table not in (_below(old, home), _below(new, home)):
            yield f"the table {name} is listed and half made"


def _arrays(seen: Snapshot, image: str) -> Snapshot:
    return _below(seen, *(f"{image}/{level}/" for level in LEVELS))


def _below(seen: Snapshot, *folders: str) -> Snapshot:
    return {path: raw for path, raw in seen.items() if path.startswith(folders)}


def _lost_foreign(scene: Scene, now: Snapshot, old: Snapshot) -> Iterator[str]:
    """Yield what others made that is whole nowhere, in the image or beside it.

    Where it has to go (``drop``) it may be gone, but not in part.
    """
    well = f"out/P1.zarr/{IMAGE.rpartition('/')[0]}/"
    for name, content in FOREIGN.items():
        found = [raw for path, raw in _below(now, well).items() if path.endswith(name)]
        if scene.name != "drop" and content not in found:
            yield f"{name} of others is lost"
    labels = f"out/P1.zarr/{IMAGE}/labels/"
    if _below(now, labels) and _below(now, labels) != _below(old, labels):
        yield "labels are there in part"


def _false_receipt(receipt: bytes, now: Snapshot, image: str) -> Iterator[str]:
    for level in json.loads(receipt)["levels"]:
        start = f"{image}/{level['path']}/"
        chunks = level["chunks"]
        for key, digest in zip(chunks["key"], chunks["digest"], strict=True):
            raw = now.get(start + key)
            if raw is None or xxhash.xxh3_64_hexdigest(raw) != digest:
                yield f"the receipt lists {start}{key}, which is not there like this"


def _listed(now: Snapshot, group: str, *keys: str) -> list[str]:
    """Return a list in a group's attributes, empty where there is none."""
    for name in (".zattrs", "zarr.json"):
        raw = now.get(f"{group}/{name}")
        if raw is not None:
            attributes = json.loads(raw)
            attributes = attributes.get("attributes", attributes)
            found = attributes.get("ome", attributes)
            for key in keys:
                found = found.get(key, {})
            return list(found)
    return []
