"""What a config must be beyond its single values."""

import pytest

from tiles2zarr.errors import ConfigError
from tiles2zarr.steps.configs import checked_configs

PLATE = {"name": "P", "acquisitions": [{"path": "raw", "format": "tile_table"}]}
FAULTS = {
    "nowhere://bucket/plates": "has the protocol nowhere, which fsspec does not know. "
    "Correct it",
    "https://host/plates": "cannot be written to by HTTP. Give a folder or an object "
    "store",
    "simplecache::s3://bucket/plates": "is a chain of URLs, which cannot be written "
    "to. Give a plain URL",
}


@pytest.mark.parametrize(("output", "fault"), FAULTS.items(), ids=FAULTS)
def test_output_that_cannot_be_written(output: str, fault: str) -> None:
    """A URL nothing can be written to is said before anything runs."""
    with pytest.raises(ConfigError) as caught:
        checked_configs(PLATE | {"output": output})
    assert caught.value.faults == (f"output: {output!r} {fault}",)


def test_output_in_an_object_store() -> None:
    """An object store, or a folder as a URL, is an output like any other."""
    for output in ("s3://bucket/plates", "file:///tmp/plates", "memory://plates"):
        assert checked_configs(PLATE | {"output": output})["P"].output == output


def test_all_faults_come_at_once() -> None:
    """An output and a function that cannot be had are two faults of one error."""
    loader = {"loader": {"function": "no_such_module:read"}}
    config = PLATE | {
        "output": "https://b/p",
        "acquisitions": [PLATE["acquisitions"][0] | loader],
    }
    with pytest.raises(ConfigError) as caught:
        checked_configs(config)
    first, second = caught.value.faults
    assert first.startswith("output: ")
    assert second.startswith("acquisitions[0].loader.function: Module 'no_such_module'")


def test_signed_url_is_refused() -> None:
    """A URL with a signature is a secret, which the config must not hold."""
    signed = {"output": "s3://bucket/p?X-Amz-Signature=0123"}
    with pytest.raises(ConfigError, match="output: holds a signature or token"):
        checked_configs(PLATE | signed)


def test_secret_options_of_the_output_are_refused() -> None:
    """A secret in the output's options is a fault that does not repeat its value."""
    options = {"client_kwargs": {"aws_secret_access_key": "c0ffee"}}
    with pytest.raises(ConfigError, match="secrets do not belong") as caught:
        checked_configs(PLATE | {"output_storage_options": options})
    assert "c0ffee" not in str(caught.value)
