"""The tiny plate with something wrong, and how its conversion ends.

The steps run in this process inside the frame that every script has: log file, exit
code, errors as lines. Afterwards the folder is searched for harm.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import tiles2zarr
from tests.e2e.convert import convert
from tests.reference.store import read_plate
from tests.rules.plate import STORE, Plate, files_below
from tiles2zarr.checkpoints import read_json
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.mark import KEY
from tiles2zarr.state import State
from tiles2zarr.steps.job import job

LOG_FILE = "job.log"
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?=[A-Z]+ )", re.MULTILINE)


@dataclass(frozen=True)
class Params:
    """What the rules hand to every script."""

    version: str = tiles2zarr.__version__
    package: str = str(Path(tiles2zarr.__file__).parent)
    extensions: Sequence[str] = ()


@dataclass(frozen=True)
class Frame:
    """The parts of a Snakemake job that the frame of a script looks at."""

    log: Sequence[str]
    rule: str = "convert"
    params: Params = field(default_factory=Params)


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    """Exit code."""
    entries: tuple[str, ...]
    """Entries of the log file, each with its level in front."""

    @property
    def message(self) -> str:
        """The last error, whole."""
        errors = [e for e in self.entries if e.startswith("ERROR ")]
        return errors[-1].removeprefix("ERROR ") if errors else ""

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults that the last error lists; itself if it is no list."""
        title, *faults = self.message.split("\n  - ")
        return tuple(faults) or (title,)


def run(work: Path, config: Mapping[str, object]) -> Ended:
    """Run all steps in ``work`` as a job would; tell how it ended."""
    log = work.with_name(f"{work.name}.{LOG_FILE}")
    code = 0
    with chdir(work):
        try:
            with job(Frame(log=[str(log)])):
                convert(config, Path())
        except SystemExit as error:
            code = int(error.code or 0)
    entries = (e.strip("\n") for e in _ENTRY.split(log.read_text(encoding="utf-8")))
    return Ended(code, tuple(e for e in entries if e))


def surroundings(root: Path) -> dict[str, object]:
    """Return every file and link below ``root`` but those of output, state and log."""
    found: dict[str, object] = {}
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if not re.match(r"(work/(out|results)/|work\.job\.log)", name):
            found[name] = os.readlink(path) if path.is_symlink() else path.lstat()
    return {
        name: (s.st_size, s.st_mtime_ns, s.st_mode)
        if isinstance(s, os.stat_result)
        else s
        for name, s in found.items()
    }


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        yield from (Path(folder, name) for name in names)
        yield from (Path(folder, d) for d in folders if Path(folder, d).is_symlink())


def listed(plate: Plate) -> list[str]:
    """Return the images that the plate and its wells list."""
    made = (plate.store / ".zattrs").exists()
    return sorted(read_plate(plate.store).images) if made else []


def finished(plate: Plate) -> list[str]:
    """Return the images that the output shows as complete, after a look for others.

    An image counts if plate and well list it. One that no list names may not look
    complete either: it has no receipt, and no group with our mark.
    """
    shown = listed(plate)
    marked = sorted(
        path.parent.relative_to(plate.store).as_posix()
        for path in plate.work.glob(f"{STORE}/*/*/*/.zattrs")
        if KEY in path.read_text()
    )
    assert marked == shown, "an image that is not listed looks complete"
    receipts = sorted(State(plate.state).images("written"))
    assert [r for r in receipts if not r.rpartition("/")[2].startswith(".")] == shown
    for image in shown:
        read_json(plate.receipt(image), Receipt)
    left = [
        p for p in files_below(plate.work / "out") if ".partial" in p or ".old" in p
    ]
    assert left == []
    return shown
