"""The library itself: its version, how it was built, and tokens that cancel long calls."""

from __future__ import annotations

import ctypes

from . import _abi
from ._handle import Handle
from .errors import InvalidHandleError, call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_lib = _abi.load()


def version() -> str:
    """The version of the loaded library, such as "0.1.0"."""
    return _lib.plaudit_version_string().decode()


def version_number() -> int:
    """The same as major * 10000 + minor * 100 + patch."""
    return _lib.plaudit_version()


def build_info() -> dict[str, Any]:
    """How the library was built, what it found on this machine, and where it was loaded from."""
    import json

    info = json.loads(_lib.plaudit_build_info())
    info["library"] = _abi.library_path()
    return info


class Cancel(Handle):
    """Stops long calls from another thread: they raise CancelledError within 50 ms.

    One token may serve several calls. A request stays until it is reset.
    """

    _free = "plaudit_cancel_free"

    def __init__(self) -> None:
        handle = ctypes.c_void_p()
        call(_lib.plaudit_cancel_create, ctypes.byref(handle))
        self._own(handle)

    def request(self) -> None:
        """Asks every call that was given this token to end."""
        _check(_lib.plaudit_cancel_request(self._live))

    def reset(self) -> None:
        """Takes the request back, so that the token can be used again."""
        _check(_lib.plaudit_cancel_reset(self._live))


def _check(status: int) -> None:
    if status != _abi.OK:
        raise InvalidHandleError("this Cancel is closed", code=status)
