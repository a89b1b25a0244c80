"""Classifiers trained on labelled texts: heads, networks and linear models; their comparison."""

from __future__ import annotations

import math
import os
from array import array
from ctypes import addressof, byref, c_int64, c_void_p
from dataclasses import dataclass
from itertools import product
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, setting, whole, zero_setting
from ._batch import Batch, Texts, encode
from ._handle import Handle
from ._run import ProgressOption, Run
from .errors import InvalidArgumentError, ShapeError, call
from .library import Cancel
from .neural import _NORMALIZE, _POOLING, Model
from .text import Path

_lib = _abi.load()

_OPTIMIZERS = {"adamw": _abi.OPTIMIZER_ADAMW, "adam": _abi.OPTIMIZER_ADAM}
_SCHEDULES = {
    "linear": _abi.SCHEDULE_LINEAR, "constant": _abi.SCHEDULE_CONSTANT,
    "cosine": _abi.SCHEDULE_COSINE, "plateau": _abi.SCHEDULE_PLATEAU}
_MONITORS = {"loss": _abi.MONITOR_LOSS, "macro_f1": _abi.MONITOR_MACRO_F1}


# ---- Options ----------------------------------------------------------------------------------


# Names of the options by how None and 0 are written in C.
_TEXTS = ("architecture", "cleaning")
_PATHS = ("vectors", "checkpoint")
_COUNTS = (
    "epochs", "batch_size", "batch_tokens", "pass_tokens", "max_length", "hidden_size",
    "filter_count", "dense_size", "vector_words", "patience", "plateau_patience",
    "checkpoint_steps", "max_iterations", "history")
_REALS = (
    "l2", "holdout_fraction", "tolerance", "learning_rate", "head_learning_rate", "beta1", "beta2",
    "epsilon", "plateau_factor")
_REALS_WITH_ZERO = (
    "weight_decay", "warmup_fraction", "clip_norm", "dropout", "classifier_dropout")
_CHOICES = {
    "optimizer": _OPTIMIZERS, "schedule": _SCHEDULES, "monitor": _MONITORS, "pooling": _POOLING,
    "normalize": _NORMALIZE}


class _Options:
    """A plaudit_trainer_options made of Trainer's keyword arguments, and what it points to."""

    def __init__(self, names: list[str], given: Mapping[str, Any]) -> None:
        values = {"architecture": None, **Trainer.__init__.__kwdefaults__}
        for name in given:
            if name not in values:
                raise TypeError(f"{name} is no option of Trainer")
        values.update(given)
        options = self.struct = _abi.plaudit_trainer_options()
        for name in _TEXTS:
            setattr(options, name, _name(values[name], name))
        for name in _PATHS:
            setattr(options, name, _path(values[name], name))
        for name in _COUNTS:
            setattr(options, name, setting(values[name], name))
        for name in _REALS:
            setattr(options, name, real_setting(values[name], name))
        for name in _REALS_WITH_ZERO:
            setattr(options, name, zero_setting(values[name], name))
        for name, numbers in _CHOICES.items():
            setattr(options, name, choice(values[name], name, numbers))
        options.label_smoothing = real(values["label_smoothing"], "label_smoothing")
        options.frozen_layers = whole(values["frozen_layers"], "frozen_layers")
        options.seed = whole(values["seed"], "seed", 0, 2**64 - 1)
        options.resume = flag(values["resume"], "resume")
        options.frozen_vectors = flag(values["frozen_vectors"], "frozen_vectors")
        options.no_bias_correction = 1 - flag(values["bias_correction"], "bias_correction")
        weight = values["class_weight"]
        self._weights: array | None = None
        if isinstance(weight, str) and weight == "balanced":
            options.class_weighting = _abi.CLASS_WEIGHTS_BALANCED
        elif weight is not None:
            self._weights = _class_weights(weight, names)
            options.class_weighting = _abi.CLASS_WEIGHTS_CUSTOM
            options.class_weights = self._weights.buffer_info()[0]


def _name(value: Any, name: str) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str or None, not {type(value).__name__}")
    return _without_nul(encode(value, name), name)


def _path(value: Any, name: str) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise TypeError(f"{name} must be a path or None, not {type(value).__name__}")
    return _without_nul(os.fsencode(value), name)


def _without_nul(value: bytes, name: str) -> bytes:
    if not value or b"\0" in value:
        raise InvalidArgumentError(f"{name} is empty or holds a NUL")
    return value


def _class_weights(given: Any, names: list[str]) -> array:
    if not isinstance(given, Mapping):
        raise TypeError(
            f"class_weight must be None, 'balanced' or a dict, not {type(given).__name__}")
    for name in given:
        if name not in names:
            raise InvalidArgumentError(f"class_weight names {name!r}, which is none of the labels")
    return array("d", [real(given.get(name, 1.0), f"class_weight[{name!r}]") for name in names])


def _label_names(labels: Any) -> list[str]:
    names = _arrays.listed(labels, "labels")
    for row, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"labels[{row}] must be str, not {type(name).__name__}")
    return names


def _base(model: Any) -> int | None:
    if model is None:
        return None
    if not isinstance(model, Model):
        raise TypeError(f"model must be a plaudit.Model or None, not {type(model).__name__}")
    return model._live


# ---- Training ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrainingReport:
    """How a fit went.

    iteration_count: steps of the optimiser, of all fits that were compared. loss: mean weighted
    cross-entropy (and penalty of linear models) per example; of networks in the epoch whose
    weights were kept, with dropout. l2: the penalty used, NaN of networks. holdout_...: on the
    validation texts or the held-out part, NaN without. converged: the gradient fell below the
    tolerance. best_epoch: the one whose weights were kept, 0 where there was no choice.
    skipped_steps: left out because a loss or gradient was not finite.
    """

    example_count: int
    iteration_count: int
    loss: float
    l2: float
    holdout_accuracy: float
    holdout_macro_f1: float
    converged: bool
    holdout_loss: float
    holdout_count: int
    best_epoch: int
    skipped_steps: int


class Epoch(NamedTuple):
    """One epoch of a network's training; NaN where there was nothing to measure.

    epoch: from 1. step: steps done at its end. training_loss: mean over its examples, with dropout.
    learning_rate: of its last step. skipped_steps: so far.
    """

    epoch: int
    step: int
    training_loss: float
    validation_loss: float
    validation_accuracy: float
    validation_macro_f1: float
    learning_rate: float
    seconds: float
    skipped_steps: int


class Trainer(Handle):
    """Trains a classifier on labelled texts.

        trainer = plaudit.Trainer(model, ["good", "bad"], "BertForSequenceClassification")
        trainer.add(texts, labels).add_validation(more, their_labels)
        trainer.fit(progress=True)
        trainer.model().save("folder")

    model: where it starts; None for architectures without an encoder. labels: 2 to 4096 different
    names. The same examples, options and seed give the same bits at any number of threads. One
    thread at a time: a second one gets BusyError.

    architecture: None trains a head (logistic regression) on the model's sentence embeddings;
    "BertForSequenceClassification", "BertBiLSTMForSequenceClassification" and
    "BertWordLSTMForSequenceClassification" train its encoder too;
    "WordLSTMForSequenceClassification", "WordCNNForSequenceClassification" read word vectors;
    "TfidfLogisticRegression", "HashedLinear". Options an architecture has no use for are ignored;
    None is a default, which plaudit.h states:

    texts: cleaning (a recipe, kept with the model and applied when it predicts), max_length
    (tokens), vectors (GloVe text, or .npy beside its words.txt), vector_words (kept without an
    example that has them), frozen_vectors.
    layers: frozen_layers (embeddings and this many stay; -1: embeddings alone; 0: none),
    hidden_size, filter_count, dense_size, dropout, classifier_dropout.
    steps: epochs, batch_size, batch_tokens, pass_tokens, optimizer ("adamw", "adam"),
    learning_rate, head_learning_rate, weight_decay, beta1, beta2, epsilon, bias_correction,
    clip_norm (0: no clipping), schedule ("linear", "constant", "cosine", "plateau"),
    warmup_fraction, plateau_factor, plateau_patience.
    loss: class_weight (None, "balanced", or {label: weight} where labels left out weigh 1),
    label_smoothing.
    choice: patience (epochs without gain; None never stops), monitor ("loss", "macro_f1"),
    holdout_fraction (of the examples, where validation texts are needed and none were added),
    seed (0 to 2**64 - 1).
    state: checkpoint (a file), checkpoint_steps (None: each epoch), resume (go on from it, when it
    is there, to the same bits).
    heads: l2 (None chooses it; of TfidfLogisticRegression it is 1 / C), tolerance, max_iterations,
    history, pooling and normalize as for Model.embed; "cls+max+mean" often learns better than the
    folder's.
    """

    _free = "plaudit_trainer_free"

    def __init__(
        self, model: Model | None, labels: Sequence[str], architecture: str | None = None, *,
        cleaning: str | None = None, vectors: Path | None = None, epochs: int | None = None,
        batch_size: int | None = None, batch_tokens: int | None = None,
        pass_tokens: int | None = None, max_length: int | None = None, frozen_layers: int = 0,
        frozen_vectors: bool = False, hidden_size: int | None = None,
        filter_count: int | None = None, dense_size: int | None = None,
        vector_words: int | None = None, optimizer: str = "adamw",
        learning_rate: float | None = None, head_learning_rate: float | None = None,
        schedule: str = "linear", warmup_fraction: float | None = None,
        plateau_factor: float | None = None, plateau_patience: int | None = None,
        weight_decay: float | None = None, beta1: float | None = None,
        beta2: float | None = None, epsilon: float | None = None, bias_correction: bool = True,
        clip_norm: float | None = None, dropout: float | None = None,
        classifier_dropout: float | None = None, label_smoothing: float = 0.0,
        class_weight: str | Mapping[str, float] | None = None, patience: int | None = None,
        monitor: str = "loss", holdout_fraction: float | None = None, seed: int = 0,
        checkpoint: Path | None = None, checkpoint_steps: int | None = None,
        resume: bool = False, l2: float | None = None, tolerance: float | None = None,
        max_iterations: int | None = None, history: int | None = None,
        pooling: str | None = None, normalize: bool | None = None,
    ) -> None:
        given = {
            name: value for name, value in locals().items()
            if name not in ("self", "model", "labels", "__class__")}
        names = _label_names(labels)
        options = _Options(names, given)
        batch = Batch(names, "labels")
        handle = c_void_p()
        call(
            _lib.plaudit_trainer_create, _base(model), byref(batch.struct),
            byref(options.struct), byref(handle))
        self._own(handle)
        self._positions = {name: index for index, name in enumerate(names)}
        self._width = 0 if model is None else model._embedding_size(pooling)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of the model's scores."""
        return tuple(self._positions)

    def add(
        self, texts: Texts, labels: Any, *, threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> "Trainer":
        """Keeps texts as examples of `labels`, one name a text; a head embeds them.

        All or nothing: a call that fails adds no example. Returns the trainer.
        """
        self._keep(
            _lib.plaudit_trainer_add, texts, labels, threads=threads, progress=progress,
            progress_interval=progress_interval, cancel=cancel, timeout=timeout)
        return self

    def add_validation(
        self, texts: Texts, labels: Any, *, threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> "Trainer":
        """Keeps texts by which epochs and penalties are compared; nothing is learnt from them.

        Not for heads, whose held-out part is chosen by holdout_fraction: InvalidStateError.
        """
        self._keep(
            _lib.plaudit_trainer_add_validation, texts, labels, threads=threads,
            progress=progress, progress_interval=progress_interval, cancel=cancel,
            timeout=timeout)
        return self

    def _keep(self, function: Any, texts: Texts, labels: Any, **options: Any) -> None:
        batch = Batch(texts)
        targets = self._targets(labels, batch.count, "texts")
        with Run(**options) as run:
            run(
                function, self._live, byref(batch.struct), targets.buffer_info()[0], Run.OPTIONS)

    def add_embeddings(self, embeddings: Any, labels: Any) -> "Trainer":
        """Keeps embeddings made before, [examples, embedding size], one label name each."""
        address, count, kept = _arrays.matrix(embeddings, self._width, "embeddings")
        targets = self._targets(labels, count, "embeddings")
        call(
            _lib.plaudit_trainer_add_embeddings, self._live, address, count,
            targets.buffer_info()[0])
        del kept
        return self

    def _targets(self, labels: Any, count: int, what: str) -> array:
        names = _arrays.listed(labels, "labels")
        if len(names) != count:
            raise ShapeError(f"there are {count} {what} and {len(names)} labels")
        return _arrays.indices(names, self._positions, "labels")

    def fit(
        self, *, threads: int = 0, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> TrainingReport:
        """Trains on all examples.

        Cancelled or out of time, it raises and keeps the best epoch so far, else the last complete
        step or iteration: `model` gives it.
        """
        report = _abi.plaudit_training_report()
        with Run(
            threads=threads, progress=progress, progress_interval=progress_interval,
            cancel=cancel, timeout=timeout,
        ) as run:
            run(_lib.plaudit_trainer_fit, self._live, Run.OPTIONS, byref(report))
        values = {name: getattr(report, name) for name in TrainingReport.__dataclass_fields__}
        values["converged"] = bool(report.converged)
        return TrainingReport(**values)

    def history(self) -> list[Epoch]:
        """The epochs of the last fit, also of one that was cancelled.

        Heads and linear models have none.
        """
        count = c_int64()
        call(_lib.plaudit_trainer_history, self._live, None, 0, byref(count))
        epochs = (_abi.plaudit_epoch * count.value)()
        call(_lib.plaudit_trainer_history, self._live, epochs, len(epochs), byref(count))
        return [
            Epoch(*(getattr(one, name) for name in Epoch._fields))
            for one in epochs[:count.value]]

    def model(self) -> Model:
        """What the last fit made; InvalidStateError before the first."""
        handle = c_void_p()
        call(_lib.plaudit_trainer_model, self._live, byref(handle))
        return Model._adopt(handle)


# ---- Comparison -------------------------------------------------------------------------------


class FoldResult(NamedTuple):
    """How a model did on the part of the data it was not trained on.

    log_loss: mean negative log-likelihood of the true labels.
    """

    training_count: int
    held_count: int
    accuracy: float
    macro_f1: float
    log_loss: float
    seconds: float


class Spread(NamedTuple):
    """Mean and sample standard deviation over folds."""

    mean: float
    sd: float


@dataclass(frozen=True)
class CrossValidation:
    """The folds of one set of options; printed as a table.

    options: the keyword arguments of Trainer that were tried.
    """

    options: dict[str, Any]
    folds: tuple[FoldResult, ...]

    @property
    def accuracy(self) -> Spread:
        """Over the folds."""
        return self._spread("accuracy")

    @property
    def macro_f1(self) -> Spread:
        """Over the folds."""
        return self._spread("macro_f1")

    @property
    def log_loss(self) -> Spread:
        """Over the folds."""
        return self._spread("log_loss")

    @property
    def seconds(self) -> float:
        """Of all folds together."""
        return math.fsum(fold.seconds for fold in self.folds)

    def _spread(self, name: str) -> Spread:
        values = [getattr(fold, name) for fold in self.folds]
        mean = math.fsum(values) / len(values)
        return Spread(
            mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)))

    def __str__(self) -> str:
        rows = [("fold", "trained on", "held out", *_MEASURES)]
        for number, fold in enumerate(self.folds, 1):
            rows.append((
                str(number), f"{fold.training_count:,}", f"{fold.held_count:,}",
                f"{fold.accuracy:.4f}", f"{fold.macro_f1:.4f}", f"{fold.log_loss:.4f}",
                f"{fold.seconds:.1f}"))
        rows.append(("all", "", "", *_measures(self)))
        return _table(rows)


_MEASURES = ("accuracy", "macro-F1", "log-loss", "seconds")


def _measures(result: CrossValidation) -> list[str]:
    spreads = (result.accuracy, result.macro_f1, result.log_loss)
    return [f"{one.mean:.4f} ± {one.sd:.4f}" for one in spreads] + [f"{result.seconds:.1f}"]


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


@dataclass(frozen=True)
class SearchResult(Sequence[CrossValidation]):
    """The candidates of a grid search, each cross-validated; printed as a table.

    candidates: in the order of the grid, the last name running fastest. best_index: the highest
    mean macro-F1, the first of equal ones. grid: what was varied.
    """

    candidates: tuple[CrossValidation, ...]
    best_index: int
    grid: dict[str, list[Any]]

    @property
    def best(self) -> CrossValidation:
        """The candidate of the highest mean macro-F1."""
        return self.candidates[self.best_index]

    @property
    def best_options(self) -> dict[str, Any]:
        """The best candidate as keyword arguments: Trainer(model, labels, **best_options)."""
        return dict(self.best.options)

    def __len__(self) -> int:
        return len(self.candidates)

    def __getitem__(self, index: Any) -> Any:
        return self.candidates[index]

    def __iter__(self) -> Iterator[CrossValidation]:
        return iter(self.candidates)

    def __str__(self) -> str:
        rows = [("", *self.grid, *_MEASURES)]
        for index, candidate in enumerate(self.candidates):
            rows.append((
                "best" if index == self.best_index else "",
                *(_shown(candidate.options[name]) for name in self.grid), *_measures(candidate)))
        return _table(rows)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def cross_validate(
    model: Model | None, labels: Sequence[str], texts: Texts, truth: Any, *, folds: int = 5,
    groups: Any = None, fold_seed: int = 0, threads: int = 0, progress: ProgressOption = None,
    progress_interval: float | None = None, cancel: Cancel | None = None,
    timeout: float | None = None, **options: Any,
) -> CrossValidation:
    """Trains `folds` times, each time scoring the part that was left out.

    model, labels and **options are Trainer's; architecture has to be among them. truth: a label a
    text. The folds are stratified and follow from fold_seed; rows of equal groups stay together.
    InvalidDataError names a label that a fold would lack.
    """
    result = grid_search(
        model, labels, texts, truth, {}, folds=folds, groups=groups, fold_seed=fold_seed,
        threads=threads, progress=progress, progress_interval=progress_interval, cancel=cancel,
        timeout=timeout, **options)
    return result.best


def grid_search(
    model: Model | None, labels: Sequence[str], texts: Texts, truth: Any,
    grid: Mapping[str, Sequence[Any]], *, folds: int = 5, groups: Any = None, fold_seed: int = 0,
    threads: int = 0, progress: ProgressOption = None, progress_interval: float | None = None,
    cancel: Cancel | None = None, timeout: float | None = None, **options: Any,
) -> SearchResult:
    """Cross-validates every combination of the grid's values on the same folds.

        found = plaudit.grid_search(
            model, labels, texts, truth, {"learning_rate": [2e-5, 5e-5], "epochs": [2, 3]},
            architecture="BertForSequenceClassification")
        print(found)
        trainer = plaudit.Trainer(model, labels, **found.best_options)

    grid: values by name of Trainer's options, "architecture" among them. The rest is as for
    cross_validate.
    """
    names = _label_names(labels)
    axes = {}
    for name, values in grid.items():
        if name in options:
            raise TypeError(f"{name} is in the grid and an option")
        axes[name] = _arrays.listed(values, f"grid[{name!r}]")
        if not axes[name]:
            raise InvalidArgumentError(f"grid[{name!r}] has no value")
    settings = [{**options, **dict(zip(axes, point))} for point in product(*axes.values())]
    made = [_Options(names, one) for one in settings]
    candidates = (c_void_p * len(made))(*(addressof(one.struct) for one in made))
    batch = Batch(texts)
    classes = _arrays.listed(truth, "truth")
    if len(classes) != batch.count:
        raise ShapeError(f"there are {batch.count} texts and {len(classes)} rows of truth")
    targets = _arrays.indices(
        classes, {name: index for index, name in enumerate(names)}, "truth")
    together = None
    if groups is not None:
        values = _arrays.listed(groups, "groups")
        if len(values) != batch.count:
            raise ShapeError(f"there are {batch.count} texts and {len(values)} groups")
        numbers = {value: index for index, value in enumerate(dict.fromkeys(values))}
        together = array("q", [numbers[value] for value in values])
    folds = whole(folds, "folds", 2, 65536)
    seed = whole(fold_seed, "fold_seed", 0, 2**64 - 1)
    label_batch = Batch(names, "labels")
    results = (_abi.plaudit_fold_result * (len(made) * folds))()
    best = c_int64()
    with Run(
        threads=threads, progress=progress, progress_interval=progress_interval, cancel=cancel,
        timeout=timeout,
    ) as run:
        run(
            _lib.plaudit_trainer_search, _base(model), byref(label_batch.struct),
            byref(batch.struct), targets.buffer_info()[0],
            None if together is None else together.buffer_info()[0], candidates, len(made),
            folds, seed, Run.OPTIONS, results, byref(best))
    found = [
        FoldResult(*(getattr(one, name) for name in FoldResult._fields)) for one in results]
    return SearchResult(
        tuple(
            CrossValidation(one, tuple(found[index * folds:(index + 1) * folds]))
            for index, one in enumerate(settings)),
        best.value, axes)
