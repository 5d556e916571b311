"""What archives and repositories want to be told, written beside the images."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from tiles2zarr.config.base import Section, as_text
from tiles2zarr.config.values import Label


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"expected a day like 2025-03-31, got {value!r}") from None


Day = Annotated[Label, BeforeValidator(as_text), AfterValidator(_day)]


class Archive(Section):
    """Metadata for archives, made with the plate's tables."""

    ro_crate: bool = False
    """Write ``ro-crate-metadata.json`` (RO-Crate 1.1) into the plate."""
    ome_xml: bool = False
    """Write ``OME/METADATA.ome.xml`` into the plate; needs the package ``ome-types``
    (``pip install 'tiles2zarr[archive]'``)."""
    title: Label | None = None
    """Title of the data set; left out, the plate's name."""
    description: Label | None = None
    """What the data set is; left out, a sentence with its wells and images."""
    license: Label | None = None
    """Licence: a URL (``https://creativecommons.org/licenses/by/4.0/``) or its name."""
    published: Day | None = None
    """Date of publication, ``2025-03-31``; left out, the day of the newest source."""
