"""Models that score and embed texts."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from ctypes import byref, c_char_p, c_float, c_int32, c_void_p
from itertools import combinations

from . import _abi, _arrays
from ._arguments import CALIBRATIONS, SPECIAL_TEXT, UTF8, choice, real, setting, whole
from ._batch import Batch, Texts, single
from ._handle import Handle
from ._run import ProgressOption, Run
from ._tuples import NamedTuple
from .errors import LabelNotFoundError, ShapeError, call
from .library import Cancel
from .text import Path, Tokenizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_lib = _abi.load()

_LONG_TEXT = {
    "truncate": _abi.LONG_TEXT_TRUNCATE, "windows": _abi.LONG_TEXT_WINDOWS,
    "refuse": _abi.LONG_TEXT_REFUSE}
_SCORES = {"probabilities": _abi.SCORES_PROBABILITIES, "logits": _abi.SCORES_LOGITS}
_POOLING = {
    None: _abi.POOLING_FOLDER, **{
        "+".join(names): sum(bits) for names, bits in (
            zip(*parts) for size in (1, 2, 3) for parts in combinations((
                ("cls", _abi.POOLING_CLS), ("max", _abi.POOLING_MAX),
                ("mean", _abi.POOLING_MEAN)), size))}}
_STORAGE = {"f32": _abi.STORAGE_F32, "rows_int8": _abi.STORAGE_ROWS_INT8}
_PRECISION = {
    "fp32": _abi.PRECISION_FP32, "bf16": _abi.PRECISION_BF16, "int8": _abi.PRECISION_INT8,
    "fastest": _abi.PRECISION_FASTEST}
_PRECISIONS = {number: name for name, number in _PRECISION.items()}
_NORMALIZE = {
    None: _abi.NORMALIZE_FOLDER, True: _abi.NORMALIZE_YES, False: _abi.NORMALIZE_NO}
_PROBLEMS = {
    _abi.PROBLEM_NONE: "none", _abi.PROBLEM_SINGLE_LABEL: "single_label",
    _abi.PROBLEM_MULTI_LABEL: "multi_label", _abi.PROBLEM_REGRESSION: "regression"}
_POOLINGS = {number: name for name, number in _POOLING.items()}


class ModelInfo(NamedTuple):
    """What a model is.

    embedding_size: of `embed`, 0 when the folder names no pooling. max_length: tokens a text may
    have. problem: "none" (no head), "single_label", "multi_label", "regression".
    pooling: "mean", "cls", "max", several such as "cls+max+mean", or None. normalized: embeddings
    have length 1. labels_unnamed: config.json names no labels, so that they are LABEL_0 ...
    cleaning: the recipe by which texts are cleaned, or None. calibration: of its probabilities,
    "temperature", "platt", "isotonic" or None. precision: what its encoder computes at on this
    machine, "fp32", "bf16" or "int8".
    """

    architecture: str
    hidden_size: int
    layer_count: int
    embedding_size: int
    max_length: int
    parameter_count: int
    label_count: int
    problem: str
    pooling: str | None
    normalized: bool
    labels_unnamed: bool
    cleaning: str | None
    calibration: str | None
    precision: str


class PrecisionReport(NamedTuple):
    """What a precision changes on some texts.

    precision: what was computed here. text_count: texts compared, without null ones. flip_count,
    flip_rate: those whose label is another; the rate is NaN where scores are no labels.
    largest_difference: between two scores of a text, or elements of its embedding.
    mean_difference: of the texts' largest differences. worst_text: the text with the largest
    difference; -1 without texts.
    """

    precision: str
    text_count: int
    flip_count: int
    flip_rate: float
    largest_difference: float
    mean_difference: float
    worst_text: int


class CalibrationReport(NamedTuple):
    """What a calibration gained on the rows it was fitted to.

    loss_before, loss_after: mean negative log-likelihood of the true labels. objective: what was
    minimised. at_bound: the temperature stopped at 0.01 or 100.
    """

    loss_before: float
    loss_after: float
    objective: float
    at_bound: bool


class TextReport(NamedTuple):
    """What became of a text on its way to a score.

    token_count: tokens the model saw, special ones included. dropped_tokens: those it did not see.
    unknown_words: words that became [UNK]. window_count: windows it was cut into; 1 without.
    """

    token_count: int
    dropped_tokens: int
    unknown_words: int
    window_count: int


class TextReports(Sequence[TextReport]):
    """The reports of a call, one a text."""

    def __init__(self, reports: Any) -> None:
        self._reports = reports

    def __len__(self) -> int:
        return len(self._reports)

    def __getitem__(self, text: Any) -> Any:
        if isinstance(text, slice):
            return [_report(report) for report in self._reports[text]]
        return _report(self._reports[text])


def _report(report: Any) -> TextReport:
    return TextReport(
        report.token_count, report.dropped_tokens, report.unknown_words, report.window_count)


class Prediction(NamedTuple):
    """The scores of one text by label.

    label: the name with the highest score; None for a null text and unless the problem is
    single label.
    """

    label: str | None
    scores: dict[str, float]
    report: TextReport


class Predictions(Sequence[Prediction]):
    """The scores of many texts.

    scores: [texts, labels] float32, NaN for null texts; the columns are named by `label_names`.
    label_indices: [texts] int32, the column of the highest score or -1.
    reports: a TextReport a text.
    """

    def __init__(
        self, label_names: tuple[str, ...], scores: _arrays.Output, best: _arrays.Output,
        reports: TextReports,
    ) -> None:
        self.label_names = label_names
        self.reports = reports
        self._scores = scores
        self._best = best

    @property
    def scores(self) -> Any:
        """[texts, labels] float32."""
        return self._scores.value()

    @property
    def label_indices(self) -> Any:
        """[texts] int32."""
        return self._best.value()

    @property
    def labels(self) -> list[str | None]:
        """The name of the highest score of each text, or None."""
        names = (*self.label_names, None)
        return [names[index] for index in self._best.numbers()]

    def __len__(self) -> int:
        return self._best.count

    def __getitem__(self, text: Any) -> Any:
        if isinstance(text, slice):
            return [self[index] for index in range(*text.indices(len(self)))]
        row = range(len(self))[text]
        index = self._best.at(row)
        return Prediction(
            None if index < 0 else self.label_names[index],
            dict(zip(self.label_names, self._scores.row(row))), self.reports[row])

    def __iter__(self) -> Iterator[Prediction]:
        return (self[text] for text in range(len(self)))

    def __repr__(self) -> str:
        return f"<Predictions of {len(self)} texts over {', '.join(self.label_names)}>"


class Embeddings(NamedTuple):
    """values: [texts, embedding size] float32. reports: a TextReport a text."""

    values: Any
    reports: TextReports


class HiddenStates(NamedTuple):
    """The last layer's vectors of every token.

    states: [tokens, hidden size] float32 over all texts. offsets: [texts + 1] int64, the rows of
    text i are offsets[i] to offsets[i + 1].
    """

    states: Any
    offsets: Any

    def of(self, text: int) -> Any:
        """The rows of one text."""
        count = len(self.offsets) - 1
        if not -count <= text < count:
            raise IndexError(f"text {text} of {count}")
        text %= count
        return self.states[int(self.offsets[text]):int(self.offsets[text + 1])]


def _text(name: bytes | None) -> str | None:
    return None if name is None else name.decode()


def _predict_options(
    max_length: int | None, window_stride: int | None, long_text: str, invalid_utf8: str,
    special_text: str, *, scores: str = "probabilities", pooling: str | None = None,
    normalize: bool | None = None,
) -> _abi.plaudit_predict_options:
    options = _abi.plaudit_predict_options()
    options.max_length = setting(max_length, "max_length")
    options.window_stride = setting(window_stride, "window_stride")
    options.long_text = choice(long_text, "long_text", _LONG_TEXT)
    options.scores = choice(scores, "scores", _SCORES)
    options.pooling = choice(pooling, "pooling", _POOLING)
    options.normalize = choice(normalize, "normalize", _NORMALIZE)
    options.invalid_utf8 = choice(invalid_utf8, "invalid_utf8", UTF8)
    options.special_text = choice(special_text, "special_text", SPECIAL_TEXT)
    return options


class Model(Handle):
    """A model folder as Hugging Face or sentence-transformers write it, loaded and checked.

    path: the folder; None is the default model, brand-sentiment, which PLAUDIT_MODEL may name and
    which else lies in the package, beside the installed library or in the checkout. max_bytes:
    refuse weights that take more memory; None is 16 GiB. precision: how the encoder multiplies,
    "fp32", "bf16", "int8" or "fastest"; below fp32 the model takes less memory, and neither `save`
    nor a Trainer takes it. `precision_report` tells what it changes.
    Any number of threads may use one. Raises NotFoundError, CorruptError, UnsupportedError,
    ShapeError, NotFiniteError, LimitError.

    The functions that take texts share these options:
    max_length: tokens a text, None is the model's. long_text: "truncate" (and report), "windows"
    (overlapping, averaged), "refuse" (LimitError with the row). window_stride: tokens two windows
    share. invalid_utf8: "error" or "replace". special_text: "recognise" or "plain". threads: 0 is
    the cores this process may use; results are the same bits at any number. progress: a function
    of a Progress, or True for a bar; what it raises ends the call. progress_interval: shortest
    time between reports, None is 0.1. cancel: a Cancel token. timeout: TimedOutError after this.
    Times are in seconds.
    """

    _free = "plaudit_model_free"

    def __init__(
        self, path: Path | None = None, *, max_bytes: int | None = None, precision: str = "fp32",
    ) -> None:
        options = _abi.plaudit_model_options()
        options.max_bytes = setting(max_bytes, "max_bytes")
        options.precision = choice(precision, "precision", _PRECISION)
        name = None if path is None else os.fsencode(path)
        handle = c_void_p()
        call(
            _lib.plaudit_model_load, name, -1 if name is None else len(name), byref(options),
            byref(handle))
        folder = None if name is None else os.path.abspath(os.fsdecode(name))
        self._begin(handle, folder, max_bytes, precision, is_default=name is None)

    @classmethod
    def load(
        cls, path: Path | None = None, *, max_bytes: int | None = None, precision: str = "fp32",
    ) -> "Model":
        """The same as Model(path)."""
        return cls(path, max_bytes=max_bytes, precision=precision)

    @classmethod
    def _adopt(cls, handle: c_void_p) -> "Model":
        model = cls.__new__(cls)
        model._begin(handle, None, None)
        return model

    def _begin(
        self, handle: c_void_p, path: str | None, max_bytes: int | None, precision: str = "fp32",
        is_default: bool = False,
    ) -> None:
        self._own(handle)
        self._path = path
        self._is_default = is_default
        self._max_bytes = max_bytes
        self._precision = precision
        info = _abi.plaudit_model_info()
        call(_lib.plaudit_model_get_info, self._live, byref(info))
        self._info = ModelInfo(
            (info.architecture or b"").decode(), info.hidden_size, info.layer_count,
            info.embedding_size, info.max_length, info.parameter_count, info.label_count,
            _PROBLEMS.get(info.problem, str(info.problem)), _POOLINGS.get(info.pooling),
            bool(info.normalized), bool(info.labels_unnamed), _text(info.cleaning),
            _text(info.calibration), _PRECISIONS.get(info.precision, str(info.precision)))
        self._labels = tuple(self._label(index) for index in range(info.label_count))
        self._tokenizer: Tokenizer | None = None
        #: What `calibrate` gained, of a model that it made; else None.
        self.calibration_report: CalibrationReport | None = None

    def _label(self, index: int) -> str:
        name = c_char_p()
        call(_lib.plaudit_model_label, self._live, index, byref(name))
        return (name.value or b"").decode()

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._path is None and not self._is_default:
            raise TypeError("a model is pickled by its folder; save it first")
        return _load, (self._path, self._max_bytes, self._precision)

    def __repr__(self) -> str:
        info = self._info
        precision = "" if info.precision == "fp32" else f", {info.precision}"
        return f"<Model {info.architecture}, {info.parameter_count:,} parameters{precision}>"

    @property
    def info(self) -> ModelInfo:
        """What the model is."""
        return self._info

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the scores' columns; their order differs between models."""
        return self._labels

    def label_index(self, name: str) -> int:
        """The column of a label; LabelNotFoundError lists the names there are."""
        text = single(name, "name")
        index = c_int32()
        call(
            _lib.plaudit_model_label_index, self._live, text, len(text), byref(index),
            not_found=LabelNotFoundError)
        return index.value

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer; it stays usable after the model is closed."""
        if self._tokenizer is None or self._tokenizer.closed:
            handle = c_void_p()
            call(_lib.plaudit_model_tokenizer, self._live, byref(handle))
            self._tokenizer = Tokenizer._adopt(handle)
        return self._tokenizer

    def save(self, path: Path, *, storage: str = "f32") -> None:
        """Writes a folder that loads again; replaces its files.

        storage: "f32", which predicts the same bits, or "rows_int8": a byte a weight, a quarter of
        the size, scores a little different, and read by Plaudit alone.
        """
        options = _abi.plaudit_save_options()
        options.storage = choice(storage, "storage", _STORAGE)
        name = os.fsencode(path)
        call(_lib.plaudit_model_save_as, self._live, name, len(name), byref(options))
        if self._path is None and not self._is_default and storage == "f32":
            self._path = os.path.abspath(os.fsdecode(name))

    def at_precision(self, precision: str) -> "Model":
        """The same model at "bf16", "int8" or "fastest", such as one that was trained here.

        It shares with this one, which stays as it is, what both need; to load a folder with
        Model(path, precision=...) takes less memory. Raises UnsupportedError for a model without
        an encoder, InvalidStateError for one that is below fp32 already.
        """
        handle = c_void_p()
        call(
            _lib.plaudit_model_at_precision, self._live,
            choice(precision, "precision", _PRECISION), byref(handle))
        return Model._adopt(handle)

    def precision_report(
        self, texts: Texts, precision: str = "fastest", pairs: Texts | None = None, *,
        scores: str = "probabilities", pooling: str | None = None, normalize: bool | None = None,
        max_length: int | None = None, window_stride: int | None = None,
        long_text: str = "truncate", invalid_utf8: str = "error",
        special_text: str = "recognise", threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> PrecisionReport:
        """What a precision would change: labels, scores, or embeddings of a model without a head.

        Scores the texts twice, by this model, which is at fp32, and at the other precision, with
        the options of `predict` or, without a head, of `embed`. Raises what they raise, and
        InvalidStateError for a model below fp32.
        """
        options = _predict_options(
            max_length, window_stride, long_text, invalid_utf8, special_text, scores=scores,
            pooling=pooling, normalize=normalize)
        number = choice(precision, "precision", _PRECISION)
        batch = Batch(texts)
        partners = None if pairs is None else Batch(pairs, "pairs")
        report = _abi.plaudit_precision_report()
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            run(
                _lib.plaudit_model_precision_report, self._live, number, byref(batch.struct),
                None if partners is None else byref(partners.struct), byref(options), Run.OPTIONS,
                byref(report))
        return PrecisionReport(
            _PRECISIONS.get(report.precision, str(report.precision)), report.text_count,
            report.flip_count, report.flip_rate, report.largest_difference,
            report.mean_difference, report.worst_text)

    def predict(
        self, texts: Texts, pairs: Texts | None = None, *, scores: str = "probabilities",
        max_length: int | None = None, window_stride: int | None = None,
        long_text: str = "truncate", invalid_utf8: str = "error",
        special_text: str = "recognise", threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> Predictions:
        """Scores texts, each with its pair when pairs are given; None is a null text.

        scores: "probabilities" or "logits". InvalidStateError without a head.
        """
        options = _predict_options(
            max_length, window_stride, long_text, invalid_utf8, special_text, scores=scores)
        batch = Batch(texts)
        partners = None if pairs is None else Batch(pairs, "pairs")
        count = batch.count
        result = _arrays.Output("f", count, len(self._labels))
        best = _arrays.Output("i", count)
        reports = (_abi.plaudit_text_report * count)()
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            run(
                _lib.plaudit_model_predict, self._live, byref(batch.struct),
                None if partners is None else byref(partners.struct), byref(options), Run.OPTIONS,
                result.address, result.count, best.address, reports)
        return Predictions(self._labels, result, best, TextReports(reports))

    def embed(
        self, texts: Texts, *, pooling: str | None = None, normalize: bool | None = None,
        max_length: int | None = None, window_stride: int | None = None,
        long_text: str = "truncate", invalid_utf8: str = "error",
        special_text: str = "recognise", reports: bool = False, threads: int = 0,
        progress: ProgressOption = None, progress_interval: float | None = None,
        cancel: Cancel | None = None, timeout: float | None = None,
    ) -> Any:
        """Embeds texts: [texts, embedding size] float32, NaN for null texts.

        pooling: "mean", "cls", "max" or several side by side such as "cls+max+mean"; None is what
        the folder says, InvalidArgumentError when it says nothing. normalize: whether vectors get
        length 1; None as the folder says.
        reports: return an Embeddings with the reports beside the values.
        """
        options = _predict_options(
            max_length, window_stride, long_text, invalid_utf8, special_text, pooling=pooling,
            normalize=normalize)
        batch = Batch(texts)
        width = self._embedding_size(pooling)
        result = _arrays.Output("f", batch.count, width)
        made = (_abi.plaudit_text_report * batch.count)()
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            run(
                _lib.plaudit_model_embed, self._live, byref(batch.struct), byref(options),
                Run.OPTIONS, result.address, result.count, made)
        return Embeddings(result.value(), TextReports(made)) if reports else result.value()

    def _embedding_size(self, pooling: str | None) -> int:
        info = self._info
        if pooling is None or info.pooling == pooling:
            return info.embedding_size
        parts = pooling.count("+") + 1
        if info.pooling is not None and info.pooling.count("+") + 1 == parts:
            return info.embedding_size
        return info.hidden_size * parts

    def hidden_states(
        self, texts: Texts, pairs: Texts | None = None, *, max_length: int | None = None,
        long_text: str = "truncate", invalid_utf8: str = "error",
        special_text: str = "recognise", threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> HiddenStates:
        """The last layer's vectors of every token of every text; "windows" is refused."""
        options = _predict_options(max_length, None, long_text, invalid_utf8, special_text)
        batch = Batch(texts)
        partners = None if pairs is None else Batch(pairs, "pairs")
        offsets = _arrays.Output("q", batch.count + 1)
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            given = (
                _lib.plaudit_model_hidden_states, self._live, byref(batch.struct),
                None if partners is None else byref(partners.struct), byref(options), Run.OPTIONS)
            run(*given, None, 0, offsets.address)
            tokens = int(offsets.value()[-1])
            result = _arrays.Output("f", tokens, self._info.hidden_size)
            if tokens:
                run(*given, result.address, result.count, offsets.address)
        return HiddenStates(result.value(), offsets.value())

    def calibrate(
        self, texts: Texts, labels: Any, method: str = "temperature", *, threads: int = 0,
        progress: ProgressOption = None, progress_interval: float | None = None,
        cancel: Cancel | None = None, timeout: float | None = None,
    ) -> "Model":
        """The same model with probabilities that come true as often as they say.

        Fitted to texts it was not trained on and their true labels, one name a text. method:
        "temperature", which changes no label, "platt" or "isotonic". The calibration is saved with
        the model; logits stay as they are. The new model's `calibration_report` says what was
        gained. For single-label models.
        """
        number = choice(method, "method", CALIBRATIONS)
        batch = Batch(texts)
        names = _arrays.listed(labels, "labels")
        if len(names) != batch.count:
            raise ShapeError(f"there are {batch.count} texts and {len(names)} labels")
        positions = {name: index for index, name in enumerate(self._labels)}
        targets = _arrays.indices(names, positions, "labels")
        report = _abi.plaudit_calibration_report()
        handle = c_void_p()
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            run(
                _lib.plaudit_model_calibrate, self._live, byref(batch.struct),
                targets.buffer_info()[0], number, Run.OPTIONS, byref(handle), byref(report))
        model = Model._adopt(handle)
        model.calibration_report = CalibrationReport(
            report.loss_before, report.loss_after, report.objective, bool(report.at_bound))
        return model

    def with_words(self, valences: Mapping[str, float]) -> "Model":
        """A lexicon model with words of one's own, which go to lower case.

        valences: from -4 to 4 by word; known words get the new one. UnsupportedError for models
        without a lexicon.
        """
        if not isinstance(valences, Mapping):
            raise TypeError(
                f"valences must be a dict of numbers by word, not {type(valences).__name__}")
        batch = Batch(list(valences), "words")
        numbers = array(
            "d", [real(value, f"valences[{word!r}]") for word, value in valences.items()])
        handle = c_void_p()
        call(
            _lib.plaudit_model_with_words, self._live, byref(batch.struct),
            numbers.buffer_info()[0], byref(handle))
        return Model._adopt(handle)

    def scorer(
        self, *, scores: str = "probabilities", pooling: str | None = None,
        normalize: bool | None = None, max_length: int | None = None,
        window_stride: int | None = None, long_text: str = "truncate",
        invalid_utf8: str = "error", special_text: str = "recognise", threads: int = 1,
    ) -> "Scorer":
        """Prepares to score single texts with little overhead.

        threads: those that share a text where the model is large enough: two take half the time.
        """
        options = _predict_options(
            max_length, window_stride, long_text, invalid_utf8, special_text, scores=scores,
            pooling=pooling, normalize=normalize)
        options.scorer_threads = whole(threads, "threads", 1, 256)
        return Scorer(self, options, self._embedding_size(pooling))


def load(
    path: Path | None = None, *, max_bytes: int | None = None, precision: str = "fp32",
) -> Model:
    """The same as Model(path); without a path the default model, brand-sentiment."""
    return Model(path, max_bytes=max_bytes, precision=precision)


def _load(path: str | None, max_bytes: int | None, precision: str = "fp32") -> Model:
    return Model(path, max_bytes=max_bytes, precision=precision)


class Scorer(Handle):
    """Scores one text at a time; made by Model.scorer.

    One thread at a time: a second one gets BusyError. The bits are those of Model.predict.
    """

    _free = "plaudit_scorer_free"

    def __init__(self, model: Model, options: Any, embedding_size: int) -> None:
        handle = c_void_p()
        call(_lib.plaudit_scorer_create, model._live, byref(options), byref(handle))
        self._own(handle)
        self._labels = model.labels
        self._score_buffer = c_float * len(model.labels)
        self._embedding_size = embedding_size

    def score(self, text: str | bytes) -> Prediction:
        """The scores of one text."""
        data = single(text, "text")
        # Made for each call: another thread may be inside one.
        scores, best, report = self._score_buffer(), c_int32(), _abi.plaudit_text_report()
        call(
            _lib.plaudit_scorer_score, self._live, data, len(data), scores, len(self._labels),
            byref(best), byref(report))
        return Prediction(
            None if best.value < 0 else self._labels[best.value], dict(zip(self._labels, scores)),
            _report(report))

    def embed(self, text: str | bytes) -> Any:
        """The embedding of one text, [embedding size] float32."""
        data = single(text, "text")
        result = _arrays.Output("f", self._embedding_size)
        call(
            _lib.plaudit_scorer_embed, self._live, data, len(data), result.address, result.count,
            None)
        return result.value()
