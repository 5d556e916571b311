"""Functions of the user's: found by name, and told apart from what is not one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiles2zarr.errors import ExtensionError, SourceError
from tiles2zarr.extension import add_paths, call_function, load_function

MODULE = """
import math

class Keep:
    pass

def keep_even(a, b):
    return a + b

limit = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder of user modules; what was imported is forgotten afterwards."""
    path, modules = list(sys.path), set(sys.modules)
    (tmp_path / "my_t2z.py").write_text(MODULE)
    (tmp_path / "my_t2z_broken.py").write_text("1 / 0\n")
    (tmp_path / "my_t2z_needy.py").write_text("import no_such_library.part\n")
    (tmp_path / "my_t2z_text.py").write_text("def f(:\n")
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_a_function_in_an_added_folder_is_found(folder: Path) -> None:
    """Folders come last on the path, each once, and their modules are importable."""
    add_paths([str(folder), str(folder)])
    assert sys.path[-1] == str(folder)
    assert sys.path.count(str(folder)) == 1
    function = load_function("my_t2z:keep_even")
    assert call_function("my_t2z:keep_even", function, 2, 3) == 5


def test_a_relative_folder_starts_from_the_working_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is added is absolute: a job that changes its folder finds it too."""
    monkeypatch.chdir(folder.parent)
    add_paths([folder.name])
    assert sys.path[-1] == str(folder)


def test_a_users_module_does_not_hide_an_installed_one(folder: Path) -> None:
    """A user's ``json.py`` is not what others import."""
    (folder / "json.py").write_text("raise RuntimeError\n")
    add_paths([str(folder)])
    assert load_function("json:dumps")([1]) == "[1]"


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    """The message names the folder as written and where it was looked for."""
    missing = str(tmp_path / "nowhere")
    with pytest.raises(ExtensionError) as error:
        add_paths([missing])
    assert str(error.value) == (
        f"Extension folder {missing!r} does not exist (looked at {missing}). Correct "
        "`extensions:` in the config; paths are relative to the working directory."
    )


@pytest.mark.parametrize("name", ["my_t2z", "my_t2z:", ":keep_even", "", ":"])
def test_names_of_another_form(name: str) -> None:
    """A module, a colon and a function are needed."""
    with pytest.raises(ExtensionError) as error:
        load_function(name)
    assert str(error.value) == (
        f"Function {name!r} is not named as package.module:function. Write the module, "
        "a colon and the function, e.g. 'my_filters:keep_even'."
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "my_t2z:keep_evens",
            "Function 'my_t2z:keep_evens' does not exist in {folder}/my_t2z.py. Did "
            "you mean my_t2z:keep_even?",
        ),
        (
            "my_t2z:xyz",
            "Function 'my_t2z:xyz' does not exist in {folder}/my_t2z.py. Correct the "
            "name.",
        ),
        (
            "my_t2z:limit",
            "Function 'my_t2z:limit' is not a function in {folder}/my_t2z.py. Correct "
            "the name.",
        ),
        (
            "my_t2y:keep_even",
            "Module 'my_t2y' of function 'my_t2y:keep_even' is not found. Put the "
            "folder that holds it in `extensions:` of the config, or install it.",
        ),
        (
            "my_t2z.part:keep_even",
            "Module 'my_t2z.part' of function 'my_t2z.part:keep_even' is not found. "
            "Put the folder that holds it in `extensions:` of the config, or install "
            "it.",
        ),
        (
            "my_t2z_needy:f",
            "Module 'my_t2z_needy' of function 'my_t2z_needy:f' needs "
            "'no_such_library', which is not found. Install it in the environment of "
            "the workflow.",
        ),
        (
            "my_t2z_broken:f",
            "Module 'my_t2z_broken' of function 'my_t2z_broken:f' fails when imported: "
            "ZeroDivisionError: division by zero. Correct the module.",
        ),
    ],
    ids=["nearly", "absent", "no function", "no module", "no part", "needs", "broken"],
)
def test_functions_that_cannot_be_had(folder: Path, name: str, message: str) -> None:
    """Absent modules, absent functions and faults inside a module are told apart."""
    add_paths([str(folder)])
    with pytest.raises(ExtensionError) as error:
        load_function(name)
    assert str(error.value) == message.format(folder=folder)


def test_a_module_that_is_no_python(folder: Path) -> None:
    """A slip of the pen in a user's module is told with the module."""
    add_paths([str(folder)])
    message = r"^Module 'my_t2z_text' of function 'my_t2z_text:f' fails when imported"
    with pytest.raises(ExtensionError, match=message) as error:
        load_function("my_t2z_text:f")
    assert isinstance(error.value.__cause__, SyntaxError)


def test_a_function_that_fails() -> None:
    """What a user's function raises is told with its name, and kept as the cause."""

    def fail(value: object) -> object:
        raise KeyError(value)

    with pytest.raises(ExtensionError) as error:
        call_function("my:fail", fail, "well")
    assert str(error.value) == (
        "Function 'my:fail' failed: KeyError: 'well'. Correct the function or its "
        "options."
    )
    assert isinstance(error.value.__cause__, KeyError)


def test_errors_of_the_package_pass() -> None:
    """A user's function that calls the package's own gets its errors through."""

    def fail() -> object:
        raise SourceError("a.tif cannot be read. Copy it again.")

    with pytest.raises(SourceError, match=r"^a\.tif cannot be read"):
        call_function("my:fail", fail)
