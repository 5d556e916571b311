"""Two folders change places in one step."""

from pathlib import Path

import pytest

from tiles2zarr.stores.exchange import exchange


def test_folders_change_places(tmp_path: Path) -> None:
    """Each name has what the other had."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").write_text(name)
    if not exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("the file system of the temporary folder cannot exchange names")
    assert (tmp_path / "one/content").read_text() == "other"
    assert (tmp_path / "other/content").read_text() == "one"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """Nothing is renamed where one of the two is not there."""
    (tmp_path / "one").mkdir()
    with pytest.raises(FileNotFoundError, match="other"):
        exchange(tmp_path / "one", tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
