"""What Plaudit raises: one class a status, each also the built-in class one would expect.

A mistake in the types of arguments is a plain TypeError.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable

from . import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn
else:
    Any = NoReturn = object


class PlauditError(Exception):
    """The library's answer when a call fails.

    code: the number of the status, PLAUDIT_ERROR_... in plaudit.h.
    status: its name, such as "CORRUPT".
    index: the row or item that failed, None when there is none.
    offset: the byte offset in the text or file, None when there is none.
    """

    code: int = _abi.ERROR_INTERNAL
    status: str = "UNKNOWN"

    def __init__(
        self, message: str = "", *, code: int | None = None, status: str | None = None,
        index: int | None = None, offset: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status
        self.index = index
        self.offset = offset

    def __str__(self) -> str:
        return self.message


class InvalidArgumentError(PlauditError, ValueError):
    """An argument makes no sense, or not with the others."""

    code, status = _abi.ERROR_INVALID_ARGUMENT, "INVALID_ARGUMENT"


class InvalidHandleError(PlauditError, ValueError):
    """The object was closed."""

    code, status = _abi.ERROR_INVALID_HANDLE, "INVALID_HANDLE"


class InvalidStateError(PlauditError, RuntimeError):
    """The object cannot do this yet, or never: a trainer before its fit, a model without a head."""

    code, status = _abi.ERROR_INVALID_STATE, "INVALID_STATE"


class OutOfRangeError(PlauditError, ValueError):
    """A value outside of what the message states."""

    code, status = _abi.ERROR_OUT_OF_RANGE, "OUT_OF_RANGE"


class BufferTooSmallError(PlauditError, ValueError):
    """A result does not fit where it should go."""

    code, status = _abi.ERROR_BUFFER_TOO_SMALL, "BUFFER_TOO_SMALL"


class BusyError(PlauditError, RuntimeError):
    """Another thread is inside a call with this scorer or trainer."""

    code, status = _abi.ERROR_BUSY, "BUSY"


class InvalidDataError(PlauditError, ValueError):
    """Impossible numbers, such as more clicks than impressions."""

    code, status = _abi.ERROR_INVALID_DATA, "INVALID_DATA"


class InvalidUTF8Error(PlauditError, UnicodeError):
    """A text is not UTF-8; index is its row, offset the byte."""

    code, status = _abi.ERROR_INVALID_UTF8, "INVALID_UTF8"


class NotFiniteError(PlauditError, ValueError):
    """NaN or infinity where a number is needed."""

    code, status = _abi.ERROR_NOT_FINITE, "NOT_FINITE"


class ShapeError(PlauditError, ValueError):
    """Sizes that do not go together."""

    code, status = _abi.ERROR_SHAPE, "SHAPE"


class UndefinedError(PlauditError, ValueError):
    """A number that does not exist, such as a rate without a denominator."""

    code, status = _abi.ERROR_UNDEFINED, "UNDEFINED"


class NotFoundError(PlauditError, FileNotFoundError):
    """A file or folder that is not there."""

    code, status = _abi.ERROR_NOT_FOUND, "NOT_FOUND"

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        self.errno = errno.ENOENT


class LabelNotFoundError(PlauditError, LookupError):
    """A label, token or cleaning recipe that does not exist."""

    code, status = _abi.ERROR_NOT_FOUND, "NOT_FOUND"


class FileError(PlauditError, OSError):
    """Reading or writing a file failed."""

    code, status = _abi.ERROR_IO, "IO"


class CorruptError(PlauditError, ValueError):
    """A file is broken; the message names the key, tensor or byte."""

    code, status = _abi.ERROR_CORRUPT, "CORRUPT"


class UnsupportedError(PlauditError, NotImplementedError):
    """An architecture, data type or tokenizer component this version does not know."""

    code, status = _abi.ERROR_UNSUPPORTED, "UNSUPPORTED"


class OutOfMemoryError(PlauditError, MemoryError):
    """An allocation failed."""

    code, status = _abi.ERROR_OUT_OF_MEMORY, "OUT_OF_MEMORY"


class LimitError(PlauditError, ValueError):
    """Larger, longer or deeper than allowed."""

    code, status = _abi.ERROR_LIMIT, "LIMIT"


class CancelledError(PlauditError):
    """The call was cancelled by its token."""

    code, status = _abi.ERROR_CANCELLED, "CANCELLED"


class TimedOutError(PlauditError, TimeoutError):
    """The call was not done within its timeout."""

    code, status = _abi.ERROR_TIMEOUT, "TIMEOUT"


class InternalError(PlauditError, RuntimeError):
    """A defect of Plaudit: please report it."""

    code, status = _abi.ERROR_INTERNAL, "INTERNAL"


_CLASSES: dict[int, type[PlauditError]] = {
    kind.code: kind
    for kind in (
        InvalidArgumentError, InvalidHandleError, InvalidStateError, OutOfRangeError,
        BufferTooSmallError, BusyError, InvalidDataError, InvalidUTF8Error, NotFiniteError,
        ShapeError, UndefinedError, NotFoundError, FileError, CorruptError, UnsupportedError,
        OutOfMemoryError, LimitError, CancelledError, TimedOutError, InternalError)
}
_CLASSES[_abi.ERROR_NULL_POINTER] = InvalidArgumentError


def call(
    function: Callable[..., int], *arguments: Any, not_found: type[PlauditError] = NotFoundError
) -> None:
    """Calls a fallible function and raises what it answers."""
    slot = ctypes.c_void_p()
    status = function(*arguments, ctypes.byref(slot))
    if status != _abi.OK:
        _raise(status, slot, not_found)


def _raise(
    status: int, slot: ctypes.c_void_p, not_found: type[PlauditError] = NotFoundError
) -> NoReturn:
    library = _abi.load()
    message = library.plaudit_error_message(slot).decode("utf-8", "replace")
    index = library.plaudit_error_index(slot)
    offset = library.plaudit_error_offset(slot)
    library.plaudit_error_free(ctypes.byref(slot))
    kind = _CLASSES.get(status, PlauditError)
    if kind is NotFoundError:
        kind = not_found
    raise kind(
        message or f"Plaudit answered with status {status}", code=status,
        status=library.plaudit_status_name(status).decode(),
        index=None if index < 0 else index, offset=None if offset < 0 else offset)
