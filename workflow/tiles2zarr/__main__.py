"""The command line: ``tiles2zarr COMMAND``, or ``python -m tiles2zarr COMMAND``.

A command's module is imported when it runs, so ``--help`` and a mistyped option answer
at once.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import chdir
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Protocol, TypeAlias, cast

from tiles2zarr import __version__
from tiles2zarr.errors import Tiles2ZarrError

FAILED, INTERRUPTED = 1, 130
"""Exit codes: faults, damage or incomplete; stopped by the user. Wrong usage is 2."""


class _Command(Protocol):
    """What every module below ``tiles2zarr.commands`` with a command's name has."""

    def run(self, choice: argparse.Namespace) -> int:
        """Carry the command out and return the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; whatever goes wrong is a line."""
    choice, unknown = make_parser().parse_known_args(arguments)
    if unknown:
        choice.parser.error(_unknown(unknown, choice.parser))
    if getattr(choice, "configfile", None) and choice.directory != ".":
        # as Snakemake does: the config from here, everything in it from --directory
        choice.configfile = str(Path(choice.configfile).absolute())
    try:
        with chdir(choice.directory):
            code = _command(choice.command).run(choice)
            sys.stdout.flush()
            return code
    except argparse.ArgumentError as error:
        parser: argparse.ArgumentParser = choice.parser
        parser.error(str(error))
    except Tiles2ZarrError as error:
        _tell_error(choice, error)
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # the reader (head, less) has seen enough; Python would complain at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        _tell_error(choice, error)
        place = f"{error.filename}: " if error.filename else ""
        print(f"{place}{error.strerror or error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """A parser whose errors name the word that was probably meant."""

    def error(self, message: str) -> NoReturn:
        """End the program with a usage error."""
        choices = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choices is not None:
            word, known = choices.groups()
            message += _meant(word, re.findall("'(.*?)'", known))
        super().error(message)


def _unknown(words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """Return what is said of options and words that a command does not have."""
    known = [name for name in parser._option_string_actions if name.startswith("--")]
    hint = _meant(words[0].partition("=")[0], known)
    return f"unrecognized arguments: {' '.join(words)}{hint}"


def _meant(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _tell_error(choice: argparse.Namespace, error: Exception) -> None:
    """Print the document that takes the place of the one that was asked for."""
    if choice.json:
        telling = import_module("tiles2zarr.commands.telling")
        print(telling.error_document(choice.command, FAILED, error))


def _command(name: str) -> _Command:
    return cast("_Command", import_module(f"tiles2zarr.commands.{name}"))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; importing none of them."""
    parser = _Parser(
        prog="tiles2zarr",
        description="Look at a conversion before, during and after it. "
        "Conversions themselves run by `snakemake -c all --configfile my.yaml`.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_init(commands)
    for name, text in {
        "check": "is the config right, is the input there, can the output be written?",
        "plan": "what would be made: images, bytes, memory, time, tiling, findings",
        "status": "what is written, what failed and why, what waits",
    }.items():
        _add_config(_added(commands, name, text))
    commands.choices["plan"].add_argument(
        "--images", action="store_true", help="list every image"
    )
    _add_verify(commands)
    prune = _added(
        commands,
        "prune",
        "images that left the plan, and what dead processes left behind",
    )
    _add_config(prune)
    prune.add_argument("--yes", action="store_true", help="remove them")
    _add_view(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _added(commands: _Commands, name: str, text: str) -> argparse.ArgumentParser:
    """Return the parser of a new command: its help and its usage errors are its own."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(parser=parser)
    return parser


def _add_config(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    parser.add_argument(
        "--configfile",
        required=needed,
        metavar="MY.YAML",
        help="the config, as for Snakemake",
    )
    parser.add_argument(
        "-d",
        "--directory",
        type=_folder,
        default=".",
        metavar="WORK",
        help="the folder Snakemake runs in (default: the current one)",
    )
    parser.add_argument(
        "--plate", metavar="NAME", help="one of the config's plates (default: all)"
    )


def _folder(text: str) -> str:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return text


def _add_init(commands: _Commands) -> None:
    init = _added(commands, "init", "a commented config for a folder of tiles")
    init.add_argument("folder", help="folder, file or URL of the tiles")
    init.add_argument(
        "-o", "--output", metavar="MY.YAML", help="write it there, if nothing is there"
    )
    init.set_defaults(directory=".")


def _add_verify(commands: _Commands) -> None:
    verify = _added(
        commands, "verify", "is every image of the plan whole? A line per damaged one"
    )
    _add_config(verify, needed=False)
    verify.add_argument(
        "--store", metavar="PATH", help="a plate or image, by its own marks alone"
    )
    depth = verify.add_mutually_exclusive_group()
    depth.add_argument(
        "--quick", action="store_true", help="keys and sizes alone, no chunk is read"
    )
    depth.add_argument(
        "--deep", action="store_true", help="compare every plane with its source too"
    )
    verify.add_argument(
        "--manifest",
        metavar="FILE",
        help="write the sha256 of all files of the output, for `sha256sum -c`",
    )
    verify.add_argument(
        "--certificate",
        metavar="FILE",
        help="with --deep: write which sources were compared, if all planes are equal",
    )
    change = verify.add_mutually_exclusive_group()
    change.add_argument(
        "--repair",
        action="store_true",
        help="take back what stands on damage, so that a plain rerun heals it",
    )
    change.add_argument(
        "--adopt",
        action="store_true",
        help="make lost receipts anew from images that are whole",
    )


def _add_view(commands: _Commands) -> None:
    view = _added(
        commands, "view", "open a plate in napari if that is there, else in a browser"
    )
    view.add_argument("store", nargs="?", metavar="PLATE.ZARR", help="plate or image")
    _add_config(view, needed=False)
    view.add_argument(
        "--serve", action="store_true", help="in a browser, though napari is there"
    )
    view.add_argument(
        "--how", action="store_true", help="only tell how napari and Python open it"
    )
    view.add_argument("--port", type=int, default=8000, help="default: 8000")
    view.add_argument(
        "--host", default="127.0.0.1", help="default: 127.0.0.1, this computer alone"
    )


if __name__ == "__main__":
    sys.exit(main())
