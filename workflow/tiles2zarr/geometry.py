"""Shapes of images and of their pyramid levels, as whole pixels."""

from collections.abc import Iterable, Sequence

Shape = tuple[int, int, int, int, int]
"""(t, c, z, y, x)."""


def level_count(rows: int, columns: int, wanted: int) -> int:
    """Return how many levels a plane of ``rows`` x ``columns`` pixels can have.

    Each level halves y and x and drops an odd last row or column, so a plane can be
    halved until its shorter side is one pixel.

    Args:
        rows: Height of level 0, pixel.
        columns: Width of level 0, pixel.
        wanted: Levels asked for, level 0 included.

    Raises:
        ValueError: The plane is empty or no level is wanted.
    """
    shorter = min(rows, columns)
    if shorter < 1 or wanted < 1:
        raise ValueError(f"no level fits {rows} x {columns} px, {wanted} wanted")
    return min(wanted, shorter.bit_length())


def level_shapes(shape: Sequence[int], levels: int) -> tuple[tuple[int, ...], ...]:
    """Return the shape of every level; y and x are the last two axes.

    Level n is ``floor(n - 1 level / 2)`` in y and x, the other axes stay.

    Raises:
        ValueError: A level would have no pixels.
    """
    if level_count(shape[-2], shape[-1], levels) < levels:
        raise ValueError(f"shape {tuple(shape)} cannot be halved {levels - 1} times")
    return tuple(
        (*shape[:-2], shape[-2] >> level, shape[-1] >> level) for level in range(levels)
    )


def union_shape(shapes: Iterable[Shape]) -> Shape:
    """Return the smallest (t, c, z, y, x) shape that holds every one of ``shapes``.

    Raises:
        ValueError: There is no shape.
    """
    rows = list(shapes)
    if not rows:
        raise ValueError("no shape to take the union of")
    t, c, z, y, x = (max(sizes) for sizes in zip(*rows, strict=True))
    return t, c, z, y, x
