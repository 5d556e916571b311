"""Names of plates found from what the vendor says or from paths."""

import re
import unicodedata
from pathlib import PurePosixPath

from tiles2zarr.models.collection import check_name

_FILES = {
    ".companion",
    ".csv",
    ".htd",
    ".jdce",
    ".json",
    ".mes",
    ".mlf",
    ".mrf",
    ".ome",
    ".parquet",
    ".pq",
    ".tif",
    ".tiff",
    ".tsv",
    ".txt",
    ".wpi",
    ".wpp",
    ".xml",
}
"""Endings of tables, indexes and images; anything else is taken for a folder."""
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "µ": "u", "μ": "u"}
)
"""Letters that are none with an accent."""


def clean_name(text: str) -> str | None:
    """Return a text as a name for output paths, or nothing if nothing is left of it.

    Accents are dropped, and what is not a letter, digit or ``._ -`` becomes ``_``.
    """
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = letters.encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._ -]+", "_", plain)
    name = re.sub(r"^[^A-Za-z0-9]+", "", name)[:100].rstrip("_ .")
    return check_name(name) if name else None


def folder_name(path: str) -> str | None:
    """Return the cleaned name of the folder a path points to or its file stands in.

    A file without a folder gives its own name without the ending.
    """
    place = re.sub(r"^[a-z0-9+]+://", "", path.replace("\\", "/"))
    pure = PurePosixPath(place)
    if pure.suffix.lower() not in _FILES:
        return clean_name(pure.name)
    return clean_name(pure.parent.name) or clean_name(pure.name.split(".")[0])
