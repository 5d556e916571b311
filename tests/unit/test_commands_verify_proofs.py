"""``verify --manifest`` and ``--certificate``: what is handed on when all is whole."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.e2e.convert import convert
from tests.rules.plate import (
    FIELDS,
    HEIGHT,
    WELLS,
    WIDTH,
    Plate,
    files_below,
    tile_file,
)
from tests.unit.conftest import Tell, write_config

STORE = Path("out/P1.zarr")


def check(manifest: Path) -> subprocess.CompletedProcess[str]:
    """Return what sha256sum says of a manifest, run in its folder."""
    return subprocess.run(
        ["sha256sum", "-c", "--quiet", "--strict", manifest.name],
        cwd=manifest.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["P1.sha256", "out/all.sha256", "a b/m {1}.sha256"])
def test_manifest_is_read_by_sha256sum(made: Plate, tell: Tell, name: str) -> None:
    """Every file of the store is in it, odd names too, and a changed one is found."""
    labels = STORE / "C/03/0/labels"
    labels.mkdir()
    for odd in ("two words.txt", "back\\slash", "line\nbreak"):
        (labels / odd).write_text(odd)
    (STORE / "C/03/.0.lock").write_text("{}")
    said = tell("verify", "--manifest", name)
    assert said.code == 0
    stored = [path for path in files_below(STORE) if not path.endswith(".lock")]
    lines = Path(name).read_text().splitlines()
    assert len(lines) == len(stored)
    assert lines == [*sorted(lines, key=lambda line: line.lstrip("\\")[66:])]
    assert said.lines[-1].startswith(f"{name}: {len(stored)} files; to check: ")
    command = said.lines[-1].split("to check: ")[1]
    subprocess.run(command, shell=True, check=True)
    assert check(Path(name)).returncode == 0
    (labels / "two words.txt").write_text("three words")
    found = check(Path(name))
    assert found.returncode == 1
    assert "two words.txt: FAILED" in found.stdout


def test_no_manifest_of_damage(made: Plate, tell: Tell) -> None:
    """What is not whole gets no manifest."""
    (STORE / "C/03/0/0/0/0/0/0").unlink()
    said = tell("verify", "--manifest", "m.sha256")
    assert said.code == 1
    assert said.lines[-1] == "m.sha256: not written, not all images are whole"
    assert not Path("m.sha256").exists()


def test_certificate(made: Plate, tell: Tell) -> None:
    """Each source stands with its hash, its image and its planes."""
    said = tell("verify", "--deep", "--certificate", "certificate.json")
    assert said.code == 0
    assert said.lines[1:] == [
        "P1: 12 planes of 12 source files compared with 3 images: every pixel in the "
        "output is equal.",
        "certificate.json: written",
    ]
    content = json.loads(Path("certificate.json").read_text())
    assert content["statement"][0] == said.lines[1]
    (plate,) = content["plates"]
    assert list(plate["images"]) == ["B/03/0", "B/04/0", "C/03/0"]
    assert plate["images"]["B/04/0"]["path"] == "out/P1.zarr/B/04/0"
    sources = {row["file"]: row for row in plate["sources"]}
    assert sorted(sources) == sorted(
        f"raw/{tile_file(well, field, channel)}"
        for well in WELLS
        for field in FIELDS
        for channel in range(2)
    )
    path = Path("raw") / tile_file("B04", "F2", 1)
    raw = path.read_bytes()
    assert sources[str(path)] == {
        "file": str(path),
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "planes": [
            {
                "image": "B/04/0",
                "plane": 0,
                "t": 0,
                "c": 1,
                "z": 0,
                "pixels": HEIGHT * WIDTH,
                "hidden": 0,
            }
        ],
    }


def test_certificate_tells_what_is_hidden(raw: Plate, tell: Tell) -> None:
    """Pixels under later tiles are not in the output: two columns of each F1."""
    content = write_config(Path()) | {"registration": {"tiling_mode": "inplace"}}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    said = tell("verify", "--deep", "--certificate", "c.json")
    assert said.code == 0
    assert said.lines[-2] == (
        "P1: 288 pixels of 6 planes lie under tiles further down the table and are "
        "not in the output."
    )
    (plate,) = json.loads(Path("c.json").read_text())["plates"]
    hidden = {row["file"]: row["planes"][0]["hidden"] for row in plate["sources"]}
    assert hidden[f"raw/{tile_file('C03', 'F1', 0)}"] == 2 * HEIGHT
    assert hidden[f"raw/{tile_file('C03', 'F2', 0)}"] == 0


HARMS = {
    "source lost": (
        lambda: Path("raw/C03_F1_c0.tif").unlink(),
        "C/03/0 was not compared in whole (C03_F1_c0.tif) (and 1 more reason)",
    ),
    "source changed": (
        lambda: tifffile.imwrite(
            "raw/C03_F1_c0.tif", np.ones((HEIGHT, WIDTH), np.uint16), metadata=None
        ),
        "C/03/0 was not compared in whole",
    ),
    "pixels lost": (
        lambda: (STORE / "C/03/0/0/0/0/0/0").unlink(),
        "C/03/0 was not compared in whole",
    ),
    "table lost": (
        lambda: shutil.rmtree(STORE / "C/03/0/tables/FOV_ROI_table"),
        "not all images are whole",
    ),
    "image lost": (
        lambda: shutil.rmtree(STORE / "C/03/0"),
        "C/03/0 was not compared (and 4 more reasons)",
    ),
}


@pytest.mark.parametrize("name", HARMS)
def test_certificate_is_refused(made: Plate, tell: Tell, name: str) -> None:
    """Whatever differs or was not compared: no certificate, not even the old one."""
    tell("verify", "--deep", "--certificate", "c.json")
    assert Path("c.json").exists()
    harm, reason = HARMS[name]
    harm()
    said = tell("verify", "--deep", "--certificate", "c.json")
    assert said.code == 1
    assert said.lines[-1] == f"c.json: not written, {reason}"
    assert not Path("c.json").exists()


def test_planes_that_were_left_out(made: Plate, tell: Tell) -> None:
    """A file with a plane that is not in the output may not be deleted."""
    path = Path("raw/C03_F1_c0.tif")
    pixels = tifffile.imread(path)
    tifffile.imwrite(path, np.stack([pixels, pixels + 1]), metadata=None)
    said = tell("verify", "--deep", "--certificate", "c.json")
    assert said.code == 1
    assert said.lines[-1] == (
        "c.json: not written, raw/C03_F1_c0.tif holds 2 planes, of which 1 are in the "
        "output"
    )


def test_other_file_in_the_way(made: Plate, tell: Tell) -> None:
    """A file that is no certificate is not overwritten."""
    said = tell("verify", "--deep", "--certificate", "my.yaml")
    assert said.code == 1
    assert said.err == "my.yaml is no certificate of ours. Give another name.\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--certificate", "c"), "--certificate needs --deep"),
        (("--quick", "--manifest", "m"), "--quick does not go with --manifest"),
        (("--quick", "--repair"), "--quick does not go with --repair"),
        (("--quick", "--deep"), "not allowed with argument --quick"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_do_not_fit(
    made: Plate, tell: Tell, options: tuple[str, ...], message: str
) -> None:
    """Options that contradict each other are wrong usage."""
    said = tell("verify", *options)
    assert said.code == 2
    assert message in said.err
