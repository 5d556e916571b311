"""Merging the keys of a plate over what all plates share."""

from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.config.plates import deep_merge

TREES = st.recursive(
    st.integers() | st.none() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def test_mappings_are_merged_key_by_key() -> None:
    """Keys of both stay, the plate's value wins, lists are replaced as a whole."""
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 4}
    over = {"a": {"c": [3], "e": {"f": 5}}}
    assert deep_merge(base, over) == {"a": {"b": 1, "c": [3], "e": {"f": 5}}, "d": 4}


@given(TREES)
def test_merging_with_itself_changes_nothing(tree: object) -> None:
    """What is put over itself stays the same."""
    assert deep_merge(tree, tree) == tree


@given(TREES, TREES)
def test_merging_twice_is_merging_once(base: object, over: object) -> None:
    """Putting the same over the result again changes nothing."""
    once = deep_merge(base, over)
    assert deep_merge(once, over) == once
