"""Long calls: progress, cancelling, time limits, and Ctrl-C."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Generator

from . import _abi
from ._arguments import milliseconds, whole
from .errors import call
from .library import Cancel
from .progress import Progress, ProgressBar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    ProgressOption = Union[None, bool, Callable[[Progress], Any]]
else:
    Any = ProgressOption = object

# How often a call looks for signals, in milliseconds.
_PULSE = 50
_PHASES = {
    _abi.PHASE_PREDICTING: "predicting",
    _abi.PHASE_EMBEDDING: "embedding",
    _abi.PHASE_FITTING: "fitting",
    _abi.PHASE_TRAINING: "training",
    _abi.PHASE_RESAMPLING: "resampling",
    _abi.PHASE_COMPARING: "comparing",
    _abi.PHASE_REPLAYING: "replaying",
    _abi.PHASE_TABULATING: "tabulating",
}


class Run:
    """One long call: makes its options, and raises what its callback met.

    Signal handlers of Python run when a callback enters Python on the main thread. There the
    library is given a callback in any case, so that Ctrl-C ends the call.
    """

    def __init__(
        self, *, threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> None:
        if progress is True:
            progress = ProgressBar()
        elif progress is False:
            progress = None
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be callable or True, not {type(progress).__name__}")
        if cancel is not None and not isinstance(cancel, Cancel):
            raise TypeError(f"cancel must be a plaudit.Cancel, not {type(cancel).__name__}")
        self._progress = progress
        self._interval = (milliseconds(progress_interval, "progress_interval") or 100) / 1000
        self._reported = time.monotonic()
        self._finished = False
        self._failure: BaseException | None = None
        self._timeout = milliseconds(timeout, "timeout")
        self._started = time.monotonic()
        self._options = _abi.plaudit_run_options()
        self._options.threads = whole(threads, "threads", 0, 256)
        self._options.timeout_ms = self._timeout
        self._cancel = cancel
        if cancel is not None:
            self._options.cancel = cancel._live
        self._generator: Generator[int, Any, None] | None = None
        if progress is not None or threading.current_thread() is threading.main_thread():
            # A signal that waits is raised in the first bytecode the callback runs. In a function
            # that would be before its try, and ctypes would drop the exception; a generator is
            # resumed inside its try. A property turns the two arguments of the C callback into
            # the one of `send`.
            self._generator = self._listen()
            next(self._generator)
            self._options.progress = _abi.plaudit_progress_fn(
                property(self._generator.send).__get__)  # type: ignore[arg-type]
            self._options.progress_interval_ms = _PULSE
            if progress is not None:
                self._options.progress_interval_ms = max(1, min(_PULSE, int(self._interval * 1000)))

    def _listen(self) -> Generator[int, Any, None]:
        answer = 0
        while True:
            try:
                while True:
                    pointer = yield answer
                    answer = 1
                    if self._failure is None:
                        if self._progress is not None:
                            self._report(pointer.contents)
                        answer = 0
            except GeneratorExit:
                return
            except BaseException as failure:
                self._failure = self._failure or failure
                answer = 1

    def _report(self, given: Any) -> None:
        now = time.monotonic()
        finished = given.total > 0 and given.done >= given.total
        if finished and self._finished:
            return  # the library may say the end twice
        if now - self._reported < self._interval and not finished:
            return
        self._finished = finished
        self._reported = now
        assert callable(self._progress)
        self._progress(Progress(
            _PHASES.get(given.phase, str(given.phase)), given.done, given.total,
            given.seconds_elapsed, given.seconds_left, given.loss, given.step, given.per_second))

    def __call__(self, function: Callable[..., int], *arguments: Any) -> None:
        """Calls the function; `Run.OPTIONS` among the arguments stands for the run's options."""
        if self._timeout:
            used = int((time.monotonic() - self._started) * 1000)
            self._options.timeout_ms = max(1, self._timeout - used)
        options = ctypes.byref(self._options)
        try:
            call(function, *[options if item is Run.OPTIONS else item for item in arguments])
        except BaseException:
            if self._failure is not None:
                raise self._failure from None
            raise
        finally:
            if isinstance(self._progress, ProgressBar):
                self._progress.close()
        if self._failure is not None:
            raise self._failure

    OPTIONS = object()

    def close(self) -> None:
        if self._generator is not None:
            # Run, options, callback and generator refer to each other in a circle; this opens it.
            self._generator.close()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
