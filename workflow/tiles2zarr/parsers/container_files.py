"""Finding files of one format: one file, or a folder of files that are wells or images.

The libraries that read them are imported here at use, with an error that tells how to
install them.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.models.well import parse_well
from tiles2zarr.parsers.directory import last_part, list_directory, parent
from tiles2zarr.parsers.xml import open_binary

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "projections": ("auto", "keep", "drop", "only"),
    "positions": ("images", "fields"),
}
_OPTIONS = (*_CHOICES, "images")
_WELL = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:(?:[Ww]ell[ _-]?)([A-Pa-p][0-9]{1,2})|([A-P][0-9]{2}))"
    r"(?![A-Za-z0-9])"
)
_MAGIC: Mapping[str, tuple[bytes, ...]] = {
    "czi": (b"ZISRAWFILE",),
    "nd2": (b"\xda\xce\xbe\x0a", b"\0\0\0\x0cjP  "),
    "lif": (b"\x70\0\0\0",),
}
DAMAGED: tuple[type[BaseException], ...] = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    RuntimeError,
    EOFError,
    SyntaxError,  # ElementTree.ParseError
    struct.error,
    zlib.error,
)
"""What the libraries raise on damaged files."""


@dataclass(frozen=True)
class ContainerOptions:
    """What may be asked of the parsers.

    Args:
        images: Only scenes and images whose names hold a match, where given.
        as_fields: All positions of a file are fields of one image.
    """

    images: re.Pattern[str] | None
    as_fields: bool


def read_options(given: Mapping[str, object], format_name: str) -> ContainerOptions:
    """Return the options of a format.

    Raises:
        ParserError: One is unknown, has an impossible value, or asks for projections
            only.
    """
    unknown = [name for name in given if name not in _OPTIONS]
    if unknown:
        raise ParserError(
            f"option {unknown[0]!r} is unknown to the format {format_name}; known: "
            f"{', '.join(_OPTIONS)}. Correct or delete it."
        )
    for name, choices in _CHOICES.items():
        if given.get(name, choices[0]) not in choices:
            raise ParserError(
                f"option {name} is {given[name]!r}, expected one of "
                f"{', '.join(choices)}. Correct it."
            )
    if given.get("projections") == "only":
        raise ParserError(
            f"the format {format_name} marks no projections, so option projections "
            "'only' leaves nothing. Set it to auto."
        )
    pattern = given.get("images")
    try:
        images = None if pattern is None else re.compile(str(pattern))
    except re.error as error:
        raise ParserError(
            f"option images is {pattern!r}, no regular expression: {error}. Correct "
            "it, e.g. images: '^Plate'."
        ) from error
    return ContainerOptions(images, given.get("positions") == "fields")


def find_containers(
    path: str, extension: str, storage: Mapping[str, object] | None
) -> tuple[str, tuple[str, ...], bool]:
    """Return the folder, the names of the files in it, and if ``path`` is that folder.

    Raises:
        ParserError: There is no such file.
    """
    folder = list_directory(path, storage)
    if folder is None:
        return parent(path), (last_part(path),), False
    ending = f".{extension}"
    names = tuple(n for n in folder.files if n.lower().endswith(ending))
    if not names:
        raise ParserError(
            f"{path} holds no file that ends with {ending}. Give such a file, or the "
            "folder they lie in."
        )
    return folder.path, names, True


def wells_of_names(names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the well of every file by its name, or nothing.

    Names tell wells if each holds exactly one: a letter up to P and two digits on their
    own (``B03``), or any well after the word ``Well`` (``WellB3``).
    """
    wells: dict[str, tuple[int, int]] = {}
    for name in names:
        stem = name.rpartition(".")[0]
        found = {a or b for a, b in _WELL.findall(stem)}
        well = well_of(found.pop()) if len(found) == 1 else None
        if well is None:
            return {}
        wells[name] = well
    return wells


def well_of(name: str) -> tuple[int, int] | None:
    """Return row and column, from 0, of a well's name, or nothing if it is none.

    Names of positions look like wells (``P73``); there is no such column.
    """
    try:
        return parse_well(name)
    except ValueError:
        return None


@contextmanager
def reading(
    file: str, extension: str, library: str, storage: Mapping[str, object] | None
) -> Iterator[None]:
    """Turn what a library raises within into one ``ParserError``.

    The first bytes are looked at first, so that text or another format is named.

    Args:
        file: Path or URL.
        extension: Format and extra.
        library: Name of the library.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file is damaged, of another format, or the library is not
            installed.
    """
    try:
        with open_binary(file, storage) as handle:
            magic = handle.read(10)
        if not magic.startswith(_MAGIC[extension]):
            raise ParserError(
                f"{file} is no {extension.upper()} file, it begins with {magic!r}. "
                "Copy it again from the instrument, or rename it."
            )
        yield
    except Tiles2ZarrError:
        raise
    except ImportError as error:
        raise ParserError(
            f"{file} cannot be read: the library {library} cannot be imported "
            f"({error}). Install it with `pip install tiles2zarr[{extension}]`."
        ) from error
    except DAMAGED as error:
        text = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        raise ParserError(
            f"{file} is no intact {extension.upper()} file ({type(error).__name__}: "
            f"{text}). Copy it again from the instrument."
        ) from error
