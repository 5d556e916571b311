"""Which headers are read: few, since a plate has up to a million files."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.imagexpress_header import PlaneTags, read_tags

Ints = NDArray[np.int64]
_THREADS = 16
"""More than cores: a file server's answer takes longer than the parsing."""
_BARE = (
    "{}: its ImageDescription holds no MetaSeries tags, which tell the stage position. "
    "Take the file as MetaXpress wrote it."
)
_TRIES = 3
"""Files of one field that are tried until one can be read."""
FIELD = ["row", "column", "site"]
_NUMBERS = (
    *("width", "height", "size", "x_um", "y_um", "z_um", "time"),
    *("pixel_um", "exposure_s", "wavelength_nm"),
)


@dataclass(frozen=True)
class Limits:
    """How many headers are read.

    Args:
        few: Plates of up to this many files are read whole: nothing is estimated.
        most: For the positions of fields, and to verify copies.
        of_wave: Of one wavelength in the field that stands for all.
    """

    few: int = 2_000
    most: int = 20_000
    of_wave: int = 2_000


LIMITS = Limits()


@dataclass(frozen=True)
class Headers:
    """The headers read so far.

    Args:
        folder: The plate's folder.
        tags: Header by row number of the planes.
        unreadable: Reason by row number.
        bare: By row number, headers of files without tags.
    """

    folder: str
    tags: Mapping[int, PlaneTags]
    unreadable: Mapping[int, str]
    bare: Mapping[int, PlaneTags] = field(default_factory=dict)

    def columns(self, count: int) -> pd.DataFrame:
        """Return the headers as columns for ``count`` planes, NaN where not read.

        ``known`` says where one was read, ``tagged`` where it names a projection.
        """
        places = np.fromiter(self.tags, dtype=np.int64, count=len(self.tags))
        table: dict[str, NDArray[np.generic]] = {}
        for name in _NUMBERS:
            column = np.full(count, nan)
            column[places] = [getattr(tags, name) for tags in self.tags.values()]
            table[name] = column
        for name, test in (("known", False), ("tagged", True)):
            mask = np.zeros(count, dtype=bool)
            mask[places] = [
                bool(tags.projection) if test else True for tags in self.tags.values()
            ]
            table[name] = mask
        return pd.DataFrame(table)


def read_headers(
    headers: Headers,
    planes: pd.DataFrame,
    places: Iterable[int],
    storage: Mapping[str, object] | None = None,
) -> Headers:
    """Return the headers with those of more planes, read by several threads.

    Args:
        headers: Those read before.
        planes: The planes of the plate.
        places: Row numbers of the planes to read.
        storage: Options of the file system, for URLs.
    """
    wanted = sorted(
        {int(p) for p in places} - set(headers.tags) - set(headers.unreadable)
    )
    files = planes["file"].to_numpy()
    paths = [join(headers.folder, files[place]) for place in wanted]
    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(lambda path: _try_tags(path, storage), paths))
    pairs = list(zip(wanted, results, strict=True))
    told = {p: r for p, r in pairs if isinstance(r, PlaneTags)}
    bare = {p: r for p, r in told.items() if not r.told}
    reasons = {p: r for p, r in pairs if isinstance(r, str)}
    reasons |= {p: _BARE.format(join(headers.folder, files[p])) for p in bare}
    return Headers(
        headers.folder,
        {**headers.tags, **{p: r for p, r in told.items() if r.told}},
        {**headers.unreadable, **reasons},
        {**headers.bare, **bare},
    )


def _try_tags(path: str, storage: Mapping[str, object] | None) -> PlaneTags | str:
    """Return the tags, or why they cannot be read: a finding for the caller to word."""
    try:
        return read_tags(path, storage)
    except ParserError as error:
        return str(error)


def read_samples(
    folder: str,
    planes: pd.DataFrame,
    storage: Mapping[str, object] | None = None,
    limits: Limits = LIMITS,
) -> Headers:
    """Return the headers that tell what the names do not.

    Of small plates all. Else every plane of one field per wavelength, and one plane of
    every field: where a field's header cannot be read, the next planes are tried. Where
    no file has tags, what their headers tell is the size of images.

    Args:
        folder: The plate's folder.
        planes: Its planes, in the order of the plate.
        storage: Options of the file system, for URLs.
        limits: How many headers are read.

    Raises:
        ParserError: No header can be read.
    """
    headers = Headers(folder, {}, {})
    if len(planes) <= limits.few:
        headers = read_headers(headers, planes, range(len(planes)), storage)
    else:
        places = [_repeated(planes), *_stand_ins(planes, limits)]
        headers = read_headers(headers, planes, np.concatenate(places), storage)
        for attempt in range(_TRIES):
            wanted = _first_planes(planes, headers, attempt, limits)
            headers = read_headers(headers, planes, wanted, storage)
    if headers.bare and not headers.tags:
        return replace(headers, tags=headers.bare, bare={}, unreadable={})
    if not headers.tags:
        reason = next(iter(headers.unreadable.values()), "it holds no image")
        raise ParserError(
            f"{folder}: no header of its images can be read, e.g. {reason}"
        )
    return headers


def _repeated(planes: pd.DataFrame) -> Ints:
    """Return planes that stand there twice, as after a second acquisition."""
    key = [*FIELD, "wave", "time", "step"]
    return np.flatnonzero(planes.duplicated(key, keep=False).to_numpy())


def _stand_ins(planes: pd.DataFrame, limits: Limits) -> list[Ints]:
    """Return, per wavelength, the planes of the field that has most of them.

    Of very long series, those of the first step or the first time point.
    """
    chosen = []
    for _, own in planes.groupby("wave", sort=True):
        sizes = own.groupby(FIELD, sort=True).size()
        row, column, site = sizes.index[int(sizes.to_numpy().argmax())]
        same = (own["row"] == row) & (own["column"] == column) & (own["site"] == site)
        field = own[same]
        if len(field) > limits.of_wave:
            edge = field["time"] == field["time"].min()
            field = field[edge | (field["step"] == field["step"].max())]
        chosen.append(field.index.to_numpy(dtype=np.int64))
    return chosen


def _first_planes(
    planes: pd.DataFrame, headers: Headers, attempt: int, limits: Limits
) -> Ints:
    """Return a plane of every field without a header: planes first, then projections.

    ``attempt`` is 0 for the first plane of each field, 1 for the second ... Of too many
    fields, one per well and all of the well with the most.
    """
    order = _preferred(planes)
    order = order[order.groupby(FIELD).cumcount() == attempt]
    fields = planes.groupby(FIELD).ngroup().to_numpy()
    done = fields[sorted(headers.tags)]
    wanted = order[~np.isin(fields[order.index], done)]
    if attempt > 0:
        failed = fields[sorted(headers.unreadable)]
        wanted = wanted[np.isin(fields[wanted.index], failed)]
    if len(wanted) > limits.most:
        wells = order.groupby(["row", "column"], sort=True).size()
        row, column = wells.index[int(wells.to_numpy().argmax())]
        best = (wanted["row"] == row) & (wanted["column"] == column)
        first = ~wanted.duplicated(["row", "column"])
        wanted = wanted[best | first]
    return np.asarray(wanted.index, dtype=np.int64)


def _preferred(planes: pd.DataFrame) -> pd.DataFrame:
    """Return the planes sorted by field, the one that stands for it first."""
    flat = planes["step"] <= 0
    return planes.assign(flat=flat).sort_values(
        [*FIELD, "time", "flat", "wave", "step"], kind="stable"
    )


def unreadable_finding(headers: Headers, planes: pd.DataFrame) -> list[Finding]:
    """Return a finding on headers that cannot be read."""
    if not headers.unreadable:
        return []
    places: Sequence[int] = sorted(headers.unreadable)
    files = planes["file"].to_numpy()
    message = (
        f"{len(places)} headers cannot be read, e.g. {headers.unreadable[places[0]]} "
        "What they tell is taken from other planes of their field."
    )
    return [
        Finding(
            code="unreadable_headers",
            message=message,
            count=len(places),
            files=tuple(files[place] for place in places[:SHOWN]),
        )
    ]
