"""Fuzz one parser with coverage guidance: ``python tests/fuzz/run_atheris.py FORMAT``.

Runs until something breaks or for ever; further arguments are those of libFuzzer
(``-max_total_time=600``). Needs ``pip install atheris``, which no lock holds: it comes
for few platforms. A crash is left in a file ``crash-...``, the input of ``--replay``.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Fuzz or replay; return the exit code."""
    name, *rest = arguments or ["?"]
    replay = rest[:1] == ["--replay"]
    guided = not replay and find_spec("atheris") is not None
    atheris = import_module("atheris") if guided else None
    with tempfile.TemporaryDirectory() as folder:
        # only our own code: branches of pandas and pydantic tell nothing, cost minutes
        with atheris.instrument_imports(["tiles2zarr"]) if atheris else nullcontext():
            known = _inputs(name, Path(folder))
        if known is None:
            return 2
        one_input, seeds = known
        if replay:
            one_input(Path(rest[1]).read_bytes())
            return 0
        if atheris is None:
            print("atheris is not installed: nothing was fuzzed. pip install atheris")
            return 0
        from tests.fuzz.mutations import mutate

        def mutated(data: bytes, size: int, seed: int) -> bytes:
            """Damage the file's content and leave its number."""
            return (data[:1] + mutate(data[1:], seed))[:size]

        corpus = Path(folder, ".seeds")
        corpus.mkdir()
        for number, seed in enumerate(seeds):
            (corpus / str(number)).write_bytes(seed)
        settings = [sys.argv[0], f"-max_len={3 * max(map(len, seeds))}", *rest]
        atheris.Setup([*settings, str(corpus)], one_input, custom_mutator=mutated)
        atheris.Fuzz()
    return 0


def _inputs(
    name: str, folder: Path
) -> tuple[Callable[[bytes], object], list[bytes]] | None:
    """Return what tries an input, and intact inputs: number of a file, its content."""
    from tests.fuzz.measurements import MAKERS
    from tests.fuzz.outcome import try_damaged, try_parse

    if name not in MAKERS:
        print(f"usage: run_atheris.py {'|'.join(MAKERS)} [--replay FILE | options]")
        return None
    made = MAKERS[name](folder)
    wrong = try_parse(name, made)
    assert not wrong, wrong

    def one_input(data: bytes) -> None:
        if data:
            file = made.files[data[0] % len(made.files)]
            try_damaged(name, made, file, data[1:])

    seeds = [bytes([n]) + file.read_bytes() for n, file in enumerate(made.files)]
    return one_input, seeds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
