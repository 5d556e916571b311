"""The generated schema and key table, and the demo config that goes with them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tiles2zarr.config.docs import config_readme, main, schema_text
from tiles2zarr.config.load import load_configs, read_config
from tiles2zarr.config.schema import config_schema
from tiles2zarr.config.table import key_rows
from tiles2zarr.config.tree import places

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
VALIDATOR = jsonschema.Draft202012Validator(config_schema())
UPDATE = "run `python -m tiles2zarr.config.docs`"


def test_schema_is_in_step_with_the_models() -> None:
    """config.schema.json is what the models give."""
    written = (CONFIG / "config.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), UPDATE


def test_readme_is_in_step_with_the_models() -> None:
    """config/README.md is what the models give."""
    written = (CONFIG / "README.md").read_text(encoding="utf-8")
    assert written == config_readme(), UPDATE


def test_docs_are_written_into_a_folder(tmp_path: Path) -> None:
    """The command writes both files, nothing else."""
    assert main([str(tmp_path)]) == 0
    written = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert written == {
        "config.schema.json": schema_text(),
        "README.md": config_readme(),
    }


def test_every_key_has_a_row_and_a_meaning() -> None:
    """No key of the config is left out of the table, none lacks its documentation."""
    rows = key_rows()
    shown = {row.key.strip("`").replace(".<id or name>", "") for row in rows}
    known = {place.path for place in places() if place.key != "color"}
    assert known <= {key.replace("channels[]", "channels") for key in shown} | shown
    assert [row.key for row in rows if not row.meaning or not row.values] == []


def test_needed_keys_are_marked() -> None:
    """Input is all a config needs."""
    needed = {row.key.strip("`") for row in key_rows() if row.default == "*needed*"}
    assert {key for key in needed if key.count(".") <= 1 and "layout" not in key} == {
        "acquisitions",
        "acquisitions[].path",
    }


def test_demo_config_loads_without_its_data() -> None:
    """The shipped config is valid, names the demo, and needs no data to load."""
    path = CONFIG / "config.yaml"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=config.schema.json"
    configs = load_configs(read_config(path), lambda path, form: None)
    demo = configs["demo"]
    assert (demo.output, demo.acquisitions[0].format) == ("demo/out", "cellvoyager")
    assert demo.acquisitions[0].path == ("demo/raw",)


def test_commented_keys_of_the_demo_are_valid() -> None:
    """Taking the comments away from the demo's optional keys leaves a valid config."""
    lines = (CONFIG / "config.yaml").read_text(encoding="utf-8").splitlines()[6:]
    text = "\n".join(re.sub(r"^(\s*)# ", r"\1", line) for line in lines)
    configs = load_configs(yaml.safe_load(text), lambda path, form: None)
    assert len(configs["demo"].acquisitions) == 2
    assert configs["demo"].acquisitions[0].filters


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("acquisitions: [{path: raw}]", True),
        ("plates: {P1: p1.yaml, P2: {path: raw}}", True),
        ("acquisitions: [{path: [a, b], format: my.parser:read}]", True),
        ("{acquisitions: [{path: a}], plate: {layout: {rows: 2, columns: 3}}}", True),
        ("{acquisitions: [{path: a}], omezarr: {chunks: {z_chunk: 3}}}", True),
        ("acquisitions: [{path: a, details: {channels: {A: {color: red}}}}]", True),
        ("output: results", False),
        ("acquisitions: [{path: a, format: cellvoyagr}]", False),
        ("{acquisitions: [{path: a}], plate: {layout: 97}}", False),
        ("{acquisitions: [{path: a}], omezarr: {chunks: {kind: fovs}}}", False),
        ("{acquisitions: [{path: a}], writing: {images_per_job: 0}}", False),
        ("acquisitions: [{path: a, details: {pixelsze: 1}}]", False),
    ],
)
def test_schema_tells_valid_from_wrong(text: str, valid: bool) -> None:
    """Editors that use the schema accept what the models accept."""
    assert VALIDATOR.is_valid(yaml.safe_load(text)) is valid


def test_schema_is_a_schema() -> None:
    """The schema itself keeps to JSON schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(config_schema())


def test_import_is_cheap() -> None:
    """Loading configs and cutting slices imports no array or table library."""
    code = (
        "import json, sys, tiles2zarr.config.load, tiles2zarr.config.slices;"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        check=True,
        text=True,
    )
    heavy = {
        "dask",
        "ngio",
        "numpy",
        "pandas",
        "scipy",
        "snakemake",
        "tifffile",
        "zarr",
    }
    assert heavy.isdisjoint(json.loads(done.stdout))
