"""The manifest: what the platform is told of the tasks."""

import json
from collections.abc import Iterator, ValuesView
from importlib import import_module
from pathlib import Path

import pytest

from tests.fractal.platform import MANIFEST, PACKAGE, manifest_tasks
from tiles2zarr.config.acquisition import FORMATS

TASKS = manifest_tasks()


def test_the_manifest_is_what_the_models_say() -> None:
    """Generating the manifest again gives the file as it is."""
    pytest.importorskip("fractal_task_tools")
    from fractal_task_tools._create_manifest import create_manifest

    made = create_manifest(
        raw_package_name="tiles2zarr", task_list_path="fractal.task_list"
    )
    assert json.loads(json.dumps(made)) == json.loads(MANIFEST.read_text())


def test_every_format_has_a_task() -> None:
    """There is a task for every format of the config, and one for single images."""
    inits = {str(task["executable_non_parallel"]) for task in TASKS.values()}
    names = [*FORMATS, "single_images"]
    assert inits == {f"fractal/tasks/convert_{name}_init.py" for name in names}


def test_all_tasks_share_one_compute_task() -> None:
    """An image is computed by one executable, whatever it was made from."""
    computes = {task["executable_parallel"] for task in TASKS.values()}
    assert computes == {"fractal/tasks/convert_image_compute.py"}


@pytest.mark.parametrize("name", TASKS)
def test_executables_hold_the_function_of_their_name(name: str) -> None:
    """The platform finds file and function, and shows a text on each argument."""
    for kind in ("non_parallel", "parallel"):
        path = Path(str(TASKS[name][f"executable_{kind}"]))
        assert (PACKAGE / path).is_file()
        module = import_module(f"tiles2zarr.{'.'.join(path.with_suffix('').parts)}")
        assert callable(getattr(module, path.stem))
        schema = TASKS[name][f"args_schema_{kind}"]
        assert isinstance(schema, dict)
        described = [field["description"] for field in schema["properties"].values()]
        assert all(text and "Missing" not in text for text in described)


def test_a_form_offers_what_the_models_take() -> None:
    """Words and numbers are text in a form, and the types of pixels a closed list."""
    schema = TASKS["Convert Tile Table to OME-Zarr"]["args_schema_non_parallel"]
    assert isinstance(schema, dict)
    defined = schema["$defs"]
    options = defined["ConverterOptions"]["properties"]
    assert options["tiling_tolerance"]["type"] == "string"
    assert options["tiling_tolerance"]["default"] == "auto"
    kinds = defined["AcquisitionOptions"]["properties"]["data_type"]
    assert kinds["default"] == "autodetect"
    assert kinds["enum"][:3] == ["autodetect", "uint8", "uint16"]


def entries(value: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield name and schema of every field in a schema, those inside others too."""
    if isinstance(value, dict):
        fields = value.get("properties", {})
        yield from fields.items() if isinstance(fields, dict) else ()
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, list | ValuesView):
        for part in inner:
            yield from entries(part)


@pytest.mark.parametrize("name", TASKS)
def test_every_field_of_a_form_has_a_plain_text(name: str) -> None:
    """Fields inside others too; no marks of code, breaks or names of functions."""
    for kind in ("non_parallel", "parallel"):
        schema = TASKS[name][f"args_schema_{kind}"]
        assert isinstance(schema, dict)
        defined = schema["$defs"]
        fields = list(entries(schema))
        assert len(fields) > 3
        for field, told in fields:
            shared = defined.get(str(told.get("$ref", "")).rpartition("/")[2], {})
            text = told.get("description") or shared.get("description")
            assert text, field
            assert not {"`", "\n"} & {*str(text)}, field
            assert "of the details" not in str(text), field
