"""The whole config of one plate, and of a file that states several."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import (
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
)

from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.archive import Archive
from tiles2zarr.config.base import Section, expects
from tiles2zarr.config.omezarr import OmeZarr
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.registration import Registration
from tiles2zarr.config.values import Label, Location, Name, StorageOptions
from tiles2zarr.config.verification import Verification
from tiles2zarr.config.writing import Writing


class Report(Section):
    """The report page."""

    enabled: bool = True
    """Make ``results/<plate>/report.html``, one file with pictures and figures."""


def repeated_ids(ids: Iterable[int | None]) -> str | None:
    """Return a sentence naming ids that several acquisitions have, or nothing.

    Args:
        ids: The id of each acquisition, ``None`` where it is not known.
    """
    places: defaultdict[int, list[str]] = defaultdict(list)
    for index, number in enumerate(ids):
        if number is not None:
            places[number].append(f"acquisitions[{index}]")
    repeats = [
        f"id {number} stands at {' and '.join(at)}"
        for number, at in places.items()
        if len(at) > 1
    ]
    if not repeats:
        return None
    return f"each acquisition needs an id of its own, {'; '.join(repeats)}"


def numbered(acquisitions: object) -> object:
    """Give acquisitions without an id their position as id, where it is a list."""
    if not isinstance(acquisitions, list | tuple):
        return acquisitions
    return [
        {**item, "id": index}
        if isinstance(item, Mapping) and item.get("id") is None
        else item
        for index, item in enumerate(acquisitions)
    ]


class Config(Section):
    """The config of one plate or one set of single images."""

    plate: Plate | None = None
    """The plate; left out, wells in the input make a plate all the same."""
    name: Name | None = None
    """Name of a set of single images (the folder of its results), or of the plate where
    ``plate.name`` is left out."""
    output: Location = "results"
    """Folder of the OME-Zarr, relative to the folder Snakemake runs in, or a URL
    (``s3://bucket/prefix``); see ``docs/object-stores.md``."""
    output_storage_options: StorageOptions = Field(default={})
    """Options of the file system of ``output`` (``endpoint_url``, ``profile``), no
    secrets."""
    acquisitions: tuple[Acquisition, ...] = Field(min_length=1)
    """The acquisitions, at least one."""
    registration: Registration = Field(default_factory=Registration)
    """From stage positions to pixels."""
    writing: Writing = Field(default_factory=Writing)
    """How images are written."""
    omezarr: OmeZarr = Field(default_factory=OmeZarr)
    """The OME-Zarr that is made."""
    report: Report = Field(default_factory=Report)
    """The report page."""
    archive: Archive = Field(default_factory=Archive)
    """Metadata for archives."""
    verify: Verification = Field(default_factory=Verification)
    """What ``snakemake verify`` does."""
    extensions: tuple[Label, ...] = ()
    """Folders with functions of your own, importable in every job."""

    @field_validator("name")
    @classmethod
    def _one_name(cls, name: str | None, info: ValidationInfo) -> str | None:
        plate = info.data.get("plate")
        if plate is not None and plate.name not in (None, name):
            raise ValueError(
                f"{name!r} is not plate.name, {plate.name!r}: a plate has one name, "
                "take one of the two out"
            )
        return name

    @field_validator("acquisitions", mode="before")
    @classmethod
    def _numbered(cls, acquisitions: object) -> object:
        return numbered(acquisitions)

    @field_validator("acquisitions")
    @classmethod
    def _unique(cls, acquisitions: tuple[Acquisition, ...]) -> tuple[Acquisition, ...]:
        repeats = repeated_ids(acquisition.id for acquisition in acquisitions)
        if repeats:
            raise ValueError(repeats)
        return acquisitions


class ConfigFile(Config):
    """A config file: one plate, or several that share what is not stated per plate."""

    plates: (
        dict[
            Name,
            Annotated[
                Location | dict[str, JsonValue],
                expects("the path of a YAML file, or a mapping of what differs"),
            ],
        ]
        | None
    ) = None
    """Several plates: name to a YAML file or to the keys that differ, each merged over
    the rest of this file (``path`` alone is the path of the only acquisition); left
    out, one plate."""
