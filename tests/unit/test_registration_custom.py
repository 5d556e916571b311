"""Registration steps of the user's own: called in order, and held to their word."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.registration_samples import corners, decided, grid, image, options
from tiles2zarr.config.registration import RegistrationStep
from tiles2zarr.errors import ExtensionError, RegistrationError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.registration import register_image
from tiles2zarr.registration.custom import apply_steps

MODULE = """
from tiles2zarr.errors import RegistrationError


def shift(image, options):
    dx = options["columns"]
    boxes = image.boxes.replace(x=tuple(x + dx for x in image.boxes.x))
    t, c, z, y, x = image.shape
    return image.replace(boxes=boxes, shape=(t, c, z, y, x + dx))


def double(image, options):
    boxes = image.boxes.replace(x=tuple(2 * x for x in image.boxes.x))
    t, c, z, y, x = image.shape
    return image.replace(boxes=boxes, shape=(t, c, z, y, 2 * x))


def nothing(image, options):
    pass


def elsewhere(image, options):
    place = image.collection.replace(column=7)
    return image.replace(collection=place)


def outside(image, options):
    axis, starts = options["axis"], options["start"]
    boxes = image.boxes
    moved = (starts, *getattr(boxes, axis)[1:])
    return image.replace(boxes=boxes.replace(**{axis: moved}))


def empty(image, options):
    boxes = image.boxes
    return image.replace(boxes=boxes.replace(len_y=(0, *boxes.len_y[1:])))


def reform(image, options):
    return image.replace(**options)


def broken(image, options):
    return 1 / 0


def refuse(image, options):
    raise RegistrationError("Not this one. Take another.")


def spoil(image, options):
    options["columns"] = 1000
    return image
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the name of a module of steps; it is forgotten afterwards."""
    (tmp_path / "my_t2z_steps.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_t2z_steps"
    sys.modules.pop("my_t2z_steps", None)


def _image(*steps: RegistrationStep) -> RegisteredImage:
    return register_image(
        image(grid(1, 2)), decided(), options(), dtype="uint16", steps=steps
    )


def _step(function: str, **settings: object) -> RegistrationStep:
    return RegistrationStep.model_validate({"function": function, "options": settings})


def _message(*steps: RegistrationStep) -> str:
    with pytest.raises(ExtensionError) as error:
        _image(*steps)
    return str(error.value)


def test_steps_run_in_order(module: str) -> None:
    """Shifting by 5 and doubling is not doubling and shifting by 5."""
    shift, double = _step(f"{module}:shift", columns=5), _step(f"{module}:double")
    one, other = _image(shift, double), _image(double, shift)
    assert (one.boxes.x, one.shape[4]) == ((10, 70), 130)
    assert (other.boxes.x, other.shape[4]) == ((5, 65), 125)


def test_no_steps_change_nothing(module: str) -> None:
    """Without steps the image comes back as it was, and steps leave it alone."""
    before = _image()
    assert apply_steps(before, ()) == before
    apply_steps(before, [_step(f"{module}:shift", columns=5)])
    assert before == _image()
    assert corners(before) == {"r0c0": (0, 0), "r0c1": (0, 30)}


def test_a_step_cannot_change_its_options(module: str) -> None:
    """Each call gets the options of the config anew."""
    spoil = _step(f"{module}:spoil", columns=5)
    _image(spoil)
    assert dict(spoil.options) == {"columns": 5}


def test_a_step_must_return_an_image(module: str) -> None:
    """A step that forgets to return is told what to return."""
    assert _message(_step(f"{module}:nothing")) == (
        "Registration step 'my_t2z_steps:nothing' returned NoneType, expected a "
        "RegisteredImage. Return image.replace(...)."
    )


def test_a_step_may_not_move_an_image_to_another_place(module: str) -> None:
    """Where an image goes was planned: two could meet there."""
    assert _message(_step(f"{module}:elsewhere")) == (
        "Registration step 'my_t2z_steps:elsewhere' moved image B/03/0 to B/07/0. A "
        "step may not change where an image goes."
    )


@pytest.mark.parametrize(
    ("axis", "start", "ends"),
    [
        ("x", -1, "x -1 to 29 of image B/03/0, outside of 0 to 60"),
        ("x", 31, "x 31 to 61 of image B/03/0, outside of 0 to 60"),
        ("y", 1, "y 1 to 21 of image B/03/0, outside of 0 to 20"),
        ("z", 1, "z 1 to 2 of image B/03/0, outside of 0 to 1"),
        ("c", 1, "c 1 to 2 of image B/03/0, outside of 0 to 1"),
        ("t", -1, "t -1 to 0 of image B/03/0, outside of 0 to 1"),
    ],
)
def test_boxes_must_lie_in_the_image(
    module: str, axis: str, start: int, ends: str
) -> None:
    """A box outside of the shape names its file, its place and the shape."""
    assert _message(_step(f"{module}:outside", axis=axis, start=start)) == (
        "Registration step 'my_t2z_steps:outside' put r0c0_c0_z0.0_t0.0.tif at "
        f"{ends}. Change the shape with the boxes."
    )


def test_boxes_must_hold_pixels(module: str) -> None:
    """A box without rows is outside of every image."""
    assert _message(_step(f"{module}:empty")) == (
        "Registration step 'my_t2z_steps:empty' put r0c0_c0_z0.0_t0.0.tif at y 0 to 0 "
        "of image B/03/0, outside of 0 to 20. Change the shape with the boxes."
    )


def test_a_step_that_fails_is_named(module: str) -> None:
    """Whatever it raised is told with the function's name, and chained."""
    with pytest.raises(ExtensionError) as error:
        _image(_step(f"{module}:broken"))
    assert str(error.value) == (
        "Function 'my_t2z_steps:broken' failed: ZeroDivisionError: division by zero. "
        "Correct the function or its options."
    )
    assert isinstance(error.value.__cause__, ZeroDivisionError)


def test_a_step_may_refuse_an_image(module: str) -> None:
    """An error of the package's own family is passed on as it is."""
    with pytest.raises(RegistrationError) as error:
        _image(_step(f"{module}:refuse"))
    assert str(error.value) == "Not this one. Take another."


def test_a_step_that_does_not_exist(module: str) -> None:
    """A misspelled name is told with the nearest one."""
    assert "Did you mean my_t2z_steps:double?" in _message(_step(f"{module}:dubble"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"shape": (1, 1, 1, 6, 60), "levels": 4},
            "made image B/03/0 6 x 60 pixels, too small for its 4 pyramid levels (at "
            "most 3). Return image.replace(shape=..., levels=3).",
        ),
        (
            {"shape": (1, 2, 1, 20, 60)},
            "gave image B/03/0 2 channels in shape, 1 in channels. Change both.",
        ),
        (
            {"axes": "yx", "shape": (1, 1, 3, 20, 60)},
            "gave image B/03/0 the axes yx, but its shape has more than one entry "
            "along z. Keep the axes.",
        ),
    ],
    ids=["levels", "channels", "axes"],
)
def test_a_step_returns_what_can_be_written(
    module: str, changes: dict[str, object], told: str
) -> None:
    """A shape that does not go with levels, channels or axes is refused."""
    step = _step(f"{module}:reform", **changes)
    assert _message(step) == f"Registration step 'my_t2z_steps:reform' {told}"
