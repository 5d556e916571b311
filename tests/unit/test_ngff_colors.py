"""Channels as viewers show them: unique names, expected colours."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.ngff.colors import PALETTE, display_channels
from tiles2zarr.ngff.spectra import (
    BLUE,
    CYAN,
    GREEN,
    GREY,
    MAGENTA,
    ORANGE,
    RED,
)


def channels(*labels: str | tuple[str, str]) -> tuple[ChannelInfo, ...]:
    """Return channels from labels, or from labels and wavelength ids."""
    pairs = [(label, None) if isinstance(label, str) else label for label in labels]
    return tuple(ChannelInfo(channel_label=a, wavelength_id=b) for a, b in pairs)


def colors(*labels: str | tuple[str, str]) -> list[str | None]:
    """Return the colours shown for channels."""
    return [channel.colors for channel in display_channels(channels(*labels))]


def test_w17_brightfield_is_not_cyan() -> None:
    """Transmitted light is grey, also beside fluorescence and more than once."""
    assert colors("BF") == [GREY]
    assert colors("DAPI", "BF", "Phase contrast") == [BLUE, GREY, GREY]


def test_w17_tritc_is_not_green() -> None:
    """TRITC is orange: no letters shared with FITC make it green."""
    assert colors("TRITC") == [ORANGE]
    assert colors("FITC", "TRITC") == [GREEN, ORANGE]


def test_w17_label_405_is_not_red() -> None:
    """A label that is a wavelength has the colour of that wavelength."""
    assert colors("405") == [BLUE]
    assert colors("405", "488", "561", "640") == [BLUE, GREEN, RED, MAGENTA]


def test_w17_unknown_labels_take_the_palette_in_order() -> None:
    """Labels that say nothing get distinct colours, the same ones every time."""
    assert colors("channel_0", "channel_1", "channel_2") == list(PALETTE[:3])


def test_label_wins_over_wavelength_id() -> None:
    """The dye decides before the wavelength; a wavelength id decides if it is alone."""
    assert colors(("mCherry", "488")) == [RED]
    assert colors(("BF", "561")) == [GREY]
    assert colors(("nuclei", "405")) == [BLUE]
    assert colors(("nuclei", "DAPI")) == [BLUE]
    assert colors(("nuclei", "A01_C01")) == [CYAN]


def test_given_color_stays() -> None:
    """A colour from the config is kept, and nobody else gets it."""
    given_color = ChannelInfo(channel_label="TRITC", colors=GREEN)
    shown = display_channels((*channels("GFP"), given_color))
    assert shown[1].colors == GREEN
    assert shown[0].colors == CYAN, "GFP yields: its green is given away"


def test_two_dyes_of_one_color_are_told_apart() -> None:
    """The first of two orange dyes is orange, the second another colour."""
    assert colors("TRITC", "Cy3") == [ORANGE, CYAN]


def test_expected_colors_come_before_the_palette() -> None:
    """A nameless channel does not take the colour a later dye is known by."""
    assert colors("channel_0", "ECFP") == [MAGENTA, CYAN]


def test_palette_is_long_and_distinct() -> None:
    """Twelve nameless channels look different; more of them repeat the palette."""
    assert len(set(PALETTE)) == len(PALETTE) == 12
    names = [f"channel_{n}" for n in range(15)]
    shown = colors(*names)
    assert shown[:12] == list(PALETTE)
    assert set(shown[12:]) <= set(PALETTE)


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        pytest.param([("GFP", "488"), ("GFP", "470")], ["GFP_488", "GFP_470"], id="wl"),
        pytest.param(["GFP", "GFP", "GFP"], ["GFP", "GFP_2", "GFP_3"], id="number"),
        pytest.param(
            [("GFP", "488"), ("GFP", "488")], ["GFP", "GFP_2"], id="same wavelength"
        ),
        pytest.param([("GFP", "488"), "GFP"], ["GFP", "GFP_2"], id="one unknown"),
        pytest.param(["GFP", "GFP", "GFP_2"], ["GFP", "GFP_3", "GFP_2"], id="taken"),
        pytest.param(
            [("GFP", "488"), ("RFP", "488")], ["GFP", "RFP"], id="unique already"
        ),
        pytest.param(
            [("A", "1"), ("A", "2"), ("A_1", "3")], ["A_1", "A_2", "A_1_2"], id="clash"
        ),
    ],
)
def test_labels_become_unique(
    given: list[str | tuple[str, str]], labels: list[str]
) -> None:
    """Equal labels are told apart by wavelength where that is possible, else by _2."""
    shown = display_channels(channels(*given))
    assert [channel.channel_label for channel in shown] == labels


@pytest.mark.parametrize(
    ("given", "wavelengths"),
    [
        pytest.param([("DAPI", "405")], ["405"], id="given"),
        pytest.param(["Ex 488", "561 nm"], ["488", "561"], id="in the label"),
        pytest.param(["AF647"], ["647"], id="dye"),
        pytest.param(["DAPI", "BF"], ["DAPI", "BF"], id="label"),
        pytest.param([("GFP", "488"), ("RFP", "488")], ["488", "488_2"], id="twice"),
        pytest.param(["GFP", "GFP"], ["GFP", "GFP_2"], id="labels twice"),
    ],
)
def test_wavelength_ids_become_unique(
    given: list[str | tuple[str, str]], wavelengths: list[str]
) -> None:
    """The id is the given one, else the number in the label, else the label."""
    shown = display_channels(channels(*given))
    assert [channel.wavelength_id for channel in shown] == wavelengths


WORDS = st.sampled_from(
    ["DAPI", "GFP", "GFP_2", "GFP_488", "FITC", "BF", "405", "488", "channel_0", "_2"]
)
CHANNELS = st.lists(
    st.builds(
        ChannelInfo,
        channel_label=WORDS,
        wavelength_id=st.none() | WORDS,
        colors=st.none() | st.sampled_from([GREEN, "FFFFFF"]),
    ),
    max_size=8,
).map(tuple)


@given(CHANNELS)
def test_shown_channels_are_complete_and_unique(given: tuple[ChannelInfo, ...]) -> None:
    """No two channels share a label or a wavelength id, and all have a colour."""
    shown = display_channels(given)
    assert len(shown) == len(given)
    assert len({channel.channel_label for channel in shown}) == len(given)
    assert len({channel.wavelength_id for channel in shown}) == len(given)
    for before, after in zip(given, shown, strict=True):
        assert after.channel_label.startswith(before.channel_label)
        assert after.colors is not None
        assert before.colors in (None, after.colors)


@given(CHANNELS)
def test_fluorescence_colors_differ(given: tuple[ChannelInfo, ...]) -> None:
    """Of two channels in one colour both are grey, or both were given that colour."""
    shown = display_channels(given)
    for (a, b), (p, q) in zip(
        combinations(shown, 2), combinations(given, 2), strict=True
    ):
        if a.colors == b.colors and a.colors != GREY:
            assert p.colors == q.colors == a.colors


@given(CHANNELS)
def test_shown_channels_are_shown_as_they_are(given: tuple[ChannelInfo, ...]) -> None:
    """Applied to its own result nothing changes, so wells agree with the plate."""
    shown = display_channels(given)
    assert display_channels(shown) == shown


def test_channel_looks_the_same_without_its_neighbours() -> None:
    """A well that lacks a channel shows the others as every well does."""
    shown = display_channels(channels("channel_0", "GFP", "channel_2"))
    assert display_channels(shown[1:]) == shown[1:]
