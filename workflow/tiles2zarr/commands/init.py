"""``tiles2zarr init``: a commented config for a folder of tiles."""

import argparse
import shlex
from pathlib import Path

import yaml

from tiles2zarr.commands.gaps import (
    MARK,
    Facts,
    facts_of_images,
    facts_of_table,
    find_gaps,
)
from tiles2zarr.commands.telling import document
from tiles2zarr.config.names import clean_name, folder_name
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.parsers.pattern_files import list_tree
from tiles2zarr.parsers.pattern_guess import PatternGuess, guess_pattern
from tiles2zarr.parsers.peek import detect, plate_name

_EXAMPLES = 3
_PIXEL_SIZE = "size of a pixel, micrometer; left blank, 1 is taken"
_Z_SPACING = "distance of two planes, micrometer; left blank, 1 is taken"
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
    {off}details:                # stated over what the files say
    {off}  {pixelsize}
    {off}  {z_spacing}
    {off}  {on}channels:             # by the id in the files
    {off}  {on}  "1": {{channel_label: DAPI, colors: "0000FF"}}
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
    gaps = find_gaps(text)
    if choice.json:
        facts = {
            "folder": choice.folder,
            "format": found,
            "config": text,
            "written": choice.output,
            "to_fill_in": [vars(gap) for gap in gaps],
        }
        print(document(choice.command, 0, facts))
        return 0
    told = " and fill in what the files do not tell:" if gaps else " then"
    print(f"{choice.output}: written for format {found}; look through it,{told}")
    for gap in gaps:
        print(f"  line {gap.line}: {gap.text}")
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
    facts, guess = Facts(), None
    try:
        found = detect(folder)
        if found == "tile_table":
            facts = facts_of_table(folder)
    except ParserError as error:
        found, files = "pattern", list_tree(folder)
        guess = _guess(folder, files, error)
        facts = facts_of_images(folder, files, guess)
    said = plate_name(folder, found) or (guess.plate if guess else None)
    name = clean_name(said or "") or folder_name(folder) or "plate"
    return _TEMPLATE.format(
        folder=_printable(folder),
        saved="Save it as my.yaml and run" if file is None else "Run",
        file=_printable(shlex.quote(file or "my.yaml")),
        name=_quoted(name),
        path=_quoted(folder),
        format=found,
        options="" if guess is None else _options(guess, facts),
        **_details(facts),
    )


def _details(facts: Facts) -> dict[str, str]:
    """Return the lines of the details, comments unless some have to be filled in."""
    wanted = facts.pixelsize_wanted or facts.z_spacing_wanted
    known = "" if facts.pixelsize is None else ", as the files say"
    size = f"{facts.pixelsize or 0.65:.6g}"
    on = "# " if wanted else ""
    return {
        "off": "" if wanted else "# ",
        "on": on,
        "pixelsize": f"pixelsize:              # {MARK}{_PIXEL_SIZE}"
        if facts.pixelsize_wanted
        else f"{on}{f'pixelsize: {size}':<21} # micrometer{known}",
        "z_spacing": f"z_spacing:              # {MARK}{_Z_SPACING}"
        if facts.z_spacing_wanted
        else f"{on}z_spacing: 2.0        # micrometer",
    }


def _guess(folder: str, files: list[str], reason: ParserError) -> PatternGuess:
    """Return a pattern for the folder's file names.

    Raises:
        ParserError: Its names tell no wells.
    """
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


def _options(guess: PatternGuess, facts: Facts) -> str:
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
    if facts.positions_wanted:
        side = round(guess.fields**0.5)
        columns = -(-guess.fields // side)
        lines += [
            f"  # {MARK}how the {guess.fields} fields of a well lie, one of the next "
            "lines; nothing is converted without",
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
