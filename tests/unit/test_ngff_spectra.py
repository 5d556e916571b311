"""Names of dyes, words for transmitted light and wavelengths, matched as a whole."""

import pytest

from tiles2zarr.ngff.spectra import (
    BLUE,
    CYAN,
    GREEN,
    GREY,
    MAGENTA,
    NAMES,
    ORANGE,
    PURPLE,
    RED,
    TRANSMITTED,
    YELLOW,
    Kind,
    dye_color,
    find_wavelength,
    is_transmitted,
    wavelength_color,
    words_of,
)

DYES = {
    "DAPI": BLUE,
    "Hoechst 33342": BLUE,
    "ECFP": CYAN,
    "GFP": GREEN,
    "sfGFP": GREEN,
    "FITC": GREEN,
    "Alexa Fluor 488": GREEN,
    "AF488": GREEN,
    "YFP": YELLOW,
    "TRITC": ORANGE,
    "Cy3": ORANGE,
    "tdTomato": ORANGE,
    "RFP": RED,
    "mCherry": RED,
    "Texas Red": RED,
    "Cy3.5": RED,
    "Alexa Fluor 568": RED,
    "AF594": RED,
    "Cy5": MAGENTA,
    "Cy5.5": MAGENTA,
    "SiR-DNA": MAGENTA,
    "Alexa-647": MAGENTA,
    "HCS NuclearMask Deep Red": MAGENTA,
    "Cy7": PURPLE,
    "Qdot 605": RED,
}


@pytest.mark.parametrize(("label", "color"), DYES.items(), ids=DYES)
def test_dye_has_the_color_people_expect(label: str, color: str) -> None:
    """A fluorophore is found in its usual spellings, in any case."""
    assert dye_color(label) == color
    assert dye_color(label.upper()) == color
    assert dye_color(f"1: {label.lower()} (60x)") == color


@pytest.mark.parametrize(
    "label",
    ["", "channel_0", "BF", "GFPX", "xDAPI", "TRITON", "Red1", "cherries", "A01_C01"],
)
def test_similar_spelling_is_no_dye(label: str) -> None:
    """A word that only resembles a dye has no colour of its own."""
    assert dye_color(label) is None


def test_no_name_has_two_colors() -> None:
    """Every dye stands under one colour, and none is a word for transmitted light."""
    names = [name for listed in NAMES.values() for name in listed.split()]
    assert len(names) == len(set(names))
    assert not TRANSMITTED & set(names)


@pytest.mark.parametrize(
    "label", ["BF", "Brightfield", "Bright Field", "TL-DIC", "Phase contrast", "trans."]
)
def test_transmitted_light_is_recognised(label: str) -> None:
    """Transmitted light is known by whole words, joined or apart."""
    assert is_transmitted(label)


@pytest.mark.parametrize("label", ["BFP", "DAPI", "transgene", "phases", "dice"])
def test_fluorescence_is_not_transmitted(label: str) -> None:
    """Words that only begin like transmitted light are none."""
    assert not is_transmitted(label)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("405", (405, "unknown")),
        ("561 nm", (561, "unknown")),
        ("561nm", (561, "unknown")),
        ("Ex 488", (488, "excitation")),
        ("ex488", (488, "excitation")),
        ("Laser 640", (640, "excitation")),
        ("BP525/50", (525, "emission")),
        ("Emission: 600", (600, "emission")),
        ("AF647", (647, "excitation")),
        ("Qdot655", (655, "emission")),
        ("60x water 405", (405, "unknown")),
        ("340", (340, "unknown")),
        ("900", (900, "unknown")),
    ],
)
def test_wavelength_is_found(text: str, found: tuple[int, Kind]) -> None:
    """A whole number of 340 to 900 is a wavelength, its prefix tells which one."""
    assert find_wavelength(text) == found


@pytest.mark.parametrize("text", ["", "A01_C01", "channel_2", "339", "901", "4051"])
def test_other_numbers_are_no_wavelengths(text: str) -> None:
    """Numbers of wells, channels and those out of range are no wavelengths."""
    assert find_wavelength(text) is None


@pytest.mark.parametrize(
    ("nanometer", "kind", "color"),
    [
        (405, "excitation", BLUE),
        (445, "excitation", CYAN),
        (488, "excitation", GREEN),
        (514, "excitation", YELLOW),
        (555, "excitation", ORANGE),
        (561, "excitation", RED),
        (640, "excitation", MAGENTA),
        (730, "excitation", PURPLE),
        (450, "emission", BLUE),
        (525, "emission", GREEN),
        (570, "emission", ORANGE),
        (610, "emission", RED),
        (670, "emission", MAGENTA),
        (405, "unknown", BLUE),
        (450, "unknown", BLUE),
        (488, "unknown", GREEN),
        (561, "unknown", RED),
        (640, "unknown", MAGENTA),
    ],
)
def test_wavelength_has_the_usual_color(nanometer: int, kind: Kind, color: str) -> None:
    """The usual lasers and filters get the colours of the dyes seen with them."""
    assert wavelength_color(nanometer, kind) == color


def test_longer_waves_never_go_back_in_the_spectrum() -> None:
    """The colours follow one another from blue to purple, each once."""
    order = [BLUE, CYAN, GREEN, YELLOW, ORANGE, RED, MAGENTA, PURPLE]
    kinds: tuple[Kind, ...] = ("excitation", "emission", "unknown")
    for kind in kinds:
        colors = [wavelength_color(nm, kind) for nm in range(340, 901)]
        assert list(dict.fromkeys(colors)) == order
        assert colors == sorted(colors, key=order.index)


def test_words_are_lower_case_letters_and_digits() -> None:
    """Everything but letters and digits separates words."""
    assert words_of("SiR-DNA_2 (µ)") == ["sir", "dna", "2"]


def test_grey_is_no_color_of_a_dye() -> None:
    """Grey is kept for transmitted light."""
    assert GREY not in NAMES
