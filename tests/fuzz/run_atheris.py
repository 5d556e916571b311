"""Fuzz one parser with coverage guidance: ``python tests/fuzz/run_atheris.py FORMAT``.

Runs until something breaks or for ever; further arguments are those of libFuzzer
(``-max_total_time=600``). Needs ``pip install atheris``, which no lock holds: it comes
for few platforms. A crash is left in a file ``crash-...``, the input of ``--replay``.
"""

import sys
import tempfile
from pathlib import Path

from tests.fuzz.measurements import MAKERS
from tests.fuzz.outcome import try_damaged


def main(arguments: list[str]) -> int:
    """Fuzz or replay; return the exit code."""
    name, *rest = arguments or ["?"]
    if name not in MAKERS:
        print(f"usage: run_atheris.py {'|'.join(MAKERS)} [--replay FILE | options]")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        made = MAKERS[name](Path(folder))

        def one_input(data: bytes) -> None:
            for file in made.files:
                try_damaged(name, made, file, data)

        if rest[:1] == ["--replay"]:
            one_input(Path(rest[1]).read_bytes())
            return 0
        try:
            import atheris
        except ImportError:
            print("atheris is not installed: nothing was fuzzed. pip install atheris")
            return 0
        seeds = Path(folder, ".seeds")
        seeds.mkdir()
        for file in made.files:
            (seeds / file.name).write_bytes(file.read_bytes())
        atheris.instrument_all()
        atheris.Setup([sys.argv[0], *rest, str(seeds)], one_input)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
