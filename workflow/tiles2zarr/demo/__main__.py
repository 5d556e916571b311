"""``python -m tiles2zarr.demo OUT`` makes the demo plate; used by the Makefile."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tiles2zarr.demo.plate import make_demo
from tiles2zarr.demo.summary import summarise
from tiles2zarr.errors import Tiles2ZarrError


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the plate, or tell about a run of it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tiles2zarr.demo")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("out", nargs="?", type=Path, help="folder for the raw tiles")
    task.add_argument("--summary", type=Path, help="describe this OME-Zarr plate")
    choice = parser.parse_args(arguments)
    try:
        if choice.summary is not None:
            print(summarise(choice.summary))
        else:
            tiles = len(make_demo(choice.out).records)
            print(f"{choice.out}: {tiles} tiles of three wells, CellVoyager layout")
    except Tiles2ZarrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
