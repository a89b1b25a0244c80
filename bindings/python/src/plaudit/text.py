"""Tokenizers: texts to ids, with byte offsets, as Hugging Face tokenizers make them."""

from __future__ import annotations

import ctypes
import operator
import os
from ctypes import byref, c_char_p, c_int32, c_int64, c_void_p

from . import _abi, _arrays
from ._arguments import SPECIAL_TEXT, UTF8, choice, setting
from ._batch import Batch, Texts, single
from ._handle import Handle
from ._tuples import NamedTuple
from .errors import LabelNotFoundError, call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    Path = Union[str, bytes, os.PathLike[Any]]
else:
    Any = Path = object

_lib = _abi.load()

_TRUNCATION = {
    "file": _abi.TRUNCATION_FILE, "none": _abi.TRUNCATION_NONE,
    "longest_first": _abi.TRUNCATION_LONGEST_FIRST, "only_first": _abi.TRUNCATION_ONLY_FIRST,
    "only_second": _abi.TRUNCATION_ONLY_SECOND}
_PADDING = {
    "file": _abi.PADDING_FILE, "none": _abi.PADDING_NONE, "longest": _abi.PADDING_LONGEST,
    "fixed": _abi.PADDING_FIXED}
_COLUMNS = {
    "all": _abi.COLUMNS_ALL, "ids": _abi.COLUMNS_IDS, "offsets": _abi.COLUMNS_OFFSETS}
_SIDE = {"right": _abi.SIDE_RIGHT, "left": _abi.SIDE_LEFT}


class Row(NamedTuple):
    """One row of an Encoding; the arrays have one entry a token.

    text: index of the text it comes from. starts, ends: bytes of that text in UTF-8.
    sequences: 0 the text, 1 its pair, -1 neither.
    """

    text: int
    ids: Any
    type_ids: Any
    attention_mask: Any
    special_tokens_mask: Any
    sequences: Any
    starts: Any
    ends: Any


class Encoding:
    """Encoded texts as columns over all tokens of all rows.

    A text has one row, and overflow rows after it when it was truncated with a stride.
    row_offsets [rows + 1]: first token of each row. row_texts [rows]: which text.
    ids, type_ids, attention_mask, special_tokens_mask, sequences, starts, ends [tokens]:
    see Row; special and padding tokens have starts and ends 0.
    dropped_tokens [texts]: cut off by truncation.
    unknown_offsets [texts + 1] into unknown_starts, unknown_ends, unknown_sequences: bytes of the
    words that became [UNK].
    Columns that encode_batch was told to leave out are None.
    NumPy arrays are read-only views that keep the memory alive by themselves.
    """

    def __init__(self, handle: c_void_p, tokenizer: "Tokenizer") -> None:
        owner = _EncodingHandle(handle)
        view = _abi.plaudit_encoding_view()
        call(_lib.plaudit_encoding_get, owner._live, byref(view))
        self._tokenizer = tokenizer
        self.text_count: int = view.text_count
        self.row_count: int = view.row_count
        self.token_count: int = view.token_count

        def column(address: int | None, typecode: str, count: int) -> Any:
            return _arrays.borrowed(owner, address, typecode, count)

        def kept(address: int | None, typecode: str) -> Any:
            return column(address, typecode, tokens) if address else None

        tokens = view.token_count
        self.row_offsets = column(view.row_offsets, "q", view.row_count + 1)
        self.row_texts = column(view.row_texts, "q", view.row_count)
        self.ids = column(view.ids, "i", tokens)
        self.type_ids = kept(view.type_ids, "i")
        self.attention_mask = kept(view.attention_mask, "B")
        self.special_tokens_mask = kept(view.special_tokens_mask, "B")
        self.sequences = kept(view.sequences, "b")
        self.starts = kept(view.starts, "q")
        self.ends = kept(view.ends, "q")
        self.dropped_tokens = column(view.dropped_tokens, "q", view.text_count)
        self.unknown_offsets = column(view.unknown_offsets, "q", view.text_count + 1)
        unknown = int(self.unknown_offsets[-1]) if len(self.unknown_offsets) else 0
        self.unknown_starts = column(view.unknown_starts, "q", unknown)
        self.unknown_ends = column(view.unknown_ends, "q", unknown)
        self.unknown_sequences = column(view.unknown_sequences, "b", unknown)

    def __len__(self) -> int:
        return self.row_count

    def __getitem__(self, row: int) -> Row:
        if not -self.row_count <= row < self.row_count:
            raise IndexError(f"row {row} of {self.row_count}")
        row %= self.row_count
        first, last = int(self.row_offsets[row]), int(self.row_offsets[row + 1])
        columns = (
            self.ids, self.type_ids, self.attention_mask, self.special_tokens_mask,
            self.sequences, self.starts, self.ends)
        return Row(int(self.row_texts[row]), *(
            None if column is None else column[first:last] for column in columns))

    @property
    def tokens(self) -> list[str]:
        """The text of every token."""
        names: dict[int, str] = {}
        for number in set(self.ids.tolist()):
            names[number] = self._tokenizer.id_to_token(number) or ""
        return [names[number] for number in self.ids.tolist()]

    def unknown_words(self, text: int) -> list[tuple[int, int, int]]:
        """(start, end, sequence) in bytes of each word of a text that became [UNK]."""
        if not -self.text_count <= text < self.text_count:
            raise IndexError(f"text {text} of {self.text_count}")
        text %= self.text_count
        first, last = int(self.unknown_offsets[text]), int(self.unknown_offsets[text + 1])
        return list(zip(
            self.unknown_starts[first:last].tolist(), self.unknown_ends[first:last].tolist(),
            self.unknown_sequences[first:last].tolist()))

    def __repr__(self) -> str:
        return f"<Encoding of {self.text_count} texts, {self.token_count} tokens>"


class _EncodingHandle(Handle):
    _free = "plaudit_encoding_free"

    def __init__(self, handle: c_void_p) -> None:
        self._own(handle)


class CleanedTexts:
    """Texts that a recipe cleaned: a sequence of str, with the way back to the raw bytes.

    offsets [texts + 1]: where each text begins in `data`, the UTF-8 of all of them.
    starts, ends [bytes]: for each byte of `data` the bytes it came from, in the raw text of its row.
    NumPy arrays are read-only views that keep the memory alive by themselves.
    """

    def __init__(self, handle: c_void_p, recipe: str) -> None:
        owner = _CleaningHandle(handle)
        view = _abi.plaudit_cleaning_view()
        call(_lib.plaudit_cleaning_get, owner._live, byref(view))
        self.recipe = recipe
        self.data: bytes = ctypes.string_at(view.data, view.byte_count) if view.byte_count else b""
        self.offsets = _arrays.borrowed(owner, view.offsets, "q", view.text_count + 1)
        self.starts = _arrays.borrowed(owner, view.starts, "i", view.byte_count)
        self.ends = _arrays.borrowed(owner, view.ends, "i", view.byte_count)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def _range(self, text: int) -> tuple[int, int]:
        if not -len(self) <= text < len(self):
            raise IndexError(f"text {text} of {len(self)}")
        text %= len(self)
        return int(self.offsets[text]), int(self.offsets[text + 1])

    def __getitem__(self, text: int) -> str:
        """The cleaned text; bytes that are not UTF-8 are U+FFFD here and themselves in `data`."""
        first, last = self._range(text)
        return self.data[first:last].decode("utf-8", "replace")

    def raw_span(self, text: int, start: int, end: int) -> tuple[int, int]:
        """Where bytes start to end (exclusive) of a cleaned text came from, in bytes of the raw one.

        The span must hold a byte and lie inside the cleaned text's UTF-8.
        """
        first, last = self._range(text)
        if not 0 <= start < end <= last - first:
            raise IndexError(f"bytes {start} to {end} of {last - first}")
        return int(self.starts[first + start]), int(self.ends[first + end - 1])

    def __repr__(self) -> str:
        return f"<CleanedTexts of {len(self)} texts by {self.recipe}>"


class _CleaningHandle(Handle):
    _free = "plaudit_cleaning_free"

    def __init__(self, handle: c_void_p) -> None:
        self._own(handle)


def cleaning_recipes() -> dict[str, list[str]]:
    """The cleaning recipes by name, each with its steps."""
    import json

    listed = json.loads(_lib.plaudit_cleaning_recipes())
    return {recipe["name"]: recipe["steps"] for recipe in listed}


def clean(texts: Texts, recipe: str) -> CleanedTexts:
    """Cleans texts by a recipe of cleaning_recipes(), such as "tweets-1"; None is an empty text.

    Raises LabelNotFoundError for a recipe that does not exist, naming those that do.
    """
    name = single(recipe, "recipe")
    batch = Batch(texts)
    handle = c_void_p()
    call(
        _lib.plaudit_text_clean, name, len(name), byref(batch.struct), byref(handle),
        not_found=LabelNotFoundError)
    return CleanedTexts(handle, recipe)


class Tokenizer(Handle):
    """A WordPiece tokenizer; any number of threads may use one.

    path: a tokenizer.json, a folder with one, or a folder with vocab.txt and
    tokenizer_config.json. Raises NotFoundError, CorruptError, UnsupportedError.
    """

    _free = "plaudit_tokenizer_free"

    def __init__(self, path: Path) -> None:
        name = os.fsencode(path)
        handle = c_void_p()
        call(_lib.plaudit_tokenizer_load, name, len(name), byref(handle))
        self._own(handle)
        self._path = os.path.abspath(os.fsdecode(name))

    @classmethod
    def _adopt(cls, handle: c_void_p) -> "Tokenizer":
        tokenizer = cls.__new__(cls)
        tokenizer._own(handle)
        tokenizer._path = None  # type: ignore[assignment]
        return tokenizer

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._path is None:
            raise TypeError("a model's tokenizer cannot be copied or pickled; pickle the model")
        return Tokenizer, (self._path,)

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, added ones included."""
        size = c_int64()
        call(_lib.plaudit_tokenizer_vocabulary_size, self._live, byref(size))
        return size.value

    def __len__(self) -> int:
        return self.vocabulary_size

    def token_to_id(self, token: str) -> int | None:
        """The id of a token, None when the vocabulary lacks it."""
        text = single(token, "token")
        number = c_int32()
        try:
            call(
                _lib.plaudit_tokenizer_token_id, self._live, text, len(text), byref(number),
                not_found=LabelNotFoundError)
        except LabelNotFoundError:
            return None
        return number.value

    def id_to_token(self, id: int) -> str | None:
        """The text of a token, None for an id without one."""
        number = operator.index(id)
        if not 0 <= number < 2**31:
            return None
        text, length = c_char_p(), c_int64()
        try:
            call(
                _lib.plaudit_tokenizer_token_text, self._live, number, byref(text), byref(length),
                not_found=LabelNotFoundError)
        except LabelNotFoundError:
            return None
        return ctypes.string_at(text, length.value).decode("utf-8", "replace")

    def encode(
        self, text: str | bytes, pair: str | bytes | None = None, **options: Any
    ) -> Encoding:
        """Encodes one text, or a text with its pair. Options as in encode_batch."""
        texts = [single(text, "text")]
        return self.encode_batch(
            texts, None if pair is None else [single(pair, "pair")], **options)

    def encode_batch(
        self, texts: Texts, pairs: Texts | None = None, *, truncation: str = "file",
        max_length: int | None = None, stride: int | None = None, truncation_side: str = "right",
        padding: str = "file", pad_length: int | None = None, pad_multiple: int | None = None,
        padding_side: str = "right", special_tokens: bool = True, special_text: str = "recognise",
        invalid_utf8: str = "error", columns: str = "all",
    ) -> Encoding:
        """Encodes texts, each with its pair when pairs are given; None is an empty text.

        truncation: "file" (what tokenizer.json says), "none", "longest_first", "only_first",
        "only_second"; all but the first two need max_length, in tokens. stride: tokens that
        overflow rows share. padding: "file", "none", "longest", "fixed" (to pad_length).
        special_text: "recognise" reads "[SEP]" in a text as the token, "plain" as characters.
        invalid_utf8: "error" raises InvalidUTF8Error, "replace" reads U+FFFD.
        columns: "all", "ids" alone (several times as fast), or "offsets" (ids, starts and ends).
        """
        options = _abi.plaudit_encode_options()
        options.truncation = choice(truncation, "truncation", _TRUNCATION)
        options.max_length = setting(max_length, "max_length")
        options.stride = 0 if stride == 0 else setting(stride, "stride")
        options.truncation_side = choice(truncation_side, "truncation_side", _SIDE)
        options.padding = choice(padding, "padding", _PADDING)
        options.pad_length = setting(pad_length, "pad_length")
        options.pad_multiple = setting(pad_multiple, "pad_multiple")
        options.padding_side = choice(padding_side, "padding_side", _SIDE)
        options.no_special_tokens = 0 if special_tokens else 1
        options.special_text = choice(special_text, "special_text", SPECIAL_TEXT)
        options.invalid_utf8 = choice(invalid_utf8, "invalid_utf8", UTF8)
        options.columns = choice(columns, "columns", _COLUMNS)
        batch = Batch(texts)
        partners = None if pairs is None else Batch(pairs, "pairs")
        handle = c_void_p()
        call(
            _lib.plaudit_tokenizer_encode, self._live, byref(batch.struct),
            None if partners is None else byref(partners.struct), byref(options), byref(handle))
        return Encoding(handle, self)
