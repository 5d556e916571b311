"""Fluorophores, wavelengths and the colours people expect for them.

Everything is matched by whole words or whole numbers: a similar spelling is no match,
because a wrong colour misleads more than a neutral one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

Kind = Literal["excitation", "emission", "unknown"]
"""Which of the two wavelengths of a channel a number is."""

BLUE, CYAN, GREEN, YELLOW = "0000FF", "00FFFF", "00FF00", "FFFF00"
ORANGE, RED, MAGENTA, PURPLE = "FF8000", "FF0000", "FF00FF", "8000FF"
GREY = "808080"
"""Transmitted light: visible below the fluorescence in an additive overlay."""

NAMES: Mapping[str, str] = {
    BLUE: """dapi hoechst hoechst33258 hoechst33342 hoechst34580 bfp ebfp ebfp2 tagbfp
        mtagbfp mtagbfp2 azurite pacificblue cascadeblue marinablue amca coumarin
        nucblue sytoxblue celltraceviolet calceinblue fura2 indo1 blue uv violet""",
    CYAN: """cfp ecfp cerulean mcerulean mcerulean3 mturquoise mturquoise2 turquoise
        mtfp mtfp1 aquamarine cyan aqua""",
    GREEN: """gfp egfp sfgfp emgfp pagfp acgfp zsgreen copgfp turbogfp mneongreen
        neongreen mclover mclover3 clover mwasabi mstaygold staygold mgreenlantern
        fitc fluorescein fam 6fam cy2 oregongreen bodipyfl calcein calceinam fluo3
        fluo4 gcamp gcamp6 gcamp6f gcamp6s gcamp7 gcamp8 sytoxgreen sybrgreen syto9
        lysotrackergreen mitotrackergreen cellmaskgreen picogreen yoyo1 green""",
    YELLOW: """yfp eyfp venus mvenus citrine mcitrine ypet syfp2 topaz mbanana
        luciferyellow yellow""",
    ORANGE: """cy3 cy3b tritc rhodamine tamra rhodaminephalloidin r6g phycoerythrin
        tdtomato dtomato morange morange2 mko mko2 kusabiraorange dsred dsred2
        dsredexpress mapple dii syto14 tmrm tmre tmr celltrackerorange sytoxorange
        orange""",
    RED: """rfp tagrfp mrfp mrfp1 turborfp mcherry mcherry2 mscarlet mscarleti mscarlet3
        mruby mruby2 mruby3 mstrawberry mkate mkate2 katushka mplum fusionred texasred
        cy35 propidiumiodide pi sulforhodamine lissamine nilered mitosox rox jred
        rhod2 alizarin red""",
    MAGENTA: """cy5 cy55 apc allophycocyanin draq5 draq7 toto3 topro3 sir sirdna
        sirtubulin siractin sirhalo spydna650 irfp irfp670 mirfp670 emirfp670 mcardinal
        mgarnet
        deepred farred mitotrackerdeepred cellmaskdeepred celltrackerdeepred
        hcsnuclearmaskdeepred magenta""",
    PURPLE: """cy7 cy75 irfp713 irfp720 mirfp720 icg indocyaninegreen nir infrared ir
        purple""",
}
"""Colour to the names that get it, in lower case without separators."""

_TRANSMITTED = """bf brightfield bright trans transmitted transmission transmittedlight
    tl tpmt tlbf phase phasecontrast digitalphase digitalphasecontrast dpc ph ph1 ph2
    ph3 dic nomarski oblique whitelight white halogen gray grey"""
TRANSMITTED = frozenset(_TRANSMITTED.split())
"""Words for transmitted light, in lower case without separators."""

_COLORS = {name: color for color, names in NAMES.items() for name in names.split()}
_EXCITED_AT = re.compile(
    r"(?:alexafluor|alexa|af|atto|dylight|janeliafluor|jf|cf|abberiorstar|star|dy"
    r"|hilytefluor|hilyte|irdye|vio)(\d{3})(?:a|n|p|r|rx|plus)?"
)
_EMITS_AT = re.compile(r"(?:qdot|qd|bv|brilliantviolet)(\d{3})")
_NUMBER = re.compile(
    r"(ex|exc|laser|led|em|bp|lp|ch|c|w)?(\d{3,4})(?:nm)?(?:ex|exc|em)?"
)
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("ex", "exc", "excitation", "laser", "led"), "excitation"),
    **dict.fromkeys(("em", "emission", "bp", "lp"), "emission"),
}
_SHORTEST_NM, _LONGEST_NM = 340, 900
_LONGEST_NAME = 4
"""Words a name is made of at most (``HCS NuclearMask Deep Red``)."""

_BOUNDS: Mapping[Kind, tuple[int, ...]] = {
    "excitation": (425, 461, 506, 536, 559, 616, 711),
    "emission": (480, 500, 540, 565, 585, 650, 720),
    # a bare number may be either: 450 and 525 are filters, 470 and 561 are sources
    "unknown": (461, 470, 532, 546, 559, 633, 720),
}
"""First wavelength of the next colour, from blue on, nm."""
_SPECTRUM = (BLUE, CYAN, GREEN, YELLOW, ORANGE, RED, MAGENTA, PURPLE)


def words_of(text: str) -> list[str]:
    """Return the lower-case runs of letters and digits in ``text``."""
    return re.findall(r"[0-9a-z]+", text.casefold())


def _names_in(text: str) -> Iterator[str]:
    """Yield all runs of neighbouring words joined, the longest first."""
    words = words_of(text)
    for count in range(min(_LONGEST_NAME, len(words)), 0, -1):
        for first in range(len(words) - count + 1):
            yield "".join(words[first : first + count])


def dye_color(text: str) -> str | None:
    """Return the colour of the fluorophore (or colour word) named in ``text``."""
    for name in _names_in(text):
        if name in _COLORS:
            return _COLORS[name]
        if found := _EXCITED_AT.fullmatch(name):
            return wavelength_color(int(found[1]), "excitation")
        if found := _EMITS_AT.fullmatch(name):
            return wavelength_color(int(found[1]), "emission")
    return None


def is_transmitted(text: str) -> bool:
    """Say whether ``text`` names transmitted light (brightfield, phase, DIC ...)."""
    return any(name in TRANSMITTED for name in _names_in(text))


def find_wavelength(text: str) -> tuple[int, Kind] | None:
    """Return the first wavelength in ``text`` in nm, and which one it is.

    Whole numbers of 340 to 900 count (``405``, ``561 nm``, ``Ex 488``, ``BP525/50``),
    and the number of a dye family (``AF647``); ``A01_C01`` holds none.
    """
    words = words_of(text)
    for previous, word in zip(["", *words], words, strict=False):
        found = _NUMBER.fullmatch(word)
        if found and _SHORTEST_NM <= int(found[2]) <= _LONGEST_NM:
            return int(found[2]), _KINDS.get(found[1] or previous, "unknown")
    for name in _names_in(text):
        if found := _EXCITED_AT.fullmatch(name):
            return int(found[1]), "excitation"
        if found := _EMITS_AT.fullmatch(name):
            return int(found[1]), "emission"
    return None


def wavelength_color(nanometer: int, kind: Kind = "unknown") -> str:
    """Return the display colour of a channel excited or seen at a wavelength."""
    bounds = _BOUNDS[kind]
    return _SPECTRUM[sum(nanometer >= bound for bound in bounds)]
