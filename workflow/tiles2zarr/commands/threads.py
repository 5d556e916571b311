"""Many small pieces of work, done by several threads."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_through(
    items: Iterable[Item],
    do: Callable[[Item], Result],
    threads: int,
    close: Callable[[], None] | None = None,
) -> list[Result]:
    """Return ``do`` of every item, in order, from several threads.

    ``close`` is called at the end by each thread that worked.
    """
    rows = list(items)
    results: dict[int, Result] = {}
    numbers = iter(range(len(rows)))
    lock = threading.Lock()
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                results[number] = do(rows[number])
        except BaseException:
            stop.set()
            raise
        finally:
            if close:
                close()

    if threads == 1 or len(rows) < 2:
        work()
    else:
        with ThreadPoolExecutor(min(threads, len(rows))) as pool:
            for future in [pool.submit(work) for _ in range(min(threads, len(rows)))]:
                future.result()
    return [results[number] for number in range(len(rows))]
