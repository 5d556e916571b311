"""The command line of a task: arguments from a JSON file, the result into another."""

from collections.abc import Callable

from pydantic import ValidationError

from tiles2zarr.errors import Tiles2ZarrError


def run_task(task: Callable[..., object]) -> None:
    """Run a task as Fractal does: ``--args-json FILE --out-json FILE``.

    Raises:
        SystemExit: The arguments do not fit or the task failed; the message is for the
            person at the microscope, without a traceback.
    """
    try:
        from fractal_task_tools.task_wrapper import run_fractal_task
    except ImportError as error:
        raise SystemExit(
            f"fractal-task-tools cannot be imported ({error}). Install "
            "tiles2zarr[fractal] into the environment of the task."
        ) from error
    name = getattr(task, "__name__", "task")
    try:
        run_fractal_task(task_function=task)
    except ValidationError as error:
        raise SystemExit(f"{name}: {_told(error)}") from None
    except Tiles2ZarrError as error:
        raise SystemExit(f"{name}: {error}") from None


def _told(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    lines = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults]
    return "\n  - ".join(["the arguments do not fit:", *lines])
