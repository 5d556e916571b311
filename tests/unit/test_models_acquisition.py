"""Channels, axes and spacings of an acquisition."""

import pytest
from pydantic import ValidationError

from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("00ff7f", "00FF7F"),
        ("#00FF7F", "00FF7F"),
        (" #0f7 ", "00FF77"),
        ("green", "00FF00"),
        ("Violet", "8F00FF"),
    ],
)
def test_colours_become_six_hex_digits(color: str, expected: str) -> None:
    """Hex digits with or without ``#``, short ones and names are accepted."""
    assert ChannelInfo(channel_label="x", colors=color).colors == expected


@pytest.mark.parametrize("color", ["greenish", "12345", "00FF00FF", "#", "0x00FF00"])
def test_what_is_no_colour(color: str) -> None:
    """Other words and other numbers of digits are refused."""
    with pytest.raises(ValidationError, match="color"):
        ChannelInfo(channel_label="x", colors=color)


def test_color_is_accepted_beside_colors() -> None:
    """Both spellings of the key mean the same field."""
    one = ChannelInfo.model_validate({"channel_label": "x", "color": "FF0000"})
    other = ChannelInfo.model_validate({"channel_label": "x", "colors": "FF0000"})
    assert one == other


def test_unquoted_numbers_are_names() -> None:
    """YAML reads 405 as a number; as a channel's name it is text."""
    channel = ChannelInfo.model_validate({"channel_label": 405, "wavelength_id": 405})
    assert (channel.channel_label, channel.wavelength_id) == ("405", "405")


def test_a_truth_value_is_no_name() -> None:
    """YAML reads ``on`` as true; the word that was meant is lost."""
    with pytest.raises(ValidationError, match="channel_label"):
        ChannelInfo.model_validate({"channel_label": True})


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ("yx", "yx"),
        ("zyx", "zyx"),
        ("tczyx", "tczyx"),
        (["c", "y", "x"], "cyx"),
        (None, None),
    ],
    ids=str,
)
def test_axes(axes: object, expected: str | None) -> None:
    """Axes are a subset of tczyx with y and x."""
    assert AcquisitionDetails.model_validate({"axes": axes}).axes == expected


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("xy", "axes 'xy' must be in the order tczyx, each once"),
        ("yyx", "axes 'yyx' must be in the order tczyx, each once"),
        ("zcyx", "axes 'zcyx' must be in the order tczyx, each once"),
        ("czy", "axes 'czy' must hold y and x"),
        ("", "axes '' must hold y and x"),
        ("cZYX", "axes 'cZYX' must be made of the letters tczyx"),
        (3, "axes 3 must be made of the letters tczyx"),
    ],
    ids=repr,
)
def test_what_are_no_axes(axes: object, message: str) -> None:
    """Other letters, another order and missing y or x are told."""
    with pytest.raises(ValidationError) as error:
        AcquisitionDetails.model_validate({"axes": axes})
    assert error.value.errors()[0]["msg"] == f"Value error, {message}"


@pytest.mark.parametrize("name", ["pixelsize", "z_spacing", "t_spacing"])
@pytest.mark.parametrize(
    "value", [0, -1.5, float("nan"), float("inf")], ids=["zero", "below", "nan", "inf"]
)
def test_spacings_are_positive_and_finite(name: str, value: float) -> None:
    """A spacing of 0, below 0, or no number would scale every position to nonsense."""
    with pytest.raises(ValidationError, match=name):
        AcquisitionDetails.model_validate({name: value})


def test_replace_validates() -> None:
    """A change is checked like a new model, and the old one stays."""
    details = AcquisitionDetails(pixelsize=0.65)
    assert details.replace(z_spacing=2).z_spacing == 2.0
    assert details.z_spacing == 1.0
    with pytest.raises(ValidationError, match="pixelsize"):
        details.replace(pixelsize=-1)
    with pytest.raises(ValidationError, match="pixel_size"):
        details.replace(pixel_size=2)


def test_start_units_differ_per_axis() -> None:
    """Starts are world and lengths pixels unless stated, axis by axis."""
    details = AcquisitionDetails(start_z_coo="pixel", length_y_coo="world")
    assert (details.start_x_coo, details.start_z_coo) == ("world", "pixel")
    assert (details.length_x_coo, details.length_y_coo) == ("pixel", "world")
    with pytest.raises(ValidationError, match="start_x_coo"):
        AcquisitionDetails.model_validate({"start_x_coo": "micrometer"})
