"""Objects that own a handle of the library."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable

from . import _abi
from .errors import InvalidHandleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object


def _release(free: Callable[..., None], handle: int) -> None:
    free(ctypes.byref(ctypes.c_void_p(handle)))


class Handle:
    """Frees its handle on close, at the end of a with block, or when the object goes away.

    A call that another thread has begun ends normally; the memory goes with the last one. At the
    end of the process nothing is freed: the operating system is quicker.
    """

    _free: str  # the C function
    _handle: int | None

    def _own(self, handle: ctypes.c_void_p) -> None:
        self._handle = handle.value
        free = getattr(_abi.load(), self._free)
        self._finalizer = weakref.finalize(self, _release, free, handle.value)
        self._finalizer.atexit = False

    @property
    def _live(self) -> int:
        handle = self._handle
        if handle is None:
            raise InvalidHandleError(f"this {type(self).__name__} is closed")
        return handle

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._handle is None

    def close(self) -> None:
        """Gives the memory back; any later use raises InvalidHandleError. Closing twice is fine."""
        self._handle = None
        self._finalizer()

    def __enter__(self) -> Any:
        self._live
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled")
