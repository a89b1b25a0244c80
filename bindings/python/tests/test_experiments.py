"""Lift tables and what belongs to them, from Python's side."""

import json
import math

import pytest

import plaudit

COLUMNS = {
    "metric": ["ctr", "ctr", "ctr", "buys", "buys", "buys"],
    "arm": ["A", "B", "C"] * 2,
    "users": [1000] * 6,
    "sum": [134, 182, 150, 500, 540, 505],
}


def close(one, other, tolerance=1e-12):
    return abs(one - other) <= tolerance * max(1, abs(other))


def test_a_table_has_a_row_for_each_metric_and_arm():
    table = plaudit.lift_table(COLUMNS, control="A", adjust="holm", scope="per metric")
    assert list(zip(table.metric, table.arm)) == [
        ("ctr", "B"), ("ctr", "C"), ("buys", "B"), ("buys", "C")]
    row = table[0]
    assert close(row.relative, 48 / 134) and row.reasons == () and row.flags == 0
    assert row.p_value == plaudit.proportion_lift(182, 1000, 134, 1000).p_value
    assert close(row.adjusted_p_value, 2 * row.p_value)
    assert table.design == "fixed horizon" and table.confidence == 0.95
    assert len(list(table)) == len(table) == 4
    assert table[-1].arm == "C"
    with pytest.raises(IndexError):
        table[4]


def test_a_table_prints_and_turns_into_columns():
    table = plaudit.lift_table(COLUMNS, control="A", adjust="bh")
    text = repr(table)
    assert "+35.8 %" in text and "fixed horizon" in text and "bh over all" in text
    columns = table.to_dict()
    assert len(columns["relative"]) == 4 and columns["arm"] == ["B", "C", "B", "C"]
    json.dumps([float(value) for value in columns["p_value"]])


def test_data_frames_are_taken():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(COLUMNS)
    table = plaudit.lift_table(frame, control="A")
    assert pandas.DataFrame(table.to_dict()).shape == (4, 19)


def test_arrays_are_metrics_by_arms():
    numpy = pytest.importorskip("numpy")
    table = plaudit.lift_table(
        {"users": numpy.full((2, 3), 1000), "sum": numpy.array([[134, 182, 150], [500, 540, 505]])},
        control="A", arms=["A", "B", "C"], metrics=["ctr", "buys"])
    same = plaudit.lift_table(COLUMNS, control="A")
    assert (table.p_value == same.p_value).all() and table.arm == same.arm
    with pytest.raises(plaudit.ShapeError):
        plaudit.lift_table(
            {"users": numpy.ones((2, 3)), "sum": numpy.ones((3, 2))}, control=0)


def test_reasons_are_words():
    data = {"arm": ["A", "B", "C"], "users": [100, 100, 0], "sum": [4, 12, 0]}
    table = plaudit.lift_table(data, control="A", split={"A": 1, "B": 1, "C": 0})
    assert table[0].reasons == ("low baseline",) and math.isnan(table[0].relative)
    assert table[1].reasons == ("no users",)
    assert table.sample_ratio == {"metric": 1.0}
    kept = plaudit.lift_table(data, control="A", keep_low_baselines=True)
    assert close(kept[0].relative, 2)


def test_means_ratios_and_strata_from_sums():
    data = {
        "metric": ["views"] * 2 + ["clicks per view"] * 2, "arm": ["A", "B"] * 2,
        "kind": ["mean"] * 2 + ["ratio"] * 2, "users": [4, 4] * 2, "sum": [10, 14, 5, 9],
        "sum_squares": [30, 60, 9, 23], "denominator_sum": [0, 0, 10, 14],
        "denominator_sum_squares": [0, 0, 30, 60], "denominator_product": [0, 0, 16, 36]}
    table = plaudit.lift_table(data, control="A", keep_low_baselines=True)
    assert close(table[0].absolute, 1) and close(table[1].treatment, 9 / 14)
    assert math.isfinite(table[1].p_value) and table.degrees_of_freedom[0] < 6
    strata = {
        "arm": ["A", "A", "B", "B"], "stratum": ["new", "old"] * 2, "users": [100, 300, 300, 100],
        "sum": [10, 90, 45, 40]}
    table = plaudit.lift_table(strata, control="A", stratum_weights=[0.5, 0.5])
    assert close(table[0].control, 0.2) and close(table[0].treatment, 0.275)


def test_rows_are_gathered_by_user():
    users = ["u1", "u2", "u1", "u3", "u4", "u5", "u6"]
    arms = ["A", "B", "A", "B", "B", "A", "A"]
    clicks = [1, 2, 3, 4, 0, 1, 0]
    views = [2, 3, 5, 6, 2, 2, 1]
    with plaudit.Experiment(["A", "B"], ["clicks", "views"]) as whole, \
            plaudit.Experiment(["A", "B"], ["clicks", "views"]) as part:
        whole.add(users[:4], arms[:4], {"clicks": clicks[:4], "views": views[:4]})
        part.add(users[4:], arms[4:], {"clicks": clicks[4:], "views": views[4:]})
        whole.merge(part)
        assert whole.users == {"A": 3, "B": 3} and whole.crossed_users == 0
        table = whole.lift_table(
            "A", {"clicks": "clicks", "ctr": ("clicks", "views")}, keep_low_baselines=True)
        assert close(table[0].control, 5 / 3) and close(table[0].treatment, 2)
        assert close(table[1].control, 0.5) and close(table[1].treatment, 6 / 11)
        adjusted = whole.lift_table("A", {"clicks": "clicks"}, covariates=["views"])
        assert adjusted.theta.shape == (1, 1) if hasattr(adjusted.theta, "shape") else True
        part.add(["u1"], ["B"], {"clicks": [1], "views": [1]})
        whole.merge(part)
        assert whole.crossed_users == 1 and whole.users["A"] == 2
        assert "users" in repr(whole)
        with pytest.raises(plaudit.InvalidDataError):
            whole.add([1], ["X"], {"clicks": [1], "views": [1]})
        with pytest.raises(plaudit.InvalidDataError):
            whole.add([1], ["A"], {"clicks": [1]})
        with pytest.raises(plaudit.InvalidDataError):
            whole.lift_table("A", {"clicks": "orders"})
    assert repr(whole) == "Experiment(closed)"


def test_designs_that_may_be_read_at_any_time_are_wider():
    fixed = plaudit.lift_table(COLUMNS, control="A", absolute="symmetric")
    for design, number in (("confidence sequence", {}), ("mixture sprt", {"mixing_variance": 0.01})):
        table = plaudit.lift_table(COLUMNS, control="A", design=design, **number)
        assert table.design == design and design in repr(table)
        assert all(one > other for one, other in zip(table.p_value, fixed.p_value))
        assert table.absolute_lower[0] < fixed.absolute_lower[0]


def test_adjusted_p_values():
    assert list(plaudit.adjust_p_values([0.01, 0.04, 0.03, 0.005])) == [0.02, 0.04, 0.04, 0.02]
    adjusted = plaudit.adjust_p_values([0.01, None, 0.04], "holm")
    assert adjusted[0] == 0.02 and math.isnan(adjusted[1])
    with pytest.raises(plaudit.OutOfRangeError) as refused:
        plaudit.adjust_p_values([0.1, 1.1])
    assert refused.value.index == 1
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.adjust_p_values([0.1], "magic")


def test_sample_ratio():
    ratio = plaudit.sample_ratio([5150, 4900, 0], [0.5, 0.5, 0])
    assert close(ratio.p_value, 0.01263932258750037) and ratio.degrees_of_freedom == 1
    assert not ratio.mismatch and plaudit.sample_ratio([5, 5, 1], [1, 1, 0]).mismatch
    batches = plaudit.sample_ratio_sequence([[260, 240], [255, 245], [270, 230], [265, 235]])
    assert close(batches.inverse_evidence[3], 0.42386242981525846, 1e-10)
    assert batches.p_value[0] == 1


def test_sequences():
    looks = plaudit.mixture_sprt([0.02, 0.045], [0.047, 0.0225], 0.0004)
    assert looks.p_value[1] <= looks.p_value[0] <= 1
    sequence = plaudit.confidence_sequence([0.3], [0.11775681155103795], [9800])
    assert close(sequence.p_value[0], 0.19285323263389237, 1e-9)
    assert close(sequence.upper[0], 0.6603390109379775, 1e-9)
    bets = plaudit.betting_sequence([0, 1, 0, 0, 1, 0, 0, 0, 1, 0] * 10)
    assert abs(bets.lower[99] - 0.166) < 0.002 and abs(bets.upper[99] - 0.449) < 0.002
    plan = plaudit.group_sequential([0.2, 0.4, 0.6, 0.8, 1], per_side=True)
    assert abs(plan.bounds[4] - 2.0310) < 6e-5 and close(plan.spent[4], 0.05)
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.group_sequential([0.5, 0.5])


def test_posteriors():
    control, treatment = plaudit.rate_posteriors([134, 182], [1000, 1000])
    assert close(treatment.chance_to_be_best, 0.9983740305082841)
    assert abs(treatment.expected_loss / 7.633217899331855e-06 - 1) < 1e-9
    assert control.interval.lower < 0.134 < control.interval.upper
    effects = plaudit.effect_posteriors([2.0, math.nan], [1.0, 1.0], prior_variance=1)
    assert effects.mean[0] == 1 and math.isnan(effects.chance_to_win[1])
    assert plaudit.rate_posteriors([], []) == []


def test_winsorized_values():
    cut = plaudit.winsorize([1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 12, 250.0])
    assert close(cut.limits.upper, 83.39999999999975) and cut.cut_above == 1
    assert max(cut.values) == cut.limits.upper


def test_what_is_no_table_is_refused():
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.lift_table({"arm": ["A", "B"], "users": [1, 2]}, control="A")
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.lift_table({"arm": ["A", "B"], "users": [1, 2], "sum": [1, 1]}, control="Z")
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.lift_table({"arm": ["A", "A"], "users": [1, 2], "sum": [1, 1]}, control="A")
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.lift_table({"arm": ["A"], "users": [1], "sum": [1]}, control="A")
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.lift_table(COLUMNS, control="A", relative="magic")
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.lift_table(COLUMNS, control="A", split="fair")
    with pytest.raises(plaudit.ShapeError):
        plaudit.lift_table({**COLUMNS, "users": [1]}, control="A")
