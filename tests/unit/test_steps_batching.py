"""Batches: fixed blocks of the plate, counted from its first well."""

import pytest

from tests.unit.registration_samples import image, tile
from tiles2zarr.models.collection import ImageInPlate, SingleImage
from tiles2zarr.models.image import TiledImage
from tiles2zarr.steps.batching import batch_name, choose_block


def at(row: str, column: int) -> TiledImage:
    """Return an image in a well."""
    place = ImageInPlate(plate_name="P", row=row, column=column)
    return image([tile("f")]).replace(collection=place)


def plate(rows: str, columns: range) -> list[TiledImage]:
    """Return an image in each of the wells."""
    return [at(row, column) for row in rows for column in columns]


def batches(images: list[TiledImage], each: int, wanted: int | str) -> list[str]:
    """Return the batch of each image of ``each`` bytes."""
    sizes = {one.image: each for one in images}
    block, first = choose_block(images, sizes, wanted)
    return [batch_name(one, block, first) for one in images]


def test_small_plate_is_one_batch() -> None:
    """Twelve wells of 252 MB are 3 GB: one job, wherever they lie on the plate."""
    assert set(batches(plate("BCD", range(2, 6)), 252_000_000, "auto")) == {"B-D_02-05"}


def test_large_wells_share_a_row() -> None:
    """Wells of 1 GB go four to a batch, along the row."""
    found = batches(plate("BC", range(3, 11)), 1_000_000_000, "auto")
    assert found[:8] == ["B_03-06"] * 4 + ["B_07-10"] * 4
    assert found[8:] == ["C_03-06"] * 4 + ["C_07-10"] * 4


def test_new_wells_change_no_other_batch() -> None:
    """Wells before and behind the first plan's get batches of their own."""
    images = plate("CD", range(4, 8))
    block, first = choose_block(images, {i.image: 10**9 for i in images}, "auto")
    assert (block, first) == ((1, 4), (2, 3))
    names = [batch_name(at(r, c), block, first) for r, c in [("A", 1), ("C", 12)]]
    assert names == ["A_01-03", "C_12-15"]


@pytest.mark.parametrize(
    ("wanted", "names"), [(2, ["B_02-03", "B_04-05"]), (100, ["B-AH_02-04"])]
)
def test_number_of_images_may_be_given(wanted: int, names: list[str]) -> None:
    """``images_per_job`` is the size of a block, in whole rows where it is larger."""
    found = batches(plate("B", range(2, 5)), 1, wanted)
    assert sorted(set(found)) == names


def test_single_images_are_spread_by_name() -> None:
    """Single images have no place: their name decides, whatever else there is."""
    images = [
        image([tile("f")]).replace(collection=SingleImage(image_path=f"embryo_{n}"))
        for n in range(200)
    ]
    found = batches(images, 1, 64)
    assert len(set(found)) == 4
    fewer = [batch_name(one, (4, 0), (0, 0)) for one in images[:5]]
    assert found[:5] == fewer
