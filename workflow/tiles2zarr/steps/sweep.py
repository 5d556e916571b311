"""Digests of source files for the rules' params: a change re-runs just its batch.

Runs in the head process, so nothing heavy is imported, and a file costs one stat; of
files behind URLs their folders are listed, once per process. As inputs of jobs the same
files cost ten times as much, a removed one ends the whole run and a brace in a name is
taken for a wildcard.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from tiles2zarr.config import slices
from tiles2zarr.config.base import Section
from tiles2zarr.config.root import Config
from tiles2zarr.filesystems import local_path
from tiles2zarr.state import State
from tiles2zarr.steps.ages import age_state
from tiles2zarr.steps.listings import (
    MISSING,
    REFUSED,
    UNTOLD,
    Listings,
    Options,
    Stat,
    ask,
    stat_file,
)
from tiles2zarr.steps.state_files import state_of_disk

IMAGE_ENDINGS = (
    ".tif",
    ".tiff",
    ".tf2",
    ".tf8",
    ".btf",
    ".stk",
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".npy",
)
"""Files parse_tiles watches by name only; their content is register's business."""
GONE = "gone"
"""Said of a file that is not there."""
REFUSED_NOW = "refused"
"""Said of a file whose server could not be asked this time."""
_SAID = {MISSING: GONE, UNTOLD: "not told", REFUSED: REFUSED_NOW}


def index_digest(config: Config, state: State) -> str:
    """Return a digest of everything parse_tiles reads: tables, indexes, file names.

    When every input is gone it is the digest of the last run: sources moved to an
    archive are no reason to run anything.
    """
    each = config.writing.track_sources is True
    lines: list[str] = []
    for acquisition in config.acquisitions:
        storage = acquisition.storage_options
        for path in acquisition.path:
            lines += _listing(str(path), storage, each=each)
        tables = [acquisition.conditions, acquisition.options.positions]
        tables.append(config.plate.conditions if config.plate else None)
        for table in filter(None, tables):
            near = local_path(table)
            lines.append(
                _line(table, ask(table, storage)) if near is None else _stamp(near)
            )
    waiting = list(_waiting(config, state.waiting, each=each))
    recorded = state.sources("index")
    if (_is_archived(lines) or _is_refused(waiting)) and recorded.is_file():
        return recorded.read_text()
    return _sha([*lines, *waiting])


def _waiting(config: Config, waiting: Path, *, each: bool) -> Iterator[str]:
    """Yield what the last plan left for later, so that it is seen to settle."""
    settle_s = config.writing.settle
    if not settle_s or not waiting.is_file():
        return
    with state_of_disk(waiting):
        left = cast("dict[str, list[str]]", json.loads(waiting.read_bytes())["files"])
    for acquisition in config.acquisitions:
        files = left.get(str(acquisition.id), [])
        stats = _listings(each).stats(files, acquisition.storage_options)
        for file, stat in zip(files, stats, strict=True):
            yield _line(file, stat, settle_s)


def step_options(step: str, config: Config) -> dict[str, object]:
    """Return a step's slice of the config as JSON values.

    Where the step calls the user's functions it holds a digest of their modules: a
    changed filter, loader or registration step is then a changed option.

    Args:
        step: ``parse``, ``register``, ``write`` or ``tables``.
        config: The plate's config.
    """
    select: Callable[[Config], Section] = getattr(slices, f"{step}_options")
    options = select(config).model_dump(mode="json")
    if "code" in options:
        options["code"] = _code_digest(config)
    return options


def _code_digest(config: Config) -> str:
    folders = map(Path, config.extensions)
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    if not files:
        return ""
    return _sha(f"{f}|{hashlib.sha256(f.read_bytes()).hexdigest()}" for f in files)


def batch_digest(config: Config, state: State, batch: str) -> str:
    """Return a digest over path, size and time of a batch's source files.

    When every source is gone (archived) it is the digest of the last run; with
    ``writing.track_sources: false`` it is always the same.
    """
    if config.writing.track_sources is False:
        return "not watched"
    task = state.batch(batch)
    changed = task.stat().st_mtime_ns if task.is_file() else 0
    each = config.writing.track_sources is True
    far = {a.id: a.storage_options for a in config.acquisitions if a.storage_options}
    frozen = json.dumps(far, sort_keys=True)
    settle_s = config.writing.settle
    return _batch_digest(task, state.sources(batch), changed, frozen, each, settle_s)


def forget() -> None:
    """Look at all sources anew, as another process would."""
    _batch_digest.cache_clear()
    _listings.cache_clear()


@cache
def _listings(each: bool) -> Listings:
    return Listings(each=each)


@cache
def _batch_digest(
    batch: Path,
    recorded: Path,
    changed: int,
    storage: str,
    each: bool,
    settle_s: float,
) -> str:
    with state_of_disk(batch):
        task = json.loads(batch.read_bytes())
        folders = cast("dict[str, list[str]]", task["sources"])
        far = cast("dict[str, int]", task.get("far", {}))
    options = json.loads(storage)
    lines: list[str] = []
    for folder, names in folders.items():
        files = [f"{folder.rstrip('/')}/{name}" for name in names]
        if folder in far:
            given = options.get(str(far[folder]), {})
            stats = _listings(each).stats(files, given)
        else:
            # all files of a plate at every start: threads would cost ten times as much
            stats = list(map(stat_file, files))
        lines += (_line(f, s, settle_s) for f, s in zip(files, stats, strict=True))
    if _is_archived(lines) and recorded.is_file():
        return recorded.read_text()
    return _sha(lines)


def _is_archived(lines: Sequence[str]) -> bool:
    """Say whether the digest of the last run holds: all is gone, or nobody tells."""
    gone = bool(lines) and all(line.endswith(f"|{GONE}") for line in lines)
    return gone or _is_refused(lines)


def _is_refused(lines: Sequence[str]) -> bool:
    return any(line.endswith(f"|{REFUSED_NOW}") for line in lines)


def _listing(place: str, storage: Options, *, each: bool) -> Iterator[str]:
    """Yield names of images and stamps of all other files at or below a place."""
    if local_path(place) is None:
        for url, stat in sorted(_listings(each).tree(place, storage).items()):
            image = url != place and url.lower().endswith(IMAGE_ENDINGS)
            yield url if image else _line(url, stat)
        return
    path = local_path(place) or place
    if not os.path.isdir(path):
        yield _stamp(path)
    else:
        stack = [path]
        while stack:
            folder = stack.pop()
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda item: item.name):
                    if entry.is_dir():
                        stack.append(entry.path)
                    elif entry.name.lower().endswith(IMAGE_ENDINGS):
                        yield entry.path
                    else:
                        yield _stamp(entry.path)


def _line(place: str, stat: Stat, settle_s: float = 0) -> str:
    """Return what is told of a file; always the same if its server does not tell.

    One that is younger than ``settle_s`` has another line when it has settled.
    """
    told = _SAID.get(stat) or f"{stat[0]}|{stat[1]}"
    young = settle_s and age_state(stat, settle_s) == "young"
    return f"{place}|{told}{'|young' if young else ''}"


def _stamp(path: str) -> str:
    return _line(path, stat_file(path))


def _sha(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
