"""The state of a plate read for its report: each image's, boiled down at once."""

import csv
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import yaml
from pydantic import Field

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config.options.report import ReportOptions
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, Outcome, Plan
from tiles2zarr.models.receipt import Histogram, Receipt
from tiles2zarr.models.well import well_name
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.ngff.windows import contrast_window, merge_by_channel
from tiles2zarr.report.facts import (
    AcquisitionFacts,
    Contrast,
    Facts,
    ImageFacts,
    RuleUse,
)
from tiles2zarr.report.frame import Place
from tiles2zarr.report.summary import summarise
from tiles2zarr.state import State
from tiles2zarr.steps.output import open_store
from tiles2zarr.versions import package_versions

LOG = logging.getLogger("tiles2zarr")
PACKAGES = ("snakemake", "numpy", "zarr", "imagecodecs", "tifffile", "pillow", "ngio")
"""Packages whose versions the page tells."""
USUAL = 75
"""Percentile, over all images, of the end of an image's own window."""
BRIGHT = 1.5
"""Wells this much brighter than the usual ones do not make all others black."""
ChannelKey = tuple[int, str]
Model = TypeVar("Model", bound=Frozen)


class Noticed(Frozen):
    """``findings.json``: everything noticed, merged by build_tables."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    findings: tuple[Finding, ...]
    """One per code."""


def read_facts(state: State, options: ReportOptions) -> Facts:
    """Return what the state tells of a plate; what is missing or damaged is left out.

    Raises:
        Tiles2ZarrError: There is no plan.
    """
    plan = read_json(state.plan, Plan)
    images: list[ImageFacts] = []
    types: dict[ChannelKey, str] = {}
    ends: dict[ChannelKey, list[float]] = defaultdict(list)
    merged = merge_by_channel(_histograms(plan, state, images, types, ends))
    noticed = _read(state.findings, Noticed)
    groups = sorted({image.group for image in images if image.group})
    return Facts(
        name=options.name,
        output=options.output,
        layout=options.layout or plan.layout,
        images=tuple(images),
        acquisitions=_acquisitions(plan, state),
        findings=noticed.findings if noticed else plan.findings,
        contrast={k: _contrast(h, types[k], ends[k]) for k, h in merged.items()},
        foreign={group: _foreign(group, plan, options) for group in groups},
        use=tuple(_use(state.root / "benchmarks")),
        versions=_versions(),
        config_set=_yaml(options.config_set),
        config_full=_yaml(options.config),
    )


def _histograms(
    plan: Plan,
    state: State,
    images: list[ImageFacts],
    types: dict[ChannelKey, str],
    ends: dict[ChannelKey, list[float]],
) -> Iterator[tuple[ChannelKey, Histogram]]:
    """Yield the histograms of all receipts, filling ``images``, ``types`` and ``ends``.

    Receipts of 1536 wells do not fit into memory together: each is read once, summed
    up and forgotten.
    """
    outcomes = _outcomes(plan, state)
    for image, entry in sorted(plan.images.items()):
        outcome = outcomes.get(image)
        receipt = _read(state.written(image), Receipt)
        registered = _read(state.registered(image), RegisteredImage)
        facts = summarise(image, entry, outcome, receipt, registered)
        images.append(facts)
        if receipt is None or facts.standing != "written":
            continue
        for label, stats in zip(receipt.labels, receipt.channels, strict=False):
            key = entry.acquisition, label
            types.setdefault(key, facts.dtype or "uint16")
            ends[key].append(contrast_window(stats.histogram, types[key]).end)
            yield key, stats.histogram


def _outcomes(plan: Plan, state: State) -> dict[str, Outcome]:
    """Return how each image fared in the last step that told of it."""
    outcomes: dict[str, Outcome] = {}
    for step in ("register", "write_zarr"):
        for batch in plan.batches:
            told = _read(state.done(step, batch), BatchOutcome)
            if told is None:
                continue
            if step == "write_zarr":
                outcomes |= told.images
            else:
                bad = {i: o for i, o in told.images.items() if o.status != "done"}
                outcomes |= bad
    return outcomes


def _read(path: Path, model: type[Model]) -> Model | None:
    """Return the model in a file, ``None`` if it is not there or damaged."""
    if not path.is_file():
        return None
    try:
        return read_json(path, model)
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return None


def _contrast(histogram: Histogram, dtype: str, ends: list[float]) -> Contrast:
    """Return the plate's window, narrowed where a few wells are far brighter.

    Args:
        histogram: Of the channel over all images.
        dtype: Pixel type.
        ends: End of each image's own window.
    """
    window = contrast_window(histogram, dtype)
    usual = float(np.percentile(ends, USUAL, method="lower"))
    usual = window.start + BRIGHT * (usual - window.start)
    return Contrast(window.start, min(window.end, max(usual, window.start + 1e-6)))


def _acquisitions(plan: Plan, state: State) -> tuple[AcquisitionFacts, ...]:
    decisions = _read(state.decisions, Decisions)
    made = decisions.acquisitions if decisions else {}
    return tuple(
        AcquisitionFacts(
            id=entry.id,
            name=entry.name or str(entry.id),
            tiling=made[entry.id].tiling.kind if entry.id in made else "",
            reason=made[entry.id].reason if entry.id in made else "",
        )
        for entry in plan.acquisitions
    )


def _foreign(group: str, plan: Plan, options: ReportOptions) -> tuple[Place, ...]:
    """Return the wells of a plate that hold no image of the plan."""
    planned = {e.well for e in plan.images.values()}
    try:
        found = read_plate(
            open_store(options.output, options.output_storage_options).below(
                f"{group}.zarr"
            )
        )
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return ()
    wells = found[0].wells if found else ()
    return tuple(place for place in wells if well_name(*place) not in planned)


def _use(folder: Path) -> Iterator[RuleUse]:
    """Yield what the jobs of each rule took, in the order of the files' names."""
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for path in sorted(folder.glob("**/*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        with path.open(newline="", encoding="utf-8") as lines:
            rows[rule] += csv.DictReader(lines, delimiter="\t")
    for rule, jobs in rows.items():
        yield RuleUse(
            rule=rule,
            jobs=len(jobs),
            seconds=sum(_numbers(jobs, "s")),
            cpu_seconds=sum(_numbers(jobs, "cpu_time")),
            peak_mb=max(_numbers(jobs, "max_rss"), default=0.0),
        )


def _numbers(jobs: Iterable[Mapping[str, str]], column: str) -> list[float]:
    """Return a column as numbers; a job too short to be measured says ``NA``."""
    cells = (job.get(column) or "NA" for job in jobs)
    return [0.0 if cell in ("NA", "-") else float(cell) for cell in cells]


def _versions() -> dict[str, str]:
    found = package_versions(PACKAGES)
    own = {"tiles2zarr": found.pop("tiles2zarr"), "Python": found.pop("python")}
    return own | found


def _yaml(values: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
