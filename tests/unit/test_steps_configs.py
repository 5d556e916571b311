"""What a config must be beyond its single values."""

import pytest

from tiles2zarr.errors import ConfigError
from tiles2zarr.steps.configs import checked_configs

PLATE = {"name": "P", "acquisitions": [{"path": "raw", "format": "tile_table"}]}


def test_output_behind_a_url_is_refused() -> None:
    """Object stores are not written: said before anything runs."""
    with pytest.raises(ConfigError) as caught:
        checked_configs(PLATE | {"output": "s3://bucket/plates"})
    assert caught.value.faults == (
        "output: 's3://bucket/plates' is a URL, but this version writes into folders "
        "only. Give a folder, and copy the finished plate",
    )


def test_all_faults_come_at_once() -> None:
    """An output and a function that cannot be had are two faults of one error."""
    loader = {"loader": {"function": "no_such_module:read"}}
    config = PLATE | {
        "output": "s3://b/p",
        "acquisitions": [PLATE["acquisitions"][0] | loader],
    }
    with pytest.raises(ConfigError) as caught:
        checked_configs(config)
    first, second = caught.value.faults
    assert first.startswith("output: ")
    assert second.startswith("acquisitions[0].loader.function: Module 'no_such_module'")
