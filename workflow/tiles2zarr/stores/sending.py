"""Many objects on their way at a time, in bounded memory."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

REQUESTS = 32
"""Requests a store has in flight: what hides a server's latency."""
FLIGHT_BYTES = 64 * 2**20
"""Bytes waiting to be sent; one object of any size always may."""


class Sender:
    """Sends objects by threads; who brings more than is allowed has to wait.

    The first error ends everything: it is raised by the next ``send`` or by ``wait``.
    """

    def __init__(self, requests: int = REQUESTS, octets: int = FLIGHT_BYTES) -> None:
        """Start nothing yet.

        Args:
            requests: Objects sent at the same time.
            octets: Bytes of all objects that are waited for.
        """
        self._requests = requests
        self._octets = octets
        self._flying = 0
        self._waiting = 0
        self._stopped = False
        self._error: BaseException | None = None
        self._change = threading.Condition()
        self._pool: ThreadPoolExecutor | None = None

    def send(self, call: Callable[[], None], octets: int) -> None:
        """Have ``call`` made soon; wait while too many bytes are in flight.

        Raises:
            StoreError: An earlier call failed.
        """
        with self._change:
            while self._flying and self._flying + octets > self._octets:
                self._change.wait()
            self._raise()
            self._flying += octets
            self._waiting += 1
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._requests)
            self._pool.submit(self._call, call, octets)

    def wait(self) -> None:
        """Return when all calls are made, and end the threads.

        Raises:
            StoreError: One of them failed.
        """
        with self._change:
            while self._waiting:
                self._change.wait()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
        with self._change:
            self._raise()

    def stop(self) -> None:
        """Forget what is not yet on its way and wait for the rest."""
        with self._change:
            self._stopped = True
            while self._waiting:
                self._change.wait()
            pool, self._pool = self._pool, None
            self._stopped, self._error = False, None
        if pool is not None:
            pool.shutdown()

    def _call(self, call: Callable[[], None], octets: int) -> None:
        try:
            if self._error is None and not self._stopped:
                call()
        except BaseException as error:  # noqa: BLE001  # raised where it is waited for
            with self._change:
                self._error = self._error or error
        finally:
            with self._change:
                self._flying -= octets
                self._waiting -= 1
                self._change.notify_all()

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
