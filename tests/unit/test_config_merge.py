"""The config's details over the vendor's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.config.details import Details
from tiles2zarr.config.merge import merge_details
from tiles2zarr.errors import ConfigError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo

VENDOR = AcquisitionDetails(
    pixelsize=0.5,
    z_spacing=3.0,
    start_z_coo="pixel",
    channels=(
        ChannelInfo(channel_label="CH 3", wavelength_id="405", colors="0000FF"),
        ChannelInfo(channel_label="BF"),
        ChannelInfo(channel_label="GFP", wavelength_id="488"),
    ),
)
IDS = ("3", "4", "1")


def _merge(raw: dict[str, object]) -> AcquisitionDetails:
    return merge_details(VENDOR, Details.model_validate(raw), IDS)


def test_nothing_stated_is_the_vendors() -> None:
    """Details that state nothing leave the vendor's as they are."""
    assert merge_details(VENDOR, Details(), IDS) == VENDOR


def test_stated_keys_replace_the_vendors() -> None:
    """A key that is stated wins, all others stay."""
    merged = _merge({"pixelsize": 0.65, "axes": "zyx", "data_type": "uint8"})
    expected = VENDOR.replace(pixelsize=0.65, axes="zyx", data_type="uint8")
    assert merged == expected
    assert merged.z_spacing == 3.0


def test_mapping_changes_fields_of_one_channel() -> None:
    """A channel is found by its id or name; fields that are not stated stay."""
    changes = {3: {"channel_label": "DAPI"}, "gfp": {"color": "green"}}
    labels = [
        (channel.channel_label, channel.wavelength_id, channel.colors)
        for channel in _merge({"channels": changes}).channels or ()
    ]
    assert labels == [
        ("DAPI", "405", "0000FF"),
        ("BF", None, None),
        ("GFP", "488", "00FF00"),
    ]


def test_id_goes_before_name() -> None:
    """Where the id of one channel is the name of another, the id counts."""
    vendor = AcquisitionDetails(
        channels=(ChannelInfo(channel_label="2"), ChannelInfo(channel_label="1"))
    )
    override = Details.model_validate({"channels": {"1": {"channel_label": "x"}}})
    merged = merge_details(vendor, override, ("1", "2"))
    assert [c.channel_label for c in merged.channels or ()] == ["x", "1"]


def test_list_names_channels_of_a_table() -> None:
    """Without channels of the vendor's a list is taken as it is."""
    listed = [{"channel_label": "DAPI", "wavelength_id": 405}, {"channel_label": "BF"}]
    override = Details.model_validate({"channels": listed})
    merged = merge_details(AcquisitionDetails(), override, ())
    assert merged.channels == (
        ChannelInfo(channel_label="DAPI", wavelength_id="405"),
        ChannelInfo(channel_label="BF"),
    )


def test_list_goes_over_the_vendors_channels() -> None:
    """A list renames by position; what it leaves out stays the vendor's."""
    listed = [{"channel_label": name} for name in "abc"]
    channels = _merge({"channels": listed}).channels or ()
    assert [(c.channel_label, c.wavelength_id) for c in channels] == [
        ("a", "405"),
        ("b", None),
        ("c", "488"),
    ]


def test_inputs_are_not_changed() -> None:
    """Merging changes neither the vendor's details nor the config's."""
    override = Details.model_validate({"channels": {"3": {"color": "red"}}})
    before = (VENDOR.model_dump(), override.model_dump())
    merge_details(VENDOR, override, IDS)
    assert (VENDOR.model_dump(), override.model_dump()) == before


@given(st.permutations(["3", "4", "1"]), st.integers(1, 3))
def test_order_of_a_mapping_does_not_matter(keys: list[str], count: int) -> None:
    """Channels named in any order give the same channels."""
    changes = {key: {"channel_label": f"new {key}"} for key in keys[:count]}
    expected = [
        f"new {key}" if key in keys[:count] else old
        for key, old in zip(IDS, ["CH 3", "BF", "GFP"], strict=True)
    ]
    channels = _merge({"channels": changes}).channels or ()
    assert [channel.channel_label for channel in channels] == expected


ALL = "3 ('CH 3'), 4 ('BF'), 1 ('GFP')"
FAULTS = [
    (
        {"7": {"color": "red"}},
        f"details.channels.7: no such channel; the acquisition has: {ALL}",
    ),
    (
        {"3": {"color": "red"}, "CH 3": {"color": "blue"}},
        "details.channels.CH 3: names a channel a second time",
    ),
    (
        [{"channel_label": "a"}],
        f"details.channels: lists 1 channels, the acquisition has 3: {ALL}. List all "
        "of them in this order, or change single ones by a mapping from id or name",
    ),
]


@pytest.mark.parametrize(("channels", "fault"), FAULTS, ids=["key", "twice", "count"])
def test_channels_that_do_not_fit_are_refused(channels: object, fault: str) -> None:
    """The message names the channels there are."""
    with pytest.raises(ConfigError) as caught:
        _merge({"channels": channels})
    assert caught.value.faults == (fault,)


def test_all_unknown_channels_are_told_at_once() -> None:
    """Every key that fits no channel has its line."""
    with pytest.raises(ConfigError) as caught:
        _merge({"channels": {"7": {}, "8": {}}})
    assert len(caught.value.faults) == 2


def test_name_of_several_channels_is_refused() -> None:
    """A name that two channels share asks for the id."""
    vendor = AcquisitionDetails(
        channels=(ChannelInfo(channel_label="BF"), ChannelInfo(channel_label="BF"))
    )
    override = Details.model_validate({"channels": {"BF": {"color": "red"}}})
    with pytest.raises(ConfigError) as caught:
        merge_details(vendor, override, ("1", "2"))
    assert caught.value.faults == (
        "details.channels.BF: 2 channels have this name; use the id: "
        "1 ('BF'), 2 ('BF')",
    )


def test_mapping_without_channels_of_the_vendors_is_refused() -> None:
    """A mapping needs channels to change; a tile table has none."""
    override = Details.model_validate({"channels": {"1": {"color": "red"}}})
    with pytest.raises(ConfigError) as caught:
        merge_details(AcquisitionDetails(), override, ())
    assert caught.value.faults == (
        "details.channels.1: no such channel; the acquisition has: none named by the "
        "vendor, give a list",
    )
