"""``tiles2zarr init``: a commented config for a folder of tiles."""

import argparse
import shlex
from pathlib import Path

import yaml

from tiles2zarr.commands.telling import document
from tiles2zarr.config.names import clean_name, folder_name
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.parsers.pattern_files import list_tree
from tiles2zarr.parsers.pattern_guess import PatternGuess, guess_pattern
from tiles2zarr.parsers.peek import detect, plate_name

_EXAMPLES = 3
_TEMPLATE = """\
# Config for {folder}
# Every key: config/README.md of tiles2zarr; a key left out takes its default.
# {saved}: snakemake -c all --configfile {file}

plate:
  name: {name}  # -> <output>/<name>.zarr
  # layout: 96                # 6 ... 1536 or {{rows: 16, columns: 24}}
  # uniform: true             # same channels, z and t in every image
  # conditions: layout.csv    # what is in the wells: row, column (or well), drug ...

output: results               # a folder, or s3://bucket/prefix

acquisitions:
  - path: {path}
    format: {format}
{options}\
    # details:                # stated over what the files say
    #   pixelsize: 0.65       # micrometer
    #   z_spacing: 2.0        # micrometer
    #   channels:             # by the id in the files
    #     "1": {{channel_label: DAPI, colors: "0000FF"}}
    # stage_corrections: {{flip_y: true}}
    # filters:
    #   - {{kind: well, mode: include, wells: [B03, C04]}}

# registration:
#   tiling_mode: auto         # snap_to_grid, snap_to_corners, inplace, no_tiling

# writing:
#   overwrite_mode: no_overwrite   # overwrite, extend
#   on_missing: auto               # report: holes are findings; error: holes are errors

# omezarr:
#   ngff_version: "0.4"       # "0.5" is Zarr 3 and may be sharded
#   num_levels: 5
"""


def run(choice: argparse.Namespace) -> int:
    """Print a config for a folder, or write it to a file that is not there yet.

    Raises:
        ParserError: Nothing is recognised.
        Tiles2ZarrError: The file exists.
    """
    text = init(choice.folder, choice.output)
    if choice.output is None and not choice.json:
        print(text, end="")
        return 0
    if choice.output is not None:
        _write(choice.output, text)
    found = yaml.safe_load(text)["acquisitions"][0]["format"]
    if choice.json:
        facts = {
            "folder": choice.folder,
            "format": found,
            "config": text,
            "written": choice.output,
        }
        print(document(choice.command, 0, facts))
        return 0
    print(f"{choice.output}: written for format {found}; look through it, then")
    print(f"next: tiles2zarr check --configfile {shlex.quote(choice.output)}")
    return 0


def _write(path: str, text: str) -> None:
    try:
        with Path(path).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise Tiles2ZarrError(
            f"{path} exists and was not touched. Choose another name."
        ) from error


def init(folder: str, file: str | None = None) -> str:
    """Return the text of a YAML config for a folder.

    The format is found from the folder's files; where none is recognised, a pattern is
    proposed from the file names, with what each part would be.

    Args:
        folder: Folder, file or URL, written into the config as it is given.
        file: Where the text will stand, if that is known.

    Raises:
        ParserError: There is nothing, or neither a format nor wells are recognised.
    """
    try:
        found, guess = detect(folder), None
    except ParserError as error:
        found, guess = "pattern", _guess(folder, error)
    said = plate_name(folder, found) or (guess.plate if guess else None)
    name = clean_name(said or "") or folder_name(folder) or "plate"
    return _TEMPLATE.format(
        folder=_printable(folder),
        saved="Save it as my.yaml and run" if file is None else "Run",
        file=_printable(shlex.quote(file or "my.yaml")),
        name=_quoted(name),
        path=_quoted(folder),
        format=found,
        options="" if guess is None else _options(guess),
    )


def _guess(folder: str, reason: ParserError) -> PatternGuess:
    """Return a pattern for the folder's file names.

    Raises:
        ParserError: It cannot be listed, or its names tell no wells.
    """
    files = list_tree(folder)
    guess = guess_pattern(files)
    if guess is None:
        shown = ", ".join(map(_printable, files[:_EXAMPLES])) or "no files"
        raise ParserError(
            f"{folder} is of no format that is recognised, and its file names tell no "
            f"wells ({shown}). Give the folder that holds the images, or a tile table "
            "(CSV with file_path, row, column, fov_name, start_x, start_y, length_x, "
            "length_y)."
        ) from reason
    return guess


def _options(guess: PatternGuess) -> str:
    """Return the options of the pattern, with what its parts would be."""
    matched = f"{guess.matched} of {guess.images} images match; please check the parts:"
    lines = [
        "options:",
        f"  # {matched}",
        *(f"  #   {name}: {_printable(meaning)}" for name, meaning in guess.parts),
    ]
    if not guess.unique:
        lines.append(
            "  # Several files are the same plane by it: name what tells them apart."
        )
    lines.append(f"  pattern: {_quoted(guess.pattern)}")
    if guess.fields > 1:
        side = round(guess.fields**0.5)
        columns = -(-guess.fields // side)
        lines += [
            f"  # Positions of the {guess.fields} fields, unless the TIFF tags tell "
            "them; one of:",
            f"  # grid: {{rows: {side}, columns: {columns}, order: row, overlap: 0.0}}",
            "  #                       # order: row, row_snake, column, column_snake",
            "  # positions: positions.csv  # field, x, y in micrometer (and well)",
        ]
    return "".join(f"    {line}\n" for line in lines)


def _quoted(text: str) -> str:
    """Return text as a quoted YAML scalar on one line."""
    dumped = yaml.safe_dump(
        text, allow_unicode=True, default_style='"', width=float("inf")
    )
    return str(dumped).strip()


def _printable(text: str) -> str:
    """Return text for a comment: YAML allows no control characters there either."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
