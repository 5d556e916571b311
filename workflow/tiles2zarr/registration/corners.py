"""Snap to Corners: a free node for each field, least total squared movement (rule 6).

scipy takes longer to import than a batch takes to register, and most corners need none
of it: it is imported where fields compete for a node.
"""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.registration.fields import Fields
from tiles2zarr.registration.stage import Bools, Floats, Ints, round_px

TIE = 1e-7
"""Squared movements closer than this (in tiles squared) are equal."""
EXACT = 2.0**50
"""Sums of whole numbers up to here are exact in float64, the matching's type."""


def corner_targets(fields: Fields, anchor: str) -> tuple[Ints, Ints]:
    """Return where the fields of one image go in (y, x), pixel.

    The lattice has the tile's size as pitch. The result does not depend on the order
    of the fields; among equal totals, fields in order of (y, x, name) take the nodes
    in order of (row, column).

    Args:
        fields: Fields of one image with tiles of one size, offsets removed.
        anchor: ``image``: the lattice begins at the smallest start and the result is
            moved to 0. ``well``: the lattice begins at the well's origin and stays.
            ``keep``: the first node stands at the smallest start, in whole pixels.
    """
    tile = np.array(fields.tile)
    stage = np.stack([fields.y, fields.x], axis=1)
    smallest = stage.min(axis=0)
    origin = np.zeros(2) if anchor == "well" else smallest
    node = assign((stage - origin) / tile, tile, fields.name, bounded=anchor == "well")
    if anchor != "well":
        node = node - node.min(axis=0)
    start = round_px(smallest) if anchor == "keep" else 0
    target = start + node * tile
    return target[:, 0], target[:, 1]


def assign(
    places: Floats, tile: Ints, names: tuple[str, ...], *, bounded: bool = False
) -> Ints:
    """Return a node (row, column) per field, none twice.

    Args:
        places: (n, 2) starts in tiles from the lattice's origin.
        tile: Rows and columns of the tile; weighs y against x movements.
        names: Field names; they order fields that stand at one place.
        bounded: Only nodes from 0 on.
    """
    # Noise must not decide between nodes: it differs with the image's stage origin.
    places = np.round(places, 9)
    order = np.lexsort((np.array(names), places[:, 1], places[:, 0]))
    ranked = places[order]
    found = np.empty(places.shape, dtype=np.int64)
    found[order] = _assign_ranked(ranked, tile / np.sqrt(tile.prod()), bounded=bounded)
    return found


def _assign_ranked(places: Floats, scale: Floats, *, bounded: bool) -> Ints:
    nearest = np.ceil(places - 0.5).astype(np.int64)
    if bounded:
        nearest = np.maximum(nearest, 0)
    if len(np.unique(nearest, axis=0)) == len(nearest):
        return nearest
    radius = 1
    while True:
        found = _match(places, nearest, scale, radius, bounded=bounded)
        if found is not None and np.abs(found - nearest).max() < radius:
            return found
        radius += max(1, radius // 2)


def _match(
    places: Floats, nearest: Ints, scale: Floats, radius: int, *, bounded: bool
) -> Ints | None:
    """Return the best nodes up to ``radius`` from the nearest, ``None`` if too few.

    Only groups of fields that compete for nodes are matched, the others take their
    nearest node, which nothing can beat.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    reach = np.arange(-radius, radius + 1)
    window = np.stack(np.meshgrid(reach, reach, indexing="ij"), axis=-1).reshape(-1, 2)
    candidates = (nearest[:, None, :] + window).reshape(-1, 2)
    field = np.repeat(np.arange(len(places)), len(window))
    if bounded:
        inside = (candidates >= 0).all(axis=1)
        candidates, field = candidates[inside], field[inside]
    nodes, node = np.unique(candidates, axis=0, return_inverse=True)
    node = node.reshape(-1)
    crowded = _crowded(nearest, field, node)
    chosen_field, chosen_node = field[crowded[field]], node[crowded[field]]
    moved = (places[chosen_field] - nodes[chosen_node]) * scale
    weight = _weights((moved**2).sum(axis=1), chosen_field, chosen_node)
    rows = np.flatnonzero(crowded)
    place = np.searchsorted(rows, chosen_field)
    graph = csr_array((weight, (place, chosen_node)), shape=(len(rows), len(nodes)))
    try:
        matched, taken = min_weight_full_bipartite_matching(graph)
    except ValueError:
        return None
    found = nearest.copy()
    found[rows[matched]] = nodes[taken]
    return found


def _weights(cost: Floats, field: Ints, node: Ints) -> Floats:
    """Return whole weights: cost first, then earlier fields on earlier nodes.

    Whole numbers keep the matching exact: with fractions that almost tie it does not
    come to an end. For thousands of fields the second part does not fit beside the
    first and is left out; the result still depends on the ranked fields alone.
    """
    steps: Floats = np.rint(cost / TIE)
    if not steps.size:
        return steps
    ties = ((field.max() - field) * (node - node.min())).astype(np.float64)
    fields = len(np.unique(field))
    share = ties.max() * fields + 1
    # The matching takes an explicit 0 for no link: all weights are raised by one.
    if share * (steps.max() + 1) * fields > EXACT:
        return steps + 1
    weights: Floats = steps * share + ties + 1
    return weights


def _crowded(nearest: Ints, field: Ints, node: Ints) -> Bools:
    """Say which fields are linked, over candidate nodes, to two with one nearest."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    fields = len(nearest)
    _, taken, count = np.unique(
        nearest, axis=0, return_inverse=True, return_counts=True
    )
    wanted = count[taken.reshape(-1)] > 1
    whole = fields + int(node.max()) + 1
    links = coo_array((np.ones(len(field)), (field, node + fields)), (whole, whole))
    _, part = connected_components(links, directed=False)
    return np.isin(part[:fields], part[:fields][wanted])


def _first_pair(fields: Fields, pairs: Ints) -> tuple[str, str]:
    """Return the first pair by name: the tree's order depends on that of the fields."""
    name = fields.name
    named = [tuple(sorted((name[one], name[other]))) for one, other in pairs.tolist()]
    one, other = min(named)
    return one, other


@dataclass(frozen=True)
class Objection:
    """Why the fields of an image should not be moved to corners."""

    sentence: str
    sparse: bool
    """A field has no neighbour: the gaps are real."""


def object_to_corners(fields: Fields, max_gap: float) -> Objection | None:
    """Return why corners would distort one image, ``None`` if they would not.

    Corners distort when two neighbours' distance changes by half a tile or more, or
    when a field stands alone: its place among the others is then all it has.
    """
    from scipy.spatial import KDTree

    if len(fields) < 2:
        return None
    tile = np.array(fields.tile)
    places = np.stack([fields.y, fields.x], axis=1) / tile
    tree = KDTree(places)
    pairs = tree.query_pairs(0.5 - TIE, p=np.inf, output_type="ndarray")
    if len(pairs):
        one, other = _first_pair(fields, pairs)
        sentence = f"fields {one!r} and {other!r} lie less than half a tile apart"
        return Objection(sentence, sparse=False)
    alone = tree.query(places, k=2, p=np.inf)[0][:, 1]
    if alone.max() > 1 + max_gap + TIE:
        name = fields.name[int(alone.argmax())]
        sentence = f"field {name!r} is {alone.max():.4g} tile lengths from the nearest"
        return Objection(sentence, True)
    node = assign(places - places.min(axis=0), tile, fields.name)
    after = KDTree(node).query_pairs(1.0, p=np.inf, output_type="ndarray")
    pairs = np.concatenate(
        [tree.query_pairs(1.5, p=np.inf, output_type="ndarray"), after]
    )
    moved = node - places
    change = np.abs(moved[pairs[:, 0]] - moved[pairs[:, 1]]).max(axis=1)
    if change.max() < 0.5 - TIE:
        return None
    one, other = _first_pair(fields, pairs[change > change.max() - TIE])
    return Objection(
        f"corners would shift fields {one!r} and {other!r} against each other by "
        f"{change.max():.2g} tile lengths",
        sparse=False,
    )
