"""Colours that stay apart for colour-blind eyes and in grey prints."""

from collections.abc import Sequence

Color = tuple[int, int, int]

SEQUENTIAL: tuple[Color, ...] = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
"""Stops of viridis, dark to light: lightness alone tells the order."""
DIVERGING: tuple[Color, ...] = (
    (33, 79, 138),
    (97, 145, 196),
    (189, 211, 231),
    (247, 247, 247),
    (249, 210, 170),
    (224, 143, 66),
    (158, 84, 10),
)
"""Blue below, white at nothing, orange above."""
CATEGORIES = (
    "#4477AA",
    "#EE7733",
    "#228833",
    "#AA3377",
    "#66CCEE",
    "#CCBB44",
    "#7F6FC0",
    "#BBBBBB",
)
"""Colours for values without an order; each is also named by a letter or a legend."""
GREYS = frozenset({"FFFFFF", "808080"})
"""Of channels without fluorescence: a maximum over planes says nothing of them."""


def shade(share: float, stops: Sequence[Color] = SEQUENTIAL) -> str:
    """Return the colour at a share from 0 to 1 of a scale; beyond it, the end's."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    rest = place - index
    below, above = stops[index], stops[index + 1]
    mixed = (round(b + (a - b) * rest) for b, a in zip(below, above, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def ink_on(color: str) -> str:
    """Return black or white, whichever reads better on ``#rrggbb``."""
    red, green, blue = rgb(color)
    return "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"


def rgb(color: str) -> Color:
    """Return red, green and blue, 0 to 255, of ``#RRGGBB`` or ``RRGGBB``."""
    digits = color.lstrip("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
