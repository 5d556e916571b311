"""Snap to Corners: free nodes, least total movement, whatever the order of the rows."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Tile,
    convert,
    corners,
    corners_of,
    details,
    grid,
    image,
    tile,
)
from tiles2zarr.registration.corners import assign, corner_targets, object_to_corners
from tiles2zarr.registration.fields import Fields, fields_of
from tiles2zarr.registration.stage import stage_tiles

SIZE = np.array([ROWS, COLUMNS])


def _fields(tiles: Sequence[Tile]) -> Fields:
    return fields_of(stage_tiles([image(tiles)]))


def _targets(
    tiles: Sequence[Tile], anchor: str = "image"
) -> dict[str, tuple[int, int]]:
    fields = _fields(tiles)
    y, x = corner_targets(fields, anchor)
    places = zip(y.tolist(), x.tolist(), strict=True)
    return dict(zip(fields.name, places, strict=True))


def _cost(places: np.ndarray, nodes: np.ndarray) -> float:
    """Return the total squared movement in pixels squared."""
    return float((((nodes - places) * SIZE) ** 2).sum())


def _least_cost(places: np.ndarray, *, bounded: bool) -> float:
    """Return the least total squared movement over all ways to take different nodes."""
    around = np.arange(-4, 5)
    choices = []
    for place in places:
        nodes = [
            (float((((node - place) * SIZE) ** 2).sum()), node)
            for row in around + int(np.rint(place[0]))
            for column in around + int(np.rint(place[1]))
            if not bounded or min(row, column) >= 0
            for node in [(int(row), int(column))]
        ]
        choices.append(sorted(nodes))
    rest = [sum(nodes[0][0] for nodes in choices[n:]) for n in range(len(choices) + 1)]
    best = float("inf")

    def choose(field: int, spent: float, taken: frozenset[tuple[int, int]]) -> None:
        nonlocal best
        if field == len(choices):
            best = min(best, spent)
            return
        for cost, node in choices[field]:
            if spent + cost + rest[field + 1] >= best:
                return
            if node not in taken:
                choose(field + 1, spent + cost, taken | {node})

    choose(0, 0.0, frozenset())
    return best


@pytest.mark.parametrize(
    ("tiles", "targets"),
    [
        (grid(2, 3), corners_of(2, 3)),
        (grid(2, 3, (18, 27)), corners_of(2, 3)),
        (grid(1, 3, without=[(0, 1)]), {"r0c0": (0, 0), "r0c2": (0, 60)}),
        (
            [tile("a"), tile("b", 4, 33), tile("c", 22, 2)],
            {"a": (0, 0), "b": (0, 30), "c": (20, 0)},
        ),
        ([tile("a", 7.25, 3.5)], {"a": (0, 0)}),
    ],
    ids=["touching", "overlap", "hole", "jitter", "one field"],
)
def test_each_field_takes_its_nearest_node(
    tiles: list[Tile], targets: dict[str, tuple[int, int]]
) -> None:
    """Nodes lie a tile's length apart from the smallest start."""
    assert _targets(tiles) == targets


def test_the_field_that_moves_least_yields() -> None:
    """Of two fields at one node the one 4 rows off moves 16 rows to the next."""
    assert _targets([tile("b", 4, 0), tile("a", 0, 0)]) == {"a": (0, 0), "b": (20, 0)}


def test_rows_count_less_than_columns_in_a_wide_tile() -> None:
    """Half a tile off in both axes the shorter way, along the rows, is taken."""
    assert _targets([tile("a"), tile("b", 9, 14)]) == {"a": (0, 0), "b": (20, 0)}


def test_ties_go_by_place_and_name() -> None:
    """Fields of one place take nodes in the order of their names."""
    tiles = [tile("b"), tile("a")]
    assert _targets(tiles) == _targets(tiles[::-1]) == {"a": (0, 0), "b": (20, 0)}


def test_exactly_between_two_nodes_the_lower_is_taken() -> None:
    """10 of 20 rows and 15 of 30 columns are a tie; both go to the smaller node."""
    assert _targets([tile("a"), tile("b", 30, 45)]) == {"a": (0, 0), "b": (20, 30)}


@pytest.mark.parametrize(
    ("anchor", "targets"),
    [
        ("image", {"a": (0, 0), "b": (0, 30)}),
        ("well", {"a": (20, 60), "b": (20, 90)}),
        ("keep", {"a": (24, 64), "b": (24, 94)}),
    ],
)
def test_where_the_lattice_begins(
    anchor: str, targets: dict[str, tuple[int, int]]
) -> None:
    """At the image's corner, the well's, or the smallest start in whole pixels."""
    assert _targets([tile("a", 23.5, 63.5), tile("b", 24, 92)], anchor) == targets


@pytest.mark.parametrize("noise", [-1e-9, 0, 1e-9])
def test_a_kept_corner_rounds_like_any_box(noise: float) -> None:
    """57.5 goes to 58 and 3.5 to 4, whatever noise a division left on it."""
    tiles = [tile("a", 57.5 + noise, 3.5 + noise)]
    assert _targets(tiles, "keep") == {"a": (58, 4)}


def test_a_wells_lattice_has_no_nodes_before_its_origin() -> None:
    """Two fields at the well's corner: one goes below, none to negative pixels."""
    assert _targets([tile("a"), tile("b", 1, 1)], "well") == {"a": (0, 0), "b": (20, 0)}


def test_more_fields_than_nodes_nearby() -> None:
    """Five fields at a well's corner, with four nodes around it, take the cheapest."""
    targets = _targets([tile(name) for name in "abcde"], "well")
    # In pixels squared: 0, 20, 30, 40 rows or columns off, or 20 rows and 30 columns.
    assert set(targets.values()) == {(0, 0), (20, 0), (0, 30), (20, 30), (40, 0)}


def test_w4_corners_do_not_depend_on_the_order_of_rows() -> None:
    """Four fields that compete get the same nodes in all 24 orders of the table."""
    tiles = [tile("a"), tile("b", 1, 13), tile("c", 2, 31), tile("d", 19, 14)]
    found = {
        tuple(sorted(_targets(order).items()))
        for order in itertools.permutations(tiles)
    }
    # a yields to b and goes a tile up; then all are moved down to begin at 0.
    assert found == {(("a", (0, 0)), ("b", (20, 0)), ("c", (20, 30)), ("d", (40, 0)))}
    places = np.array([[t["y"], t["x"]] for t in tiles], dtype=float) / SIZE
    moved = 20**2 + (1 + 13**2) + (2**2 + 1) + (1 + 14**2)
    assert _least_cost(places, bounded=False) == pytest.approx(moved)


places_of_fields = st.lists(
    st.tuples(
        st.integers(0, 3 * 8).map(lambda n: n / 8),
        st.integers(0, 3 * 12).map(lambda n: n / 12),
    ),
    min_size=1,
    max_size=5,
)


@given(places_of_fields, st.booleans())
def test_total_movement_is_the_least_of_all_assignments(
    places: list[tuple[float, float]], bounded: bool
) -> None:
    """No other choice of different nodes moves up to five fields less."""
    stage = np.array(places)
    names = tuple(f"f{n}" for n in range(len(places)))
    nodes = assign(stage, SIZE, names, bounded=bounded)
    assert len({tuple(node) for node in nodes.tolist()}) == len(places)
    assert not bounded or nodes.min() >= 0
    least = _least_cost(stage, bounded=bounded)
    # Movements are compared in steps of 1e-7 tiles squared.
    assert _cost(stage, nodes) == pytest.approx(least, abs=6e-4)


@given(places_of_fields, st.randoms(use_true_random=False))
def test_w4_assignment_does_not_depend_on_order(
    places: list[tuple[float, float]], random: object
) -> None:
    """Permuted fields get the same nodes, also fields that tie."""
    names = [f"f{n}" for n in range(len(places))]
    order = list(range(len(places)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = assign(np.array(places), SIZE, tuple(names))
    other = assign(
        np.array([places[n] for n in order]), SIZE, tuple(names[n] for n in order)
    )
    assert one[order].tolist() == other.tolist()


def test_thousands_of_crowded_fields_get_different_nodes() -> None:
    """2,500 fields, two near every second node, are told apart without a tie to end."""
    tiles = [
        tile(f"{row}_{column}_{which}", row * 20 + 9 * which, column * 60 + 2 * which)
        for row in range(50)
        for column in range(25)
        for which in range(2)
    ]
    targets = _targets(tiles)
    assert len(set(targets.values())) == len(tiles)
    assert {(y % ROWS, x % COLUMNS) for y, x in targets.values()} == {(0, 0)}


def test_snap_to_corners_of_a_brick() -> None:
    """Every second row half a tile off goes to the lower node: a closed rectangle."""
    tiles = [
        tile(f"r{row}c{column}", row * ROWS, column * COLUMNS + row % 2 * 15)
        for row in range(3)
        for column in range(2)
    ]
    converted = convert([image(tiles)], tiling_mode="snap_to_corners")
    assert corners(converted.only) == corners_of(3, 2)
    assert converted.decision.reason == (
        "corners, asked for by registration.tiling_mode"
    )
    moved = {field.name: field.moved_px for field in converted.only.fovs}
    assert moved["r1c0"] == (0, -15)
    assert moved["r2c1"] == (0, 0)


@pytest.mark.parametrize("pixelsize", [0.5, 0.65, 1 / 3])
def test_corners_are_the_same_at_any_stage_offset(pixelsize: float) -> None:
    """A tie between two nodes is decided alike in every well."""
    found = set()
    for start in (0.0, 12345.678, -99999.123, 0.1, 77.7):
        tiles = [tile("a", start, start), tile("b", start + 10, start + 45)]
        converted = convert(
            [image(tiles, known=details(pixelsize=pixelsize))],
            tiling_mode="snap_to_corners",
        )
        found.add(corners(converted.only)["b"])
    assert found == {(0, 30)}


@pytest.mark.parametrize(
    ("tiles", "sentence", "sparse"),
    [
        (
            [tile("b", 0, 14), tile("a", 0, 0)],
            "fields 'a' and 'b' lie less than half a tile apart",
            False,
        ),
        (
            [tile("a"), tile("b", 0, 31), tile("far", 60, 0)],
            "field 'far' is 3 tile lengths from the nearest",
            True,
        ),
        (
            [tile("b", 20, 15), tile("a", 0, 0)],
            "corners would shift fields 'a' and 'b' against each other by 0.5 tile "
            "lengths",
            False,
        ),
    ],
    ids=["close", "alone", "half a tile"],
)
def test_corners_that_would_distort(
    tiles: list[Tile], sentence: str, sparse: bool
) -> None:
    """Fields too close, too far or half a tile off are no case for corners."""
    objection = object_to_corners(_fields(tiles), 0.1)
    assert objection is not None
    assert (objection.sentence, objection.sparse) == (sentence, sparse)


@pytest.mark.parametrize(
    "tiles",
    [
        [tile("a")],
        [tile("a"), tile("b", 3, 33), tile("c", 22, 4)],
        [tile(str(n), n * ROWS, n * COLUMNS) for n in range(3)],
        [tile("a"), tile("b", 0, 33)],
    ],
    ids=["one field", "jitter", "diagonal", "a gap of a tenth"],
)
def test_corners_that_do_not_distort(tiles: list[Tile]) -> None:
    """One field, small shifts and touching corners keep every neighbour."""
    assert object_to_corners(_fields(tiles), 0.1) is None
