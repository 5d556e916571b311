"""What a command found, as lines for people or as one JSON document."""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tiles2zarr.errors import FaultsError, Tiles2ZarrError


@dataclass(frozen=True)
class Told:
    """What a command found of one plate."""

    lines: tuple[str, ...]
    """For people."""
    facts: Mapping[str, object]
    """The same for programs: JSON values, keys that stay."""
    fine: bool = True
    """Whether the exit code is 0 as far as this plate goes."""


def tell(
    choice: argparse.Namespace, told: Iterable[Told], *, apart: bool = True
) -> int:
    """Print what was found, each plate as soon as it is known; return the exit code.

    With ``--json`` it is one document for all plates, and nothing else on stdout.

    Args:
        choice: The command line.
        told: One entry per plate.
        apart: Whether a blank line stands between two plates.
    """
    plates: list[Mapping[str, object]] = []
    fine = True
    for number, one in enumerate(told):
        fine &= one.fine
        plates.append(one.facts)
        if not choice.json:
            print("\n" * (apart and number > 0) + "\n".join(one.lines), flush=True)
    code = 0 if fine else 1
    if choice.json:
        print(document(choice.command, code, {"plates": plates}))
    return code


def document(command: str, code: int, facts: Mapping[str, object]) -> str:
    """Return the JSON text of a command that ends with ``code``."""
    content = {"command": command, "exit_code": code, **facts}
    return json.dumps(content, indent=2, ensure_ascii=False)


def error_document(command: str, code: int, error: Exception) -> str:
    """Return the JSON text of a command that was ended by an error."""
    faults = error.faults if isinstance(error, FaultsError) else ()
    kind = type(error).__name__ if isinstance(error, Tiles2ZarrError) else "OSError"
    about = {"kind": kind, "message": str(error), "faults": list(faults)}
    return document(command, code, {"error": about})
