"""One run of a plate at a time: a lock in the output, held while Snakemake runs.

Snakemake's own lock is one of a work folder, and `--nolock` lifts it. Two runs that
write one plate would take each other's outputs back and share the plate's images, so
that neither ends whole.
"""

import atexit
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager

from tiles2zarr.config.root import Config
from tiles2zarr.errors import LockedError, StoreError

WAIT_S = 20.0
"""How long a run waits for one that is under way; it may be about to end."""


@contextmanager
def hold_run(name: str, config: Config) -> Iterator[None]:
    """Hold a plate of a config against other runs; a dead one's lock is taken over.

    An output that cannot be written is told and not held: there may be nothing to write
    in it, and the jobs that do fail by themselves.

    Args:
        name: The plate's name.
        config: Its config.

    Raises:
        LockedError: Another run of the plate is under way.
    """
    with ExitStack() as held:
        try:
            _enter(held, name, config)
        except LockedError as error:
            raise LockedError(
                f"{name}: another run of this plate is under way, and this one did "
                f"nothing. {error}"
            ) from error
        except StoreError as error:
            _warn(f"{name} is not held against other runs: {error}")
        yield


def _enter(held: ExitStack, name: str, config: Config) -> None:
    """Take the lock of a plate; if another run has it, say so and wait a little."""
    lock_name = f".{name}.run.lock"
    try:
        held.enter_context(_hold(lock_name, config, wait_s=0))
    except LockedError:
        _warn(
            f"{name}: another run of this plate is under way; waiting {WAIT_S:.0f} "
            "seconds for its end"
        )
        held.enter_context(_hold(lock_name, config, wait_s=WAIT_S))


def _hold(
    lock_name: str, config: Config, *, wait_s: float
) -> AbstractContextManager[object]:
    # every remote job reads the Snakefile, which imports this module: only a run's head
    # needs the rest
    from tiles2zarr.steps.output import local_folder

    folder = local_folder(config.output)
    if folder is not None:
        from tiles2zarr.stores import lock

        return lock.hold(folder / lock_name, wait_s=wait_s)
    from tiles2zarr.stores import remote_lock
    from tiles2zarr.stores.remote import RemoteStore

    store = RemoteStore(config.output, config.output_storage_options)
    return remote_lock.hold(store, lock_name, wait_s=wait_s)


def _warn(line: str) -> None:
    print(f"tiles2zarr: {line}", file=sys.stderr, flush=True)


class RunLocks:
    """The locks of all plates of a run, held by the process that runs Snakemake."""

    def __init__(self, configs: Mapping[str, Config]) -> None:
        """Hold nothing yet."""
        self._configs = configs
        self._held = ExitStack()

    def take(self) -> None:
        """Hold all plates until they are given back, or end this process with a line.

        Raises:
            SystemExit: Another run of one of them is under way.
        """
        atexit.register(self.give_back)
        try:
            for name, config in self._configs.items():
                self._held.enter_context(hold_run(name, config))
        except LockedError as error:
            _warn(str(error))
            # as an exception of a handler it would be told with a traceback
            sys.exit(1)

    def give_back(self) -> None:
        """Let other runs begin."""
        self._held.close()
