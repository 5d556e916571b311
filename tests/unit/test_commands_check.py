"""``check``: everything that can be known to be wrong before a run, in one answer."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.rules.plate import CONDITIONS, TABLE, Plate, config
from tests.unit.conftest import Tell, write_config
from tiles2zarr.commands.check import _folder_faults


def faults(tell: Tell) -> list[str]:
    """Return the faults that check tells of ``my.yaml``, each without its dash."""
    said = tell("check")
    assert (said.code, said.out) == (1, "")
    title, *lines = said.err.splitlines()
    assert title.startswith("config my.yaml: ")
    return [line.removeprefix("  - ") for line in lines]


def test_right_config_is_ok(raw: Plate, tell: Tell) -> None:
    """A config that could run is told with its input and output, and makes nothing."""
    before = sorted(Path().rglob("*"))
    said = tell("check")
    assert said.lines == [
        "P1: ok; input raw/tiles.csv (tile_table), output out",
        "next: tiles2zarr plan --configfile my.yaml",
    ]
    assert said.code == 0
    assert sorted(Path().rglob("*")) == before


def test_all_faults_at_once(raw: Plate, tell: Tell) -> None:
    """Input, functions, conditions, folders and output are told in one message."""
    content = write_config(
        Path(),
        acquisition={
            "path": "raw/none.csv",
            "conditions": "raw/nothing.csv",
            "filters": [{"kind": "custom", "function": "mine:keep"}],
        },
    )
    Path("file").write_text("")
    content |= {"extensions": ["functions"], "output": "file/out"}
    Path("my.yaml").write_text(yaml.safe_dump(content))
    found = faults(tell)
    starts = [
        "extensions: Extension folder 'functions' does not exist",
        "acquisitions[0].filters[0].function: Module 'mine' of function 'mine:keep'",
        "acquisitions[0].path: raw/none.csv is not there",
        "acquisitions[0].conditions: ",
        "output: ",
    ]
    assert [f[: len(s)] for f, s in zip(found, starts, strict=True)] == starts
    assert found[-1] == (
        f"output: {Path('file').absolute()} is in the way: it is not a folder. "
        "Choose another."
    )


def test_condition_table_is_read(raw: Plate, tell: Tell) -> None:
    """Each fault of a condition table is a line with its row."""
    (raw.work / CONDITIONS).write_text("well,drug\nB03,DMSO\nB3x,taxol\n")
    (found,) = faults(tell)
    assert found == (
        "acquisitions[0].conditions: raw/conditions.csv: well 'B3x' is not letters and "
        "a number like 'B03' in table row 2. Correct it."
    )


def test_tile_table_is_read(raw: Plate, tell: Tell) -> None:
    """Each fault of a small tile table is a line with its row."""
    (raw.work / TABLE).write_text(
        "file_path,row,column,fov_name,start_x,start_y,length_x,length_y\n"
        'B03_F1_c0.tif,B,3,F1,"0,5",0,40,24\n'
        "B03_F2_c0.tif,B,99,F2,19,0,40,24\n"
    )
    assert faults(tell) == [
        "acquisitions[0].path: raw/tiles.csv: start_x is '0,5' in table row 1, "
        "expected a number between -1e+09 and 1e+09. Write decimals with a point.",
        "acquisitions[0].path: raw/tiles.csv: column '99' is outside 1..72 in table "
        "row 2. Correct it.",
    ]


@pytest.mark.parametrize(
    ("format_name", "message"),
    [
        ("operetta", "raw is of format cellvoyager by its files, the config says"),
        ("auto", None),
        ("cellvoyager", None),
        ("cq3k", None),
        ("tile_table", None),
    ],
)
def test_format_is_recognised(
    raw: Plate, tell: Tell, format_name: str, message: str | None
) -> None:
    """A vendor's format that the files contradict is a fault."""
    Path("raw/MeasurementData.mlf").write_text("")
    write_config(Path(), acquisition={"path": "raw", "format": format_name})
    if message is None:
        assert tell("check").code == 0
    else:
        (found,) = faults(tell)
        assert found.startswith(f"acquisitions[0].path: {message}")


def test_format_is_not_recognised(raw: Plate, tell: Tell) -> None:
    """A folder of no known format is a fault that says what could be done."""
    write_config(Path(), acquisition={"path": "raw", "format": "auto"})
    (found,) = faults(tell)
    assert found.startswith("acquisitions[0].path: raw is of no format")


def test_positions_file(raw: Plate, tell: Tell) -> None:
    """A positions file that is not there is a fault."""
    options = {"pattern": "{well}_{field}_c{channel:d}.tif", "positions": "p.csv"}
    acquisition = {"path": "raw", "format": "pattern", "options": options}
    write_config(Path(), acquisition=acquisition)
    assert faults(tell) == [
        "acquisitions[0].options.positions: p.csv is not there. Correct the path."
    ]


def test_foreign_store(made: Plate, tell: Tell) -> None:
    """A store that another config made is told before the run refuses it."""
    assert tell("check").code == 0
    Path("results/P1/owner.json").unlink()
    (found,) = faults(tell)
    assert found.startswith("output: out/P1.zarr exists and was not made by this")
    write_config(Path(), writing={"overwrite_mode": "overwrite"})
    assert tell("check").code == 0


def test_foreign_store_without_a_mark(raw: Plate, tell: Tell) -> None:
    """A plate that carries no mark at all is foreign too."""
    store = Path("out/P1.zarr")
    store.mkdir(parents=True)
    (store / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    (found,) = faults(tell)
    assert "was not made by this config" in found


def test_unknown_protocol(raw: Plate, tell: Tell) -> None:
    """An output no file system is known for is told without asking the network."""
    content = config() | {"output": "gopher://bucket/x"}
    Path("my.yaml").write_text(yaml.safe_dump(content))
    assert faults(tell) == [
        "output: gopher://bucket/x has the protocol gopher, which fsspec does not "
        "know. Correct it."
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_rights(tmp_path: Path) -> None:
    """A folder that the user may not write into is told before the run."""
    tmp_path.chmod(0o555)
    (found,) = _folder_faults("output", tmp_path / "a/b")
    tmp_path.chmod(0o755)
    assert found == (
        f"output: {tmp_path} cannot be written by this user. Get write permission "
        "there or choose another folder."
    )


def test_plates_name_their_faults(raw: Plate, tell: Tell) -> None:
    """Of several plates each fault names its plate, the good one is told as ok."""
    shared = config()
    del shared["plate"]
    shared["plates"] = {"P1": {}, "P2": {"path": "raw/none.csv"}}
    Path("my.yaml").write_text(yaml.safe_dump(shared))
    said = tell("check")
    assert said.code == 1
    assert said.lines == ["P1: ok; input raw/tiles.csv (tile_table), output out"]
    assert "  - P2: acquisitions[0].path: raw/none.csv is not there." in said.err


@pytest.mark.parametrize(
    "folder",
    [
        "yokogawa/cv8000-minimal",
        "revvity/operetta-sonata-2f",
        "imagexpress/9987_Plate_3433",
        "scanr/scanr-3.3-1w",
    ],
)
def test_real_plates(real_data: Path, raw: Plate, tell: Tell, folder: str) -> None:
    """Real folders are recognised."""
    path = str(real_data / folder)
    Path("my.yaml").write_text(
        f"plate: {{name: P1}}\nacquisitions: [{{path: {path}}}]\n"
    )
    assert tell("check").lines[:-1] == [f"P1: ok; input {path} (auto), output results"]
