"""The option ``projections``: what it says, and which images it takes.

One rule for all formats that tell projections from planes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding

CHOICES = ("auto", "keep", "drop", "only")
Mask = NDArray[np.bool_]
_OPTION = "projections"


def read_choice(options: Mapping[str, object], format_name: str) -> str:
    """Return the option ``projections``, ``auto`` where it is not given.

    Raises:
        ParserError: An option is unknown, or its value is.
    """
    unknown = [name for name in options if name != _OPTION]
    if unknown:
        raise ParserError(
            f"option {unknown[0]!r} is unknown to the format {format_name}, known is "
            f"{_OPTION!r}. Delete it."
        )
    choice = options.get(_OPTION, "auto")
    if choice not in CHOICES:
        raise ParserError(
            f"option {_OPTION} is {choice!r}, expected one of {', '.join(CHOICES)}. "
            "Correct it."
        )
    return str(choice)


@dataclass(frozen=True)
class Chosen:
    """Which images become tiles.

    Args:
        taken: Per image, whether it does.
        alone: Per image, whether it is a projection taken for want of planes.
    """

    taken: Mask
    alone: Mask


def choose_images(
    channels: "pd.Series[int]", projected: Mask, usable: Mask, choice: str, source: str
) -> Chosen:
    """Return which images become tiles.

    With ``auto`` and ``keep`` those are the planes, and of a channel that has no plane
    in the whole acquisition its projections: nothing is lost, and no channel mixes the
    two.

    Args:
        channels: Channel of every image.
        projected: Which images are projections.
        usable: Which images hold pixels of their own: neither failed nor copies.
        choice: One of ``CHOICES``; ``keep`` is ``auto``.
        source: Where the images are listed, for messages.

    Raises:
        ParserError: None that holds pixels is of the kind asked for.
    """
    taken = projected if choice == "only" else ~projected
    alone = np.zeros(len(channels), dtype=bool)
    if choice in ("auto", "keep"):
        flat = channels.isin(channels[projected & usable].unique())
        flat &= ~channels.isin(channels[~projected & usable].unique())
        alone = projected & flat.to_numpy()
        taken = np.where(flat, projected, taken)
    if not (taken & usable).any():
        held, lacked = ("planes", "projections")
        if choice == "drop":
            held, lacked = lacked, held
        raise ParserError(
            f"{source} holds {held} only, and option projections is {choice!r}: no "
            f"{lacked} are left. Set projections to auto."
        )
    return Chosen(taken, alone)


def report_left_out(files: Sequence[str], listed: str = "") -> list[Finding]:
    """Return a finding on projections that are left out.

    Args:
        files: Their files.
        listed: Which they are, for the message.
    """
    if not len(files):
        return []
    which = f" ({listed})" if listed else ""
    return [
        Finding(
            code="projections_left_out",
            severity="info",
            message=f"Projections left out: {len(files)}{which}. Set options: "
            "{projections: keep} of the acquisition for a plate of their own.",
            count=len(files),
            files=tuple(files[:SHOWN]),
        )
    ]


def report_alone(
    files: Sequence[str], channels: Sequence[str], beside_planes: bool
) -> list[Finding]:
    """Return a finding on projections that are taken for want of planes.

    Args:
        files: Their files.
        channels: Names of their channels.
        beside_planes: Whether other channels have planes.
    """
    if not len(files):
        return []
    place = " beside the planes of others" if beside_planes else ""
    verb = "has" if len(channels) == 1 else "have"
    return [
        Finding(
            code="projections_taken",
            severity="info",
            message=f"{len(files)} projections are taken{place}: "
            f"{', '.join(channels)} {verb} no planes.",
            count=len(files),
            files=tuple(files[:SHOWN]),
        )
    ]
