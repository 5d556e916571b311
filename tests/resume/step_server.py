"""A program that runs steps of the workflow in processes it forks, ready to be traced.

One order a line on standard input, JSON: ``{"work": folder, "step": name, "config":
{...}}``. The answer is the id of a process that has everything imported and waits;
after a line ``go`` it runs the step, and the second answer is how it ended: its exit
code, or minus the signal that killed it. A process that imports first would bury the
few file-system calls of a step under hundreds of its own.
"""

import ctypes
import gc
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import tiles2zarr
from tiles2zarr.config import slices
from tiles2zarr.config.root import Config
from tiles2zarr.state import State
from tiles2zarr.steps.configs import checked_configs
from tiles2zarr.steps.job import job

CRASHED = 70
"""Exit code of a step that ends with a traceback."""
PR_SET_PTRACER, ANY = 0x59616D61, -1
"""Lets a process that is no parent trace this one where Yama restricts it."""


@dataclass(frozen=True)
class Params:
    """What every rule gives its script."""

    version: str = tiles2zarr.__version__
    package: str = tiles2zarr.__path__[0]
    extensions: Sequence[str] = ()


@dataclass(frozen=True)
class Script:
    """What the frame of a job reads of Snakemake's object."""

    rule: str
    params: Params = field(default_factory=Params)
    log: Sequence[str] = ("/dev/null",)


def parse(state: State, config: Config) -> Callable[[], object]:
    """Return the call of parse_tiles."""
    from tiles2zarr.steps.parse_tiles import parse_tiles

    options = slices.parse_options(config)
    return lambda: parse_tiles(state, options)


def register(state: State, config: Config) -> Callable[[], object]:
    """Return the call of register for the only batch."""
    from tiles2zarr.steps.register import register

    (batch,) = batches(state)
    output = state.done("register", batch)
    options = slices.register_options(config)
    return lambda: register(state.batch(batch), output, state, options)


def write(state: State, config: Config) -> Callable[[], object]:
    """Return the call of write_zarr for the only batch."""
    from tiles2zarr.steps.write_zarr import write_zarr

    (batch,) = batches(state)
    registered = state.done("register", batch)
    output = state.done("write_zarr", batch)
    options = slices.write_options(config)
    return lambda: write_zarr(registered, output, state, options, 1, "sources")


def tables(state: State, config: Config) -> Callable[[], object]:
    """Return the call of build_tables."""
    from tiles2zarr.steps.build_tables import build_tables

    options = slices.tables_options(config)
    return lambda: build_tables(state, options, config)


STEPS = {"parse": parse, "register": register, "write": write, "tables": tables}


def batches(state: State) -> Iterator[str]:
    """Return the names of the plan's batches."""
    return iter(json.loads(state.plan.read_text())["batches"])


def main() -> None:
    """Take orders until the input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        load(order["config"])
        # what is collected in a copy of this process is copied first
        gc.collect()
        gc.freeze()
        wait, go = os.pipe()
        known, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            child(order, wait, tell)
        os.close(wait)
        os.close(tell)
        os.read(known, 1)
        answer(pid)
        assert sys.stdin.readline() == "go\n"
        os.close(go)
        with open(known) as stream:
            names = stream.read().split()
        _, status = os.waitpid(pid, 0)
        # a lazy import costs calls: the next process has it behind itself
        for name in names:
            with suppress(ImportError):
                importlib.import_module(name)
        answer(os.waitstatus_to_exitcode(status))


def answer(value: int) -> None:
    """Print an answer."""
    print(value, flush=True)


def child(order: Mapping[str, str], wait: int, tell: int) -> None:
    """Run a step and end this process, with a script's exit code or a traceback."""
    code = CRASHED
    try:
        run(order, wait, tell)
        code = 0
    except SystemExit as error:
        code = int(str(error))
    finally:
        if code == CRASHED:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def run(order: Mapping[str, str], wait: int, tell: int) -> None:
    """Tell that all is ready, run a step when it may, tell what it has imported."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(ANY), 0, 0, 0)
    os.chdir(order["work"])
    before = set(sys.modules)
    call = STEPS[order["step"]](State(Path("results/P1")), load(order["config"]))
    with job(Script(order["step"])):
        os.write(tell, b"\n")
        os.read(wait, 1)
        call()
    names = "\n".join(sorted(set(sys.modules) - before))
    # this call may be the one that fails
    with suppress(OSError):
        os.write(tell, names.encode())


@cache
def load(text: str) -> Config:
    """Return the config of the only plate in a JSON text."""
    (config,) = checked_configs(json.loads(text)).values()
    return config


if __name__ == "__main__":
    main()
