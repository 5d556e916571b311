"""Where a plate lies: its folder, the folders of its time points and steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN
from tiles2zarr.parsers.directory import (
    REPEATS,
    Directory,
    join,
    last_part,
    list_directory,
    parent,
)
from tiles2zarr.parsers.imagexpress_names import (
    ROOT,
    ImageName,
    holds_images,
    is_experiment,
    is_plan,
    read_folder,
    read_name,
)

DEPTH = 4
"""Folders below each other that are searched for a plate."""
_MOST_FOLDERS = 2000
_Image = tuple[ImageName, int, int, str]
"""What the name says, time point, step, and path in the plate."""
_COLUMNS = ("row", "column", "time", "site", "wave", "step", "file")


@dataclass(frozen=True)
class Found:
    """What stands at a path: one plate, or the experiments of one.

    Args:
        plate: Folder of a MetaXpress plate (export or database).
        experiments: Folders of HCS.ai experiments.
        plan: Name of the plan that was given as path, else ``None``.
    """

    plate: Directory | None
    experiments: tuple[Directory, ...] = ()
    plan: str | None = None


@dataclass(frozen=True)
class Listing:
    """The files of a plate, from one listing per folder.

    Args:
        folder: The plate's folder.
        plan: Path of the ``.HTD`` file, if there is one.
        plate_name: Name of the plate, as in the file names or of the plan.
        planes: One row per image in the order of the plate: ``row`` and ``column`` from
            0, ``time``, ``site``, ``wave`` as numbered, ``step`` (0: projections,
            ``ROOT``: in no step folder), ``file`` relative to the folder.
        thumbnails: Thumbnails.
        others: Files that are neither images of this plate nor plans.
    """

    folder: str
    plan: str | None
    plate_name: str
    planes: pd.DataFrame
    thumbnails: tuple[str, ...]
    others: tuple[str, ...]


def find_plate(path: str, storage: Mapping[str, object] | None = None) -> Found:
    """Return the plate at ``path``: a folder of or above it, or its index file.

    Raises:
        ParserError: There is none, or there are several.
    """
    top = list_directory(path, storage)
    named = last_part(path) if top is None and is_plan(path) else None
    top = top or list_directory(parent(path), storage)
    plates: list[Directory] = []
    experiments: list[Directory] = []
    for folder in _below(top, storage) if top else ():
        found = experiments if is_experiment(folder.files) else plates
        found.append(folder)
        if len(plates) > SHOWN:
            break
    homes = sorted({parent(folder.path) for folder in experiments})
    places = [folder.path for folder in plates] + homes
    if len(places) != 1:
        shown = ", ".join(places[:SHOWN]) or "none"
        raise ParserError(
            f"{path} should hold one plate of an ImageXpress (a .HTD or .jdce file, or "
            f"images named like plate_A01_s1_w1.tif); found: {shown}. Give the folder "
            f"of one plate as path{REPEATS if places else ''}."
        )
    return Found(plates[0] if plates else None, tuple(experiments), named)


def _below(top: Directory, storage: Mapping[str, object] | None) -> Iterator[Directory]:
    """Yield the folders that are plates or experiments, none inside of another."""
    level = [top]
    looked_into = 0
    for _ in range(DEPTH + 1):
        below: list[Directory] = []
        for folder in level:
            if is_experiment(folder.files) or holds_images(
                folder.files, folder.folders
            ):
                yield folder
                continue
            for name in folder.folders:
                looked_into += 1
                if looked_into <= _MOST_FOLDERS and not name.endswith(".zarr"):
                    listed = list_directory(join(folder.path, name), storage)
                    below += [listed] if listed else []
        level = below


def list_plate(
    folder: Directory,
    storage: Mapping[str, object] | None = None,
    named: str | None = None,
) -> Listing:
    """Return the files of a plate.

    Args:
        folder: The plate's folder.
        storage: Options of the file system, for URLs.
        named: Name of its plan, where the folder holds several.

    Raises:
        ParserError: It holds no image, images of several plates, or several plans.
    """
    plans = [n for n in folder.files if (n == named if named else is_plan(n))]
    if len(plans) > 1:
        raise ParserError(
            f"{folder.path} holds {len(plans)} plans ({', '.join(plans[:SHOWN])}), "
            "expected one. Give one of them as path."
        )
    images, thumbnails, others = _sort_files(folder, storage)
    stem = plans[0].rpartition(".")[0] if plans else None
    plate = _plate_name(folder.path, [name.plate for name, *_ in images], stem)
    own = [image for image in images if image[0].plate == plate]
    others += [image[3] for image in images if image[0].plate != plate]
    return Listing(
        folder=folder.path,
        plan=join(folder.path, plans[0]) if plans else None,
        plate_name=stem or plate,
        planes=_frame(own),
        thumbnails=tuple(sorted(thumbnails)),
        others=tuple(sorted(others)),
    )


def _sort_files(
    folder: Directory, storage: Mapping[str, object] | None
) -> tuple[list[_Image], list[str], list[str]]:
    """Return images, thumbnails and other files of a plate, plans left out."""
    images: list[_Image] = []
    thumbnails: list[str] = []
    others: list[str] = []
    for listing, prefix, time, step in _parts(folder, storage):
        for file in listing.files:
            name = read_name(file) if step is not None else None
            if name is None or step is None:
                others += [] if is_plan(file) else [prefix + file]
            elif name.thumbnail:
                thumbnails.append(prefix + file)
            else:
                images.append((name, time, step, prefix + file))
    return images, thumbnails, others


def _parts(
    folder: Directory, storage: Mapping[str, object] | None
) -> Iterator[tuple[Directory, str, int, int | None]]:
    """Yield the folders of a plate, each with its prefix, time point and step.

    The step of folders that are none of a plate is ``None``; what lies below them is
    not looked at.
    """
    pending: list[tuple[Directory, str, int, int | None]] = [(folder, "", 1, ROOT)]
    while pending:
        listing, prefix, time, step = pending.pop()
        yield listing, prefix, time, step
        if step is None:
            continue
        for name in listing.folders:
            below = list_directory(join(listing.path, name), storage)
            kind, number = read_folder(name) or (None, 0)
            if below is not None:
                place = (
                    (number, step)
                    if kind == "time"
                    else (time, number if kind == "step" else None)
                )
                pending.append((below, f"{prefix}{name}/", *place))


def _plate_name(folder: str, names: Sequence[str], stem: str | None) -> str:
    """Return the plate's name in the file names: that of the plan, or the only one."""
    distinct = sorted(set(names))
    same = [name for name in distinct if stem and name.casefold() == stem.casefold()]
    candidates = same or distinct
    if len(candidates) != 1:
        found = (
            f"images of {len(candidates)} plates ({', '.join(candidates[:SHOWN])})"
            if candidates
            else "no image of a plate"
        )
        raise ParserError(
            f"{folder} holds {found}, expected those of one plate, named like "
            "plate_A01_s1_w1.tif. Give the folder of one plate as path, or describe "
            "the names with format: pattern."
        )
    return candidates[0]


def _frame(images: Sequence[_Image]) -> pd.DataFrame:
    rows = [
        (name.row, name.column, time, name.site, name.wave, step, file)
        for name, time, step, file in images
    ]
    rows.sort()
    return pd.DataFrame(rows, columns=list(_COLUMNS))
