"""Kinds of HCS.ai experiments: which is taken, and what is left out.

A plate has up to three: ``experiment`` (planes, or the projections of stacks),
``experiment_z_stack`` (the stacks) and ``experiment_montage`` (stitched by the
instrument).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, last_part, parent

STACK, SINGLE, MONTAGE = "stack", "single", "montage"


def by_kind(folders: Sequence[Directory]) -> Mapping[str, Directory]:
    """Return the folder of each kind of experiment: ``STACK``, ``SINGLE``, ``MONTAGE``.

    Raises:
        ParserError: There are two of one kind.
    """
    found: dict[str, Directory] = {}
    for folder in folders:
        name = last_part(folder.path).casefold().replace("_", "")
        kind = SINGLE
        if "montage" in name:
            kind = MONTAGE
        elif "zstack" in name:
            kind = STACK
        if kind in found:
            raise ParserError(
                f"{parent(folder.path)} holds two experiments of one kind, "
                f"{last_part(found[kind].path)} and {last_part(folder.path)}. Give one "
                "of them as path."
            )
        found[kind] = folder
    return found


def choose_roles(
    kinds: Mapping[str, Directory], choice: str, first: Directory
) -> tuple[Directory, Directory | None]:
    """Return the experiment to take, and the one beside it: projections or planes.

    Args:
        kinds: Folder of each kind of experiment.
        choice: What becomes of projections.
        first: Any of the folders, for messages.

    Raises:
        ParserError: There is none of the kind asked for.
    """
    stack, single = kinds.get(STACK), kinds.get(SINGLE)
    if choice == "only":
        if stack is None or single is None:
            raise ParserError(
                f"{parent(first.path)} holds planes only, and option projections is "
                "'only': no projections are left. Set projections to auto."
            )
        return single, stack
    if stack is not None:
        return stack, single
    return single or kinds[MONTAGE], None


def left_out_findings(
    images: pd.DataFrame, home: str, added: "pd.Series[bool]", choice: str
) -> list[Finding]:
    """Return findings on the images of the other experiment.

    Args:
        images: Its images.
        home: Name of its folder.
        added: Which of them are taken all the same.
        choice: What becomes of projections.
    """
    kind = "planes" if choice == "only" else "projections"
    lost, kept = images[~added], images[added]
    findings = []
    if len(lost):
        value, purpose = (
            ("auto", "to take them")
            if choice == "only"
            else ("keep", "for a plate of their own")
        )
        findings.append(
            Finding(
                code=f"{kind}_left_out",
                severity="info",
                message=f"{kind.capitalize()} of {home} left out: {len(lost)}. Set "
                f"options: {{projections: {value}}} of the acquisition {purpose}.",
                count=len(lost),
                files=tuple(lost["file"].iloc[:SHOWN]),
            )
        )
    if len(kept):
        waves = ", ".join(map(str, sorted(kept["wave"].unique())))
        findings.append(
            Finding(
                code="projections_taken",
                severity="info",
                message=f"{len(kept)} images of {home} are taken "
                f"beside the stacks: wavelengths {waves} have no stack.",
                count=len(kept),
                files=tuple(kept["file"].iloc[:SHOWN]),
            )
        )
    return findings


def montage_finding(folder: Directory | None, main: Directory) -> list[Finding]:
    """Return a finding on what the instrument stitched, if there is any."""
    if folder is None:
        return []
    taken = folder is main
    what = "is taken, there is no other" if taken else "is left out"
    return [
        Finding(
            code="montage_taken" if taken else "montage_left_out",
            severity="info",
            message=f"{last_part(folder.path)}, stitched by the instrument, {what}.",
        )
    ]
