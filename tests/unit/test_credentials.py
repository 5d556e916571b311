"""Secrets in URLs are seen, refused wherever places are told, and never repeated."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.convert import convert
from tests.rules.plate import TABLE, WELLS, Plate, config, table_rows, write_csv
from tiles2zarr.credentials import credential_in
from tiles2zarr.errors import ConfigError, TableError
from tiles2zarr.parsers.formats import parse_acquisition

SECRET = "3q2b7wT0pS"
SIGNATURE, PASSWORD = "a signature or token", "a password"
HELD = {
    f"https://b.s3.example.org/x.tif?X-Amz-Date=1&X-Amz-Signature={SECRET}": SIGNATURE,
    f"https://a.blob.example.net/c/x.tif?sv=2024&sig={SECRET}": SIGNATURE,
    f"https://host/x.tif#access_token={SECRET}": SIGNATURE,
    f"https://host/x.tif?api_key={SECRET}": SIGNATURE,
    f"https://me:{SECRET}@host/x.tif": PASSWORD,
    f"s3://AKIATILES:{SECRET}@bucket/x.tif": PASSWORD,
    f"zip://x.tif::https://me:{SECRET}@host/a.zip": PASSWORD,
    f"simplecache::https://host/x.tif?sig={SECRET}": SIGNATURE,
}
HARMLESS = (
    "raw/sig=1/me:you@home?token=2.tif",
    "/raw/x.tif",
    "s3://bucket/day 1/B03@20x:1.tif",
    "s3://bucket/x.tif?versionId=3",
    "https://host:8080/x.tif?design=2&page=1",
    "sftp://me@host/x.tif",
    "zip://x.tif::s3://bucket/a.zip",
)


@pytest.mark.parametrize(("location", "secret"), HELD.items())
def test_secrets_are_seen(location: str, secret: str) -> None:
    """Signatures of the clouds, tokens and passwords, in every part of a chain."""
    assert credential_in(location) == secret


@pytest.mark.parametrize("location", HARMLESS)
def test_names_are_no_secrets(location: str) -> None:
    """Local names, users without password, versions and ports are allowed."""
    assert credential_in(location) is None


@pytest.mark.parametrize("location", HELD)
@pytest.mark.parametrize("key", ["path", "conditions", "output"])
def test_config_refuses_them(key: str, location: str) -> None:
    """Wherever the config names a place the fault has its key and not the secret."""
    where = {} if key == "output" else {"acquisition": {key: location}}
    settings = config(**where) | ({"output": location} if key == "output" else {})
    with pytest.raises(ConfigError) as caught:
        convert(settings, Path("unused"))
    name = "output" if key == "output" else rf"acquisitions\[0\]\.{key}(\[0\])?"
    assert re.search(
        rf"{name}: holds a (signature or token|password)", str(caught.value)
    )
    assert SECRET not in str(caught.value)


def test_tile_table_refuses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fault per kind of secret, with table, rows and cure; nothing is written."""
    plate = Plate(tmp_path)
    monkeypatch.chdir(tmp_path)
    rows = table_rows(*WELLS)
    signed, user = f"https://h/a.tif?sig={SECRET}", f"https://me:{SECRET}@h/a.tif"
    for number, url in ((2, signed), (3, signed), (6, user)):
        rows[number]["file_path"] = url
    write_csv(plate.work / TABLE, rows)
    with pytest.raises(TableError) as caught:
        convert(config(acquisition={"conditions": None}), tmp_path)
    cure = (
        ", and names of files are copied into logs, state and plate. Give the URL "
        "without it (s3:// rather than a signed https://), and credentials through "
        "storage_options (profile), the environment or ~/.aws."
    )
    assert caught.value.title == "tile table raw/tiles.csv"
    assert caught.value.faults == (
        f"file_path 'https://h/a.tif' holds {SIGNATURE} in table rows 3, 4{cure}",
        f"file_path 'https://h/a.tif' holds {PASSWORD} in table row 7{cure}",
    )
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
    assert not (tmp_path / "out").exists()


def test_signed_names_beside_a_table() -> None:
    """A relative name with a signature is one if the table lies on a web server."""
    from tiles2zarr.parsers.tile_columns import check_files

    files = pd.Series([f"a.tif?sig={SECRET}"], dtype=object).to_numpy()
    rows = pd.Series([1]).to_numpy()
    assert check_files(files, rows, "raw") == []
    (fault,) = check_files(files, rows, "https://host/raw")
    assert fault.startswith("file_path 'a.tif' holds a signature or token")


PARSER = f"""
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.parsers.records import ParsedAcquisition, build_table

def parse(path, options, storage):
    columns = dict(row=1, column=1, fov="1", x=0.0, y=0.0, len_x=4, len_y=3)
    table = build_table({{"file": ["a.tif?sig={SECRET}"], **columns}})
    return ParsedAcquisition(table, AcquisitionDetails(), "https://me:{SECRET}@host")
"""


def test_parsers_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a parser of the user's returns is held to the same."""
    (tmp_path / "signed_tiles.py").write_text(PARSER)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(TableError) as caught:
        parse_acquisition("x", "signed_tiles:parse", {}, {})
    del sys.modules["signed_tiles"]
    assert caught.value.title == "table of tiles returned by signed_tiles:parse"
    first, second = caught.value.faults
    assert "in table row 1" in first
    assert second == "resource holds a password. Return it without."
    assert SECRET not in str(caught.value)
