"""The order of the pages of an OME-TIFF file, by its ``TiffData`` blocks.

``DimensionOrder`` numbers the planes of an image; a ``TiffData`` block tells which page
of which file has which of them, in any order. Source: the OME model, ``TiffData``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod

from tiles2zarr.errors import ParserError

Node = tuple[str, dict[str, str]]
"""Name and attributes of an XML element."""
Order = tuple[tuple[str, int], ...]
"""Axes of the pages with their lengths, the fastest first."""
Pages = tuple[int, ...]
"""Number of the plane, in the order of the axes, of each page."""
_Block = dict[str, str]


def page_order(
    nodes: Sequence[Node], name: str, pages: int, samples: int
) -> tuple[Order | None, Pages | None]:
    """Return the axes of a file's pages, and where they stand otherwise than so.

    There are no axes where the file's pages are no block of planes, or where the blocks
    do not tell which of their files this one is; both are nothing without sizes.

    Args:
        nodes: ``Pixels``, ``TiffData`` and ``UUID`` elements of the file's image.
        name: Path of the file.
        pages: How many pages it has.
        samples: Colours per page, which ``SizeC`` counts too.

    Raises:
        ParserError: Two blocks name one page, or one plane.
    """
    axes, sizes = _axes(nodes, samples)
    if not axes or pages < 2:
        whole = bool(axes) and prod(sizes.values()) == pages
        return (tuple((a, sizes[a]) for a in axes) if whole else None), None
    blocks = [attributes for node, attributes in nodes if node == "TiffData"]
    starts = [_start(block, axes, sizes) for block in blocks]
    own = _own_blocks(nodes, name) if blocks else [{}]
    places = _places(own, starts, axes, sizes, name, pages)
    if sorted(places) != list(range(pages)):
        return (), None
    return _within_box([places[page] for page in range(pages)], axes, sizes)


def _axes(nodes: Sequence[Node], samples: int) -> tuple[str, Mapping[str, int]]:
    """Return z, c and t, the fastest first, and their lengths in pages."""
    pixels = next((attributes for node, attributes in nodes if node == "Pixels"), {})
    axes = pixels.get("DimensionOrder", "").lower()[2:]
    texts = {axis: pixels.get(f"Size{axis.upper()}", "") for axis in "zct"}
    if sorted(axes) != sorted("zct") or not all(t.isdigit() for t in texts.values()):
        return "", {}
    sizes = {axis: int(text) for axis, text in texts.items()}
    sizes["c"] = max(1, sizes["c"] // samples)
    return axes, sizes


def _own_blocks(nodes: Sequence[Node], name: str) -> list[_Block]:
    """Return the blocks whose planes are in this file, none where that is not told.

    A block without a file is about the file it stands in. A file that was renamed is
    the only one that its blocks name.
    """
    blocks: list[tuple[_Block, str]] = []
    for node, attributes in nodes:
        if node == "TiffData":
            blocks.append((attributes, ""))
        elif node == "UUID" and blocks:
            blocks[-1] = (blocks[-1][0], attributes.get("FileName", "?"))
    base = name.rpartition("/")[2]
    files = {file for _, file in blocks}
    wanted = {"", base} if files & {"", base} else files
    if len(wanted) > 1 and wanted == files and not files <= {"", base}:
        return []
    return [block for block, file in blocks if file in wanted]


def _places(
    blocks: Sequence[_Block],
    starts: Sequence[int],
    axes: str,
    sizes: Mapping[str, int],
    name: str,
    pages: int,
) -> dict[int, int]:
    """Return the number of the plane in its image by page; pages beyond are left out.

    A block without ``PlaneCount`` is one page if it names the page, else all up to the
    first plane of the next block, which may be about another file.
    """
    pairs: list[tuple[int, int]] = []
    for block in blocks:
        start = _start(block, axes, sizes)
        later = [other for other in starts if other > start]
        gap = min([*later, prod(sizes.values())]) - start
        count = _integer(block, "PlaneCount", 1 if "IFD" in block else gap)
        first = _integer(block, "IFD", 0)
        inside = range(max(0, min(count, pages - first)))
        pairs += [(first + step, start + step) for step in inside]
    for noun, numbers in zip(("page", "plane"), zip(*pairs, strict=True), strict=False):
        number, times = Counter(numbers).most_common(1)[0]
        if times > 1:
            raise ParserError(
                f"{name}: the TiffData of its OME-XML name {noun} {number} {times} "
                "times (counted from 0), expected each once. Export the file again, "
                "or save it without that description."
            )
    return dict(pairs)


def _start(block: _Block, axes: str, sizes: Mapping[str, int]) -> int:
    start, step = 0, 1
    for axis in axes:
        start += step * _integer(block, f"First{axis.upper()}", 0)
        step *= sizes[axis]
    return start


def _integer(block: _Block, name: str, default: int) -> int:
    text = block.get(name, "").strip()
    return int(text) if text.isdigit() else default


def _within_box(
    places: Sequence[int], axes: str, sizes: Mapping[str, int]
) -> tuple[Order | None, Pages | None]:
    """Return the box of planes that pages fill, if any, and their numbers in it."""
    indices: dict[str, list[int]] = {}
    rest = list(places)
    for axis in axes:
        own = [place % sizes[axis] for place in rest]
        indices[axis] = [index - min(own) for index in own]
        rest = [place // sizes[axis] for place in rest]
    order = tuple((axis, max(indices[axis]) + 1) for axis in axes)
    if any(rest) or prod(length for _, length in order) != len(places):
        return (), None
    numbers, step = [0] * len(places), 1
    for axis, length in order:
        numbers = [n + step * i for n, i in zip(numbers, indices[axis], strict=True)]
        step *= length
    stands = numbers == list(range(len(numbers)))
    return order, None if stands else tuple(numbers)
