"""Attributes of an image: axes, scales, names and channels."""

import json

import pytest

from tests.unit.ngff_samples import sample_image
from tiles2zarr import __version__
from tiles2zarr.errors import StoreError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.image import METHOD, image_attributes, level_paths
from tiles2zarr.ngff.windows import Window
from tiles2zarr.pixels.headers import array_document
from tiles2zarr.pixels.layout import level_layouts

Json = dict[str, object]
versions = pytest.mark.parametrize("version", ["0.4", "0.5"])


def parts(image: RegisteredImage, version: Version = "0.4", **more: object) -> Json:
    """Return multiscale and omero of an image, as a reader finds them in JSON."""
    attributes = image_attributes(image, version=version, **more)  # type: ignore[arg-type]
    found = json.loads(json.dumps(attributes))
    top = found if version == "0.4" else found["ome"]
    (multiscale,) = top["multiscales"]
    return {"top": found, "multiscale": multiscale, "omero": top["omero"]}
