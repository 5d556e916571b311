"""Attributes of an image: axes, scales, names and channels."""

import json
from collections.abc import Mapping

import numpy as np
import pytest

from tests.unit.ngff_samples import sample_image
from tiles2zarr import __version__
from tiles2zarr.config.omezarr import NoCompressor
from tiles2zarr.errors import StoreError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.image import METHOD, image_attributes, level_paths
from tiles2zarr.ngff.windows import Window
from tiles2zarr.pixels.codecs import make_codec
from tiles2zarr.pixels.headers import array_files
from tiles2zarr.pixels.layout import level_layouts

versions = pytest.mark.parametrize("version", ["0.4", "0.5"])


class Shown:
    """An image's attributes as a reader finds them, after a way through JSON."""

    def __init__(
        self,
        image: RegisteredImage,
        version: Version = "0.4",
        *,
        level_names: tuple[str, ...] | None = None,
        channels: tuple[ChannelInfo, ...] | None = None,
        windows: tuple[Window, ...] | None = None,
    ) -> None:
        """Make the attributes."""
        self.all = json.loads(
            json.dumps(
                image_attributes(
                    image,
                    version=version,
                    level_names=level_names,
                    channels=channels,
                    windows=windows,
                )
            )
        )
        self.ome = self.all["ome"] if version == "0.5" else self.all
        (self.multiscale,) = self.ome["multiscales"]
        self.omero = self.ome["omero"]

    def transformations(self) -> list[list[Mapping[str, object]]]:
        """Return the coordinate transformations of every level."""
        datasets = self.multiscale["datasets"]
        return [dataset["coordinateTransformations"] for dataset in datasets]

    def scales(self) -> list[object]:
        """Return the scale of every level."""
        return [first["scale"] for first, *_ in self.transformations()]


def test_version_4_stands_in_the_multiscales() -> None:
    """0.4 keeps everything at the top and the version in the multiscales."""
    shown = Shown(sample_image(), "0.4")
    assert sorted(shown.all) == ["multiscales", "omero"]
    assert shown.multiscale["version"] == "0.4"


def test_version_5_stands_once_below_ome() -> None:
    """0.5 keeps everything below ``ome``, the version beside the multiscales."""
    shown = Shown(sample_image(), "0.5")
    assert list(shown.all) == ["ome"]
    assert shown.ome["version"] == "0.5"
    assert "version" not in shown.multiscale


@versions
@pytest.mark.parametrize("axes", ["yx", "cyx", "zyx", "czyx", "tyx", "tczyx"])
def test_axes_have_types_and_units(version: Version, axes: str) -> None:
    """Axes are those asked for, in order, with the units of the specification."""
    image = sample_image(axes=axes, labels=("DAPI",))
    found = Shown(image, version).multiscale["axes"]
    known = {
        "t": {"name": "t", "type": "time", "unit": "second"},
        "c": {"name": "c", "type": "channel"},
        "z": {"name": "z", "type": "space", "unit": "micrometer"},
        "y": {"name": "y", "type": "space", "unit": "micrometer"},
        "x": {"name": "x", "type": "space", "unit": "micrometer"},
    }
    assert found == [known[axis] for axis in axes]


@versions
def test_multiscales_say_name_type_and_method(version: Version) -> None:
    """Name, type and metadata are there, as the strict schemas want them."""
    multiscale = Shown(sample_image(), version).multiscale
    assert multiscale["name"] == "B03 cycle 0"
    assert multiscale["type"] == "mean"
    assert multiscale["metadata"] == {"method": METHOD, "version": __version__}


@versions
def test_scale_doubles_exactly(version: Version) -> None:
    """Every level has twice the scale in y and x of the one before, and no more."""
    image = sample_image(axes="tczyx", times=2, levels=4)
    assert Shown(image, version).scales() == [
        [30.0, 1.0, 2.0, 0.5, 0.5],
        [30.0, 1.0, 2.0, 1.0, 1.0],
        [30.0, 1.0, 2.0, 2.0, 2.0],
        [30.0, 1.0, 2.0, 4.0, 4.0],
    ]


def test_scale_of_odd_sizes_is_a_power_of_two() -> None:
    """11 x 29 pixels become 5 x 14 and 2 x 7, but the scale is 2 and 4 times as large.

    The pixel size differs in y and x and is no fraction of two, to the last bit.
    """
    image = sample_image(levels=3).replace(
        shape=(1, 2, 3, 11, 29), pixel_size=(1.0, 2.0, 0.1083333, 0.65)
    )
    scales = Shown(image).scales()
    assert scales == [
        [1.0, 2.0, 0.1083333 * factor, 0.65 * factor] for factor in (1, 2, 4)
    ]


@versions
def test_image_without_translation_has_a_scale_only(version: Version) -> None:
    """A mosaic starts at the origin: no translation, no shift by half a pixel."""
    for transformations in Shown(sample_image(levels=3), version).transformations():
        assert [entry["type"] for entry in transformations] == ["scale"]


@versions
def test_translation_is_the_same_on_every_level(version: Version) -> None:
    """A translation (z, y, x) stands after the scale of all levels, 0 for t and c."""
    image = sample_image(
        axes="tczyx", times=2, levels=3, translation=(7.0, 40.0, -100.5)
    )
    found = Shown(image, version).transformations()
    assert len(found) == 3
    for scale, translation in found:
        assert scale["type"] == "scale"
        assert translation == {
            "type": "translation",
            "translation": [0.0, 0.0, 7.0, 40.0, -100.5],
        }


def test_translation_has_the_axes_of_the_image() -> None:
    """Without t, c and z only y and x are moved."""
    image = sample_image(axes="yx", labels=("BF",), translation=(7.0, 40.0, -100.5))
    assert Shown(image).transformations()[1][1]["translation"] == [40.0, -100.5]


def test_levels_are_numbered_or_named() -> None:
    """Levels are called 0, 1 ... or as the config says; more names are left over."""
    image = sample_image(levels=2)
    assert level_paths(image) == ("0", "1")
    names = ("full", "half", "quarter")
    assert level_paths(image, names) == ("full", "half")
    datasets = Shown(image, level_names=names).multiscale["datasets"]
    assert [dataset["path"] for dataset in datasets] == ["full", "half"]


def test_too_few_level_names_are_an_error() -> None:
    """A level without a name is an error, not a level lost."""
    with pytest.raises(StoreError) as raised:
        level_paths(sample_image(levels=3), ("full", "half"))
    assert str(raised.value) == (
        "image B/03/0 has 3 levels, but omezarr.level_names has 2 names. Give one "
        "name per level or leave them out."
    )


@pytest.mark.parametrize("axes", ["yx", "czyx", "tczyx"])
def test_dimension_names_are_the_axes(axes: str) -> None:
    """The arrays of every level of 0.5 name their dimensions as the axes are named."""
    image = sample_image(axes=axes, labels=("BF",), levels=2)
    shown = Shown(image, "0.5").multiscale
    chunk = (1, 1, 1, 10, 14)
    layouts = level_layouts(image.shape, axes, chunk, None, level_paths(image))
    for layout, dataset in zip(layouts, shown["datasets"], strict=True):
        files = array_files(
            layout, np.dtype("uint16"), make_codec(NoCompressor(), 2), "0.5"
        )
        header = json.loads(files[f"{dataset['path']}/zarr.json"])
        assert header["dimension_names"] == [axis["name"] for axis in shown["axes"]]


@versions
def test_channels_say_what_viewers_want(version: Version) -> None:
    """Every channel has label, wavelength, colour, window and is switched on."""
    window = Window(min=0, max=65535, start=110, end=3000)
    image = sample_image(labels=("DAPI", "Ex 488", "BF"), dtype="uint16")
    omero = Shown(image, version, windows=(window,) * 3).omero
    assert omero["name"] == image.name
    picked = [
        (entry["label"], entry["wavelength_id"], entry["color"], entry["active"])
        for entry in omero["channels"]
    ]
    assert picked == [
        ("DAPI", "DAPI", "0000FF", True),
        ("Ex 488", "488", "00FF00", True),
        ("BF", "BF", "808080", True),
    ]
    for entry in omero["channels"]:
        assert entry["window"] == {"min": 0, "max": 65535, "start": 110, "end": 3000}
        assert (entry["coefficient"], entry["family"]) == (1.0, "linear")
        assert entry["inverted"] is False


def test_rdefs_show_the_middle_plane_in_color() -> None:
    """Viewers open at the first time point and the middle plane, in colour."""
    omero = Shown(sample_image()).omero
    assert omero["rdefs"] == {"defaultT": 0, "defaultZ": 1, "model": "color"}


@pytest.mark.parametrize(
    ("labels", "model"),
    [(("BF",), "greyscale"), (("BF", "DIC"), "greyscale"), (("BF", "GFP"), "color")],
    ids=str,
)
def test_transmitted_light_is_shown_grey(labels: tuple[str, ...], model: str) -> None:
    """Images of transmitted light alone are shown without a colour map."""
    assert Shown(sample_image(labels=labels)).omero["rdefs"]["model"] == model


def test_w16_window_of_uint8_ends_at_255() -> None:
    """Without histograms the window is the range of the pixel type."""
    full = {"min": 0, "max": 255, "start": 0, "end": 255}
    channels = Shown(sample_image(dtype="uint8")).omero["channels"]
    assert [entry["window"] for entry in channels] == [full, full]


def test_windows_go_to_their_channels() -> None:
    """Windows are taken in the order of the channels."""
    windows = tuple(Window(min=0, max=9, start=n, end=5 + n) for n in range(2))
    channels = Shown(sample_image(), windows=windows).omero["channels"]
    assert [entry["window"]["start"] for entry in channels] == [0, 1]


def test_equal_labels_are_told_apart() -> None:
    """Two channels of one name get unique labels and wavelength ids."""
    image = sample_image(labels=("GFP", "GFP"))
    channels = Shown(image).omero["channels"]
    assert [entry["label"] for entry in channels] == ["GFP", "GFP_2"]
    assert [entry["wavelength_id"] for entry in channels] == ["GFP", "GFP_2"]


def test_channels_of_the_acquisition_may_be_given() -> None:
    """Channels given are shown instead of the image's own."""
    given = (
        ChannelInfo(channel_label="nuclei", wavelength_id="405", colors="FF0000"),
        ChannelInfo(channel_label="actin"),
    )
    channels = Shown(sample_image(), channels=given).omero["channels"]
    assert [entry["label"] for entry in channels] == ["nuclei", "actin"]
    assert channels[0]["color"] == "FF0000"


def test_image_without_channel_axis_has_one_channel() -> None:
    """Without a channel axis there still is one entry, as the specification asks."""
    image = sample_image(axes="zyx", labels=("BF",))
    assert len(Shown(image).omero["channels"]) == 1


@pytest.mark.parametrize(
    ("channels", "windows"), [(1, 2), (3, 3), (2, 1)], ids=["few", "many", "windows"]
)
def test_channels_and_windows_are_one_per_channel(channels: int, windows: int) -> None:
    """A wrong number of channel entries or windows is an error naming both."""
    given = tuple(ChannelInfo(channel_label=f"c{n}") for n in range(channels))
    window = Window(min=0, max=9, start=1, end=5)
    with pytest.raises(StoreError) as raised:
        Shown(sample_image(), channels=given, windows=(window,) * windows)
    assert str(raised.value) == (
        f"image B/03/0 has 2 channels, but {channels} channel entries and {windows} "
        "contrast windows. Give one entry per channel in details.channels."
    )
