"""The order of planes in files that hold a whole acquisition (CZI, ND2, LIF).

Parsers name a plane by its number, readers find it by the same number: both count as
told here.
"""

from collections.abc import Mapping, Sequence

ZEISS_AXES = ("S", "M", "T", "C", "Z", "B", "V", "H", "I", "R")
"""Axes of a CZI file, slowest first: scene, mosaic tile, time, channel, z, and the rare
block, view, phase, illumination, rotation."""
ZEISS_PIXELS: Mapping[str, tuple[str, int]] = {
    "Gray8": ("uint8", 1),
    "Gray16": ("uint16", 1),
    "Gray32Float": ("float32", 1),
    "Bgr24": ("uint8", 3),
    "Bgr48": ("uint16", 3),
    "Bgr96Float": ("float32", 3),
}
"""Pixel type and samples by Zeiss' name of the pixel type."""
LEICA_AXES = ("M", "T", "C", "Z")
"""Axes of a LIF image, slowest first: mosaic tile, time, channel, z."""
NIKON_COMPONENTS = ("channel", "sample")
"""What the planes of an ND2 file count through in a frame, slowest first; plane
``frame * components + component`` is component ``channel * samples + sample``."""
_FRAME = ({"Y", "X"}, {"Y", "X", "S"})


def zeiss_key(coordinates: Mapping[str, int]) -> tuple[int, ...]:
    """Return the place of a tile (sub-block) in the order of planes of a CZI file.

    Tiles are sorted by this key; tiles of equal keys stay in the order of the file. A
    tile has one plane, a colour tile three: red, green, blue. Tiles of the file's own
    pyramid do not count.

    Args:
        coordinates: Indices by axis; an axis that is absent is 0.
    """
    return tuple(coordinates.get(axis, 0) for axis in ZEISS_AXES)


def leica_axes(axes: Sequence[str], frame: Sequence[str]) -> tuple[str, ...] | None:
    """Return the axes over which the planes of a LIF image are counted, slowest first.

    Planes are numbered from image to image; in an image along these axes, the last one
    fastest. A frame has one plane, a colour frame three: red, green, blue.

    Args:
        axes: All axes of the image, slowest first.
        frame: Axes of one frame.

    Returns:
        ``LEICA_AXES`` that are there, then the others in the order of the file;
        ``None`` for images without planes: their frames have other axes than y and x.
    """
    if set(frame) not in _FRAME:
        return None
    counted = [axis for axis in axes if axis not in frame]
    known = [axis for axis in LEICA_AXES if axis in counted]
    return (*known, *(axis for axis in counted if axis not in LEICA_AXES))
