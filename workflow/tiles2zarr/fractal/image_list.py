"""What a compute task tells Fractal of its image: types and attributes to filter by."""

from collections.abc import Sequence
from typing import TypedDict

from tiles2zarr.models.base import Scalar
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import ConditionRow
from tiles2zarr.models.receipt import Receipt

Attributes = dict[str, str | int | float | bool]


class UpdateDict(TypedDict):
    """An image for Fractal's list of images."""

    zarr_url: str
    types: dict[str, bool]
    attributes: Attributes


class ImageListUpdateDict(TypedDict):
    """What a compute task returns."""

    image_list_updates: list[UpdateDict]


def image_list_update(
    zarr_url: str,
    axes: Sequence[str],
    receipt: Receipt,
    collection: object,
    conditions: Sequence[ConditionRow],
) -> ImageListUpdateDict:
    """Return the update of Fractal's list for one written image.

    Args:
        zarr_url: Where the image is.
        axes: Its axes, in the order of the arrays.
        receipt: Proof of what is in the store.
        collection: Its place; images in a plate tell plate, well and acquisition.
        conditions: Rows of its condition table.
    """
    shape = receipt.levels[0].shape
    depth = shape[list(axes).index("z")] if "z" in axes else 1
    attributes = shared_conditions(conditions)
    if isinstance(collection, ImageInPlate):
        attributes |= {
            "plate": f"{collection.plate_name}.zarr",
            "well": collection.well,
            "acquisition": collection.acquisition,
        }
    update: UpdateDict = {
        "zarr_url": zarr_url,
        "types": {"is_3D": depth > 1},
        "attributes": attributes,
    }
    return {"image_list_updates": [update]}


def shared_conditions(conditions: Sequence[ConditionRow]) -> Attributes:
    """Return the conditions that hold for the whole image.

    Blank ones, and those in which its fields of view differ, cannot be said of the
    image and are left to its condition table.
    """
    names = dict.fromkeys(name for row in conditions for name in row.values)
    values: dict[str, list[Scalar]] = {
        name: [row.values.get(name) for row in conditions] for name in names
    }
    shared: Attributes = {}
    for name, found in values.items():
        first = found[0]
        if first is not None and all(value == first for value in found):
            shared[name] = first
    return shared
