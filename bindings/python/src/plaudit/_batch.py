"""Texts on their way into the library: one buffer in Arrow's layout."""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Iterable, Mapping
from itertools import accumulate

from . import _abi, _arrays
from .errors import InvalidUTF8Error, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    Text = Union[str, bytes, None]
    Texts = Iterable[Text]
else:
    Any = Text = Texts = object

# Parts for whose lengths NumPy is not imported, if it is not there yet.
_FEW = 1 << 12


class Batch:
    """A plaudit_text_batch and the memory it points to."""

    def __init__(self, texts: Any, name: str = "texts") -> None:
        self.struct = _abi.plaudit_text_batch()
        if isinstance(texts, (str, bytes, bytearray)):
            raise TypeError(
                f"{name} is a single {type(texts).__name__}; pass a list of them, such as [{name}]")
        if isinstance(texts, (Mapping, set, frozenset)) or not hasattr(texts, "__iter__"):
            raise TypeError(
                f"{name} must be a sequence of str, bytes or None, not {type(texts).__name__}")
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is not None and isinstance(texts, (pyarrow.Array, pyarrow.ChunkedArray)):
            self._fill_from_arrow(pyarrow, texts, name)
            return
        if getattr(texts, "ndim", 1) != 1:
            raise ShapeError(f"{name} must be one column, it has {texts.ndim} dimensions")
        self._fill(texts.tolist() if hasattr(texts, "tolist") else list(texts), name)

    @property
    def count(self) -> int:
        return self.struct.count

    def _fill(self, texts: list[Any], name: str) -> None:
        try:
            # UTF-8 byte by byte as characters below 256, so that ASCII texts are joined as they are.
            latin = [text if text.isascii() else text.encode().decode("latin-1") for text in texts]
            self._place("".join(latin).encode("latin-1"), latin)
        except (AttributeError, TypeError, UnicodeEncodeError):
            parts = _encoded(texts, name)
            if None in parts:
                bits = bytearray((len(parts) + 7) // 8)
                for row, part in enumerate(parts):
                    if part is None:
                        parts[row] = b""
                    else:
                        bits[row >> 3] |= 1 << (row & 7)
                self._validity = bytes(bits)
                self.struct.validity = _address(self._validity)
            self._place(b"".join(parts), parts)

    def _place(self, data: bytes, parts: list[Any]) -> None:
        self._data = data
        self._offsets = _offsets(parts)
        self.struct.count = len(parts)
        self.struct.data = _address(data)
        self.struct.data_length = len(data)
        self.struct.offsets64 = _arrays.address(self._offsets)

    def _fill_from_arrow(self, pyarrow: Any, texts: Any, name: str) -> None:
        types = pyarrow.types
        if isinstance(texts, pyarrow.ChunkedArray):
            texts = pyarrow.concat_arrays(texts.chunks) if texts.num_chunks else pyarrow.array(
                [], texts.type)
        kind = texts.type
        wide = types.is_large_string(kind) or types.is_large_binary(kind)
        if not (wide or types.is_string(kind) or types.is_binary(kind)):
            if types.is_dictionary(kind):
                kind = kind.value_type
            if not (types.is_null(kind) or "string" in str(kind) or "binary" in str(kind)):
                raise TypeError(f"{name} must hold strings, not Arrow's {texts.type}")
            texts, wide = texts.cast(pyarrow.large_string()), True
        if texts.offset % 8 and texts.null_count:
            # The bitmap would have to begin inside a byte.
            texts = pyarrow.concat_arrays([texts, texts[:0]])
            if texts.offset % 8:
                texts = pyarrow.array(texts.to_pylist(), texts.type)
        validity, offsets, data = texts.buffers()
        self._arrow = texts
        self.struct.count = len(texts)
        if validity is not None and texts.null_count:
            self.struct.validity = validity.address + texts.offset // 8
        if len(texts) == 0 or offsets is None:
            self.struct.count = 0
            return
        where = offsets.address + texts.offset * (8 if wide else 4)
        if wide:
            self.struct.offsets64 = where
        else:
            self.struct.offsets32 = where
        if data is not None:
            self.struct.data, self.struct.data_length = data.address, data.size


def _offsets(parts: list[Any]) -> Any:
    """Where each part begins in all of them together, and the end: int64."""
    module = _arrays.numpy() if len(parts) > _FEW or "numpy" in sys.modules else None
    if module is None:
        return array("q", accumulate(map(len, parts), initial=0))
    offsets = module.zeros(len(parts) + 1, "int64")
    module.cumsum(module.fromiter(map(len, parts), "int64", len(parts)), out=offsets[1:])
    return offsets


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _is_missing(text: Any) -> bool:
    return text is None or (isinstance(text, float) and text != text) or (
        type(text).__name__ in ("NAType", "NaTType"))


def _encoded(texts: list[Any], name: str) -> list[Any]:
    """The bytes of each text, None for a missing one."""
    parts: list[Any] = []
    for row, text in enumerate(texts):
        if isinstance(text, str):
            parts.append(encode(text, f"{name}[{row}]", row))
        elif isinstance(text, (bytes, bytearray)):
            parts.append(bytes(text))
        elif _is_missing(text):
            parts.append(None)
        else:
            raise TypeError(
                f"{name}[{row}] must be str, bytes or None, not {type(text).__name__}")
    return parts


def encode(text: str, name: str, row: int | None = None) -> bytes:
    """UTF-8, or InvalidUTF8Error where a str holds half of a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidUTF8Error(
            f"{name} has the surrogate {text[error.start]!r} at character {error.start}, which no "
            "UTF-8 text can hold; pass the original bytes instead", index=row,
            offset=len(text[:error.start].encode())) from None


def single(text: Any, name: str) -> bytes:
    """One text for a function that takes one."""
    if isinstance(text, str):
        return encode(text, name)
    if isinstance(text, (bytes, bytearray)):
        return bytes(text)
    raise TypeError(f"{name} must be str or bytes, not {type(text).__name__}")
