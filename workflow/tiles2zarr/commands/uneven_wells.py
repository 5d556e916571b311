"""Wells that differ from the others: in images, shapes or planes."""

from collections import Counter

from tiles2zarr.models.plan import ImageEntry, Plan

USUAL, ODD = "o", "~"
LEGEND = {USUAL: "as most", ODD: "differs from most"}
Key = tuple[tuple[int, tuple[int, ...], int], ...]


def uneven_wells(plan: Plan) -> dict[str, str]:
    """Return what an odd well holds, by well; most wells are alike and not in it."""
    wells: dict[str, list[ImageEntry]] = {}
    for _, entry in sorted(plan.images.items()):
        if entry.well:
            wells.setdefault(entry.well, []).append(entry)
    keys = {well: _key(entries) for well, entries in wells.items()}
    counts = Counter(keys.values())
    usual = max(counts, key=lambda key: counts[key], default=())
    return {well: _said(key) for well, key in sorted(keys.items()) if key != usual}


def well_signs(plan: Plan) -> dict[str, str]:
    """Return a sign for every well of the plan."""
    odd = uneven_wells(plan)
    wells = {entry.well for entry in plan.images.values() if entry.well}
    return {well: ODD if well in odd else USUAL for well in sorted(wells)}


def _key(entries: list[ImageEntry]) -> Key:
    return tuple(sorted((e.acquisition, e.shape, e.planes) for e in entries))


def _said(key: Key) -> str:
    """Return ``2 x (1 x 2 x 1 x 24 x 80, 4 planes)`` for each kind of image."""
    counts = Counter((shape, planes) for _, shape, planes in key)
    return "; ".join(
        (f"{times} x " if times > 1 else "")
        + f"({' x '.join(map(str, shape))}, {planes} planes)"
        for (shape, planes), times in counts.items()
    )
