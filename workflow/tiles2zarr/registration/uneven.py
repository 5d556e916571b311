"""Images of one acquisition that differ in channels, planes or extent."""

from collections.abc import Sequence

from tiles2zarr.geometry import Shape
from tiles2zarr.models.finding import SHOWN, Finding


def find_uneven(
    images: Sequence[str], shapes: Sequence[Shape], channels: Sequence[set[int]]
) -> list[Finding]:
    """Return a finding for each respect in which the images differ.

    Such a plate is valid, but readers that stitch it into one array take one image as
    the model of all: they fail, or displace wells without a word.

    Args:
        images: Image ids.
        shapes: The (t, c, z, y, x) shape of each.
        channels: The acquisition's channels in each.
    """
    compared: tuple[tuple[str, str, list[object]], ...] = (
        ("uneven_channels", "channels", [frozenset(one) for one in channels]),
        ("uneven_z", "number of z planes", [shape[2] for shape in shapes]),
        (
            "uneven_shape",
            "time points, height or width",
            [(shape[0], *shape[3:]) for shape in shapes],
        ),
    )
    findings = []
    for code, what, values in compared:
        odd = _unlike_most(values)
        if odd:
            findings.append(_uneven(code, what, [images[place] for place in odd]))
    return findings


def _unlike_most(values: Sequence[object]) -> list[int]:
    """Return the places of values other than the commonest (the first of equals)."""
    counts: dict[object, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    usual = max(counts, key=lambda value: counts[value], default=None)
    return [place for place, value in enumerate(values) if value != usual]


def _uneven(code: str, what: str, odd: Sequence[str]) -> Finding:
    return Finding(
        code=code,
        message=f"{len(odd)} images differ from the others of their acquisition in "
        f"{what}, so viewers will not open the plate as a whole. Set plate.uniform: "
        "true to give all images the same channels and extent.",
        count=len(odd),
        images=tuple(odd)[:SHOWN],
    )
