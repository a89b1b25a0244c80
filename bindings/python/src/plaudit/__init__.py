"""Sentiment, KPIs and experiments for marketing systems, in one native library.

    import plaudit

    with plaudit.load() as model:
        for prediction in model.predict(["Love the new trainers!"]):
            print(prediction.label, prediction.scores)

    plaudit.ctr(clicks=235, impressions=10_600)
"""

from __future__ import annotations

import importlib

from . import _abi

__version__ = _abi.load().plaudit_version_string().decode()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .assignment import Assignment, hash_users
    from .bandits import (
        Arm, Bandit, BanditSnapshot, Choice, Decisions, OffPolicyEstimate, PolicyValue, Replay,
        minimum_traffic, off_policy, top_two_weights)
    from .errors import (
        BufferTooSmallError, BusyError, CancelledError, CorruptError, FileError, InternalError,
        InvalidArgumentError, InvalidDataError, InvalidHandleError, InvalidStateError,
        InvalidUTF8Error, LabelNotFoundError, LimitError, NotFiniteError, NotFoundError,
        OutOfMemoryError, OutOfRangeError, PlauditError, ShapeError, TimedOutError, UndefinedError,
        UnsupportedError)
    from .experiments import (
        AlwaysValid, EffectPosteriors, Experiment, GroupSequential, IntervalSequence, LiftRow,
        LiftTable, RatePosterior, SampleRatio, SampleRatioSequence, Winsorized, adjust_p_values,
        betting_sequence, confidence_sequence, effect_posteriors, group_sequential, lift_table,
        mixture_sprt, rate_posteriors, sample_ratio, sample_ratio_sequence, winsorize)
    from .hypothesis import (
        HypothesisFlag, HypothesisTest, HypothesisTests, Moments, PowerPlan, Quantile, TableTest,
        achieved_power, anova, chi_square, compare_rates, detectable_effect, fisher_exact,
        kolmogorov_smirnov, kruskal_wallis, mann_whitney, moments, quantile_test, quantiles,
        rate_interval, sample_size, t_test)
    from .library import Cancel, build_info, version, version_number
    from .model_metrics import (
        BootstrapInterval, Calibration, LabelMetrics, LabelScores, McNemarTest, MetricFlag,
        PrecisionRecallCurve, RegressionMetrics, Reliability, ROCCurve, ScoreMetrics,
        bootstrap_interval, f_score, folds, label_metrics, mcnemar_counts, mcnemar_test,
        precision_recall_curve, regression_metrics, reliability, roc_curve, score_metrics, split)
    from .neural import (
        CalibrationReport, Embeddings, HiddenStates, Model, ModelInfo, PrecisionReport, Prediction,
        Predictions, Scorer, TextReport, TextReports, load)
    from .progress import Progress, ProgressBar
    from .resampling import PermutationTest, bootstrap, permutation_test
    from .running import RunningMoments, exponential_averages
    from .series import (
        Coefficient, Correlation, GrangerTest, LaggedCorrelation, Series, correlation,
        granger_test, lagged_correlation, sentiment_series)
    from .stats import (
        ClassificationReport, ClassScores, Interval, IntervalColumn, KPIColumn, KPIFlag, Lift,
        LiftFlag, ProportionTest, RelativeLiftColumn, aov, average_order_value,
        classification_report, click_through_rate, conversion_rate, cost_per_action,
        cost_per_click, cost_per_mille, cpa, cpc, cpm, ctr, engagement_rate, kpi, proportion_lift,
        relative_lift, return_on_ad_spend, return_on_investment, revenue_per_visitor, roas, roi,
        rpv, two_proportion_test, wilson_interval)
    from .tables import KPIResult, KPITable, kpi_table
    from .text import CleanedTexts, Encoding, Row, Tokenizer, clean, cleaning_recipes
    from .training import (
        CrossValidation, Epoch, FoldResult, SearchResult, Spread, Trainer, TrainingReport,
        cross_validate, grid_search)

# A part is imported when one of its names is first asked for: who scores texts does not wait for
# experiments.
_PARTS = {
    "assignment": "Assignment hash_users",
    "bandits": (
        "Arm Bandit BanditSnapshot Choice Decisions OffPolicyEstimate PolicyValue Replay "
        "minimum_traffic off_policy top_two_weights"),
    "errors": (
        "BufferTooSmallError BusyError CancelledError CorruptError FileError InternalError "
        "InvalidArgumentError InvalidDataError InvalidHandleError InvalidStateError "
        "InvalidUTF8Error LabelNotFoundError LimitError NotFiniteError NotFoundError "
        "OutOfMemoryError OutOfRangeError PlauditError ShapeError TimedOutError UndefinedError "
        "UnsupportedError"),
    "experiments": (
        "AlwaysValid EffectPosteriors Experiment GroupSequential IntervalSequence LiftRow "
        "LiftTable RatePosterior SampleRatio SampleRatioSequence Winsorized adjust_p_values "
        "betting_sequence confidence_sequence effect_posteriors group_sequential lift_table "
        "mixture_sprt rate_posteriors sample_ratio sample_ratio_sequence winsorize"),
    "hypothesis": (
        "HypothesisFlag HypothesisTest HypothesisTests Moments PowerPlan Quantile TableTest "
        "achieved_power anova chi_square compare_rates detectable_effect fisher_exact "
        "kolmogorov_smirnov kruskal_wallis mann_whitney moments quantile_test quantiles "
        "rate_interval sample_size t_test"),
    "library": "Cancel build_info version version_number",
    "model_metrics": (
        "BootstrapInterval Calibration LabelMetrics LabelScores McNemarTest MetricFlag "
        "PrecisionRecallCurve RegressionMetrics Reliability ROCCurve ScoreMetrics "
        "bootstrap_interval f_score folds label_metrics mcnemar_counts mcnemar_test "
        "precision_recall_curve regression_metrics reliability roc_curve score_metrics split"),
    "neural": (
        "CalibrationReport Embeddings HiddenStates Model ModelInfo PrecisionReport Prediction "
        "Predictions Scorer TextReport TextReports load"),
    "progress": "Progress ProgressBar",
    "resampling": "PermutationTest bootstrap permutation_test",
    "running": "RunningMoments exponential_averages",
    "series": (
        "Coefficient Correlation GrangerTest LaggedCorrelation Series correlation granger_test "
        "lagged_correlation sentiment_series"),
    "stats": (
        "ClassificationReport ClassScores Interval IntervalColumn KPIColumn KPIFlag Lift LiftFlag "
        "ProportionTest RelativeLiftColumn aov average_order_value classification_report "
        "click_through_rate conversion_rate cost_per_action cost_per_click cost_per_mille cpa cpc "
        "cpm ctr engagement_rate kpi proportion_lift relative_lift return_on_ad_spend "
        "return_on_investment revenue_per_visitor roas roi rpv two_proportion_test "
        "wilson_interval"),
    "tables": "KPIResult KPITable kpi_table",
    "text": "CleanedTexts Encoding Row Tokenizer clean cleaning_recipes",
    "training": (
        "CrossValidation Epoch FoldResult SearchResult Spread Trainer TrainingReport "
        "cross_validate grid_search"),
}
_PART_OF = {name: part for part, names in _PARTS.items() for name in names.split()}

__all__ = sorted(_PART_OF)


def __getattr__(name: str) -> Any:
    part = _PART_OF.get(name)
    if part is None:
        if name in _PARTS:
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{part}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
