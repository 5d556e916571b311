"""Names that are nearly right, and rows, in words."""

from collections.abc import Iterable, Sequence

_SHOWN = 5


def row_list(rows: Iterable[int]) -> str:
    """Return ``table row 3`` or ``table rows 3, 5, 9, 11, 12 and 7 more``."""
    numbers = [int(row) for row in rows]
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"table row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def one_edit(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that ``name`` is by one edit or a change of case.

    An edit is a letter added, left out, replaced, or exchanged with its neighbour.
    ``Start_Z`` is ``start_z`` rather than ``start_x``.
    """
    folded = name.casefold()
    others = [other for other in known if other != name]
    cased = [other for other in others if other.casefold() == folded]
    near = (other for other in others if _within_one_edit(folded, other.casefold()))
    return cased[0] if cased else next(near, None)


def _within_one_edit(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[:2] == rest_b[1::-1] and len(rest_b) > 1
    return (
        rest_a[1:] == rest_b[1:]
        or rest_a[1:] == rest_b
        or rest_a == rest_b[1:]
        or (swapped and rest_a[2:] == rest_b[2:])
    )
