"""Steps of the workflow that die or fail at a chosen file-system call, by strace."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

CALLS = (
    "openat",
    "write",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "fsync",
    "fdatasync",
)
"""Everything that changes files or folders, or starts to."""
_SERVER = Path(__file__).with_name("step_server.py")


class Steps:
    """Runs steps in fresh processes, one at a time."""

    def __init__(self, log: Path) -> None:
        """Start the program that forks them; what they print goes to ``log``."""
        self.log = log
        self._trace = log.with_suffix(".trace")
        with log.open("w") as errors:
            self._server = subprocess.Popen(
                [sys.executable, str(_SERVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def run(
        self,
        work: Path,
        step: str,
        config: Mapping[str, object],
        *strace: str,
    ) -> int:
        """Run a step in a work folder and return its exit code, minus a signal.

        Args:
            work: The folder.
            step: ``parse``, ``register``, ``write`` or ``tables``.
            config: The plate's config.
            strace: Arguments for strace; none: nobody looks on.
        """
        order = {"work": str(work), "step": step, "config": json.dumps(config)}
        pid = self._ask(json.dumps(order))
        if not strace:
            return self._ask("go")
        with attach(pid, *strace, "-o", str(self._trace)) as tracer:
            code = self._ask("go")
            tracer.wait()
        return code

    def count(
        self, work: Path, step: str, config: Mapping[str, object]
    ) -> Counter[str]:
        """Run a step and return how often the thread that does most made each call."""
        code = self.run(work, step, config, "-f", "-e", f"trace={','.join(CALLS)}")
        assert code == 0, self.log.read_text()
        threads: dict[str, Counter[str]] = {}
        for line in self._trace.read_text().splitlines():
            match = re.match(r"(\d+) +(\w+)\(", line)
            if match:
                threads.setdefault(match[1], Counter())[match[2]] += 1
        most: Counter[str] = Counter()
        for counts in threads.values():
            most |= counts
        return most

    def _ask(self, line: str) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{line}\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, self.log.read_text()
        return int(answer)

    def close(self) -> None:
        """End the program."""
        self._server.communicate()


def attach(pid: int, *arguments: str) -> "subprocess.Popen[str]":
    """Return a strace that has a process in its hands.

    Raises:
        PermissionError: The system does not let it.
    """
    tracer = subprocess.Popen(
        ["strace", "-p", str(pid), *arguments], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    said = _first_words(tracer.stderr)
    if "attached" not in said:
        tracer.wait()
        raise PermissionError(said)
    return tracer


def _first_words(stream: IO[str]) -> str:
    return stream.readline().strip()


@dataclass(frozen=True)
class Blow:
    """What goes wrong, and where: ``openat signal=KILL 3``."""

    call: str
    """Name of the system call."""
    what: str
    """``signal=KILL``: the process is killed before it; ``error=EIO``: it fails."""
    when: str
    """Which call of a thread, counted from 1; ``3+``: that one and all later ones."""

    @property
    def strace(self) -> tuple[str, ...]:
        """Return the arguments for strace."""
        where = f"inject={self.call}:{self.what}:when={self.when}"
        return ("-f", "-e", f"trace={self.call}", "-e", where)

    def __str__(self) -> str:
        """Return it in short."""
        return f"{self.call} {self.what} {self.when}"


def need_strace() -> None:
    """Skip the test, saying so, where processes cannot be traced."""
    if shutil.which("strace") is None:
        pytest.skip("NOT TESTED: strace is missing (Debian package strace)")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            with attach(sleeper.pid) as tracer:
                tracer.terminate()
        except PermissionError as error:
            pytest.skip(f"NOT TESTED: strace may not trace processes here: {error}")
        finally:
            sleeper.kill()
