"""Files that are not finished: told by their name, removed by who writes them next."""

import os
import subprocess
import sys
from pathlib import Path

from tiles2zarr.checkpoints import write_json
from tiles2zarr.stores.local import LocalStore
from tiles2zarr.temporary import beside, is_temporary, sweep


def left_by_the_dead(path: Path) -> Path:
    """Lay what a process that is gone left of its try to write ``path``."""
    code = (
        "import sys; from pathlib import Path; from tiles2zarr.temporary import beside;"
        "left = beside(Path(sys.argv[1])); left.write_text('half'); print(left)"
    )
    command = [sys.executable, "-c", code, str(path)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(result.stdout.strip())


def test_only_names_of_ours_are_temporary(tmp_path: Path) -> None:
    """A name beside tells the process; documents and files of others are not ours."""
    name = beside(tmp_path / ".zattrs").name
    assert name.startswith(f"..zattrs.{os.getpid()}-")
    assert is_temporary(name)
    for other in (".zattrs", "zarr.json", ".0.lock", ".notes.12", ".a.b-12345678"):
        assert not is_temporary(other)


def test_what_the_dead_left_is_swept_and_no_more(tmp_path: Path) -> None:
    """Files of live processes and of other names stay."""
    path, other = tmp_path / "0.json", tmp_path / "00.json"
    mine, theirs, elsewhere = beside(path), left_by_the_dead(path), beside(other)
    mine.write_text("half")
    kept = left_by_the_dead(other)
    elsewhere.write_text("half")
    sweep(path)
    assert set(tmp_path.iterdir()) == {mine, kept, elsewhere}
    assert not theirs.exists()


def test_many_files_are_swept_at_once(tmp_path: Path) -> None:
    """In each folder what the dead left of the wanted names goes, and no more."""
    wanted = [tmp_path / "a/0.json", tmp_path / "a/1.json", tmp_path / "b/0.json"]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    theirs = [left_by_the_dead(path) for path in wanted]
    other = left_by_the_dead(tmp_path / "b/1.json")
    sweep(*wanted)
    assert not any(path.exists() for path in theirs)
    assert other.exists()


def test_writers_sweep(tmp_path: Path) -> None:
    """State files and documents of groups clear up beside themselves."""
    left_by_the_dead(tmp_path / "0.json")
    write_json(tmp_path / "0.json", {"schema": 1})
    left_by_the_dead(tmp_path / ".zattrs")
    LocalStore(tmp_path).put(".zattrs", b"{}")
    assert {path.name for path in tmp_path.iterdir()} == {"0.json", ".zattrs"}
