"""KPI tables: what data they take, what they say, how they share work."""

import math
import pickle
from array import array

import plaudit
import pytest
from plaudit import KPIFlag, KPITable, kpi_table

np = pytest.importorskip("numpy")

DATA = {
    "campaign": ["spring", "autumn", "spring", None],
    "clicks": [10, 200, 25, 1],
    "impressions": [100, 10000, 500, 10],
    "cost": [1.5, 10.0, 0.5, 4.0],
    "revenue": [3.0, 5.0, 3.0, 4.0],
}


def check(result, keys=("autumn", "spring", None)):
    assert list(result["campaign"]) == list(keys)
    assert list(result["rows"]) == [1, 2, 1]
    assert list(result["clicks"]) == [200, 35, 1]
    assert list(result["ctr"]) == [0.02, 35 / 600, 0.1]
    assert list(result["roi"]) == [-0.5, 2.0, 0.0]


# ---- By hand ----------------------------------------------------------------------------------


def test_a_dict_of_lists():
    result = kpi_table(DATA, by="campaign", kpis=["ctr", "roi"])
    check(result)
    assert len(result) == 3 and result.kpis == ["ctr", "roi"]
    assert list(result) == [
        "campaign", "rows", "clicks", "impressions", "cost", "revenue", "flags", "ctr",
        "ctr_flags", "roi", "roi_flags"]
    assert "ctr" in result and "cpm" not in result
    assert "autumn" in repr(result) and "0.02" in repr(result)
    with pytest.raises(KeyError, match="there are campaign"):
        result["cpm"]


def test_columns_of_all_kinds():
    numbers = {
        "campaign": np.array(DATA["campaign"], dtype=object),
        "clicks": np.array(DATA["clicks"], "int32"),
        "impressions": array("q", DATA["impressions"]),
        "cost": np.array(DATA["cost"], "float32"),
        "revenue": np.array([3, 0, 5, 0, 3, 0, 4, 0.0])[::2],
    }
    check(kpi_table(numbers, by=["campaign"], kpis=["ctr", "roi"]))


def test_all_kpis_that_the_measures_allow_are_told():
    result = kpi_table(DATA)
    assert result.kpis == ["ctr", "cpc", "cpm", "roas", "roi", "acos", "rpm"]
    assert len(result) == 1


def test_spend_is_cost_and_measures_may_have_any_name():
    assert kpi_table({"spend": [2.0], "clicks": [4]})["cpc"][0] == 0.5
    data = {"Klicks": [4], "Kosten": [2_000_000]}
    bound = {"clicks": "Klicks", "cost": "Kosten"}
    result = kpi_table(data, measures=bound, micros=["cost"])
    assert result["Kosten"][0] == 2 and result["cpc"][0] == 0.5


def test_missing_values_by_policy():
    data = {"cost": [10.0, math.nan, 5.0], "impressions": [1000, 2000, 500]}
    result = kpi_table(data, kpis="cpm")
    assert math.isnan(result["cpm"][0]) and result.flags("cpm") == [KPIFlag.NAN_INPUT]
    result = kpi_table(data, kpis="cpm", missing="omit")
    assert result["cpm"][0] == 10 and result["cpm_dropped"][0] == 1
    assert result.flags("cpm") == [KPIFlag.ROWS_DROPPED]
    assert "rows_dropped" in repr(result)
    with pytest.raises(plaudit.NotFiniteError) as caught:
        kpi_table(data, kpis="cpm", missing="raise")
    assert caught.value.index == 1
    result = kpi_table({"clicks": [1, None], "impressions": [10, 10]}, missing="omit")
    assert list(result["ctr"]) == [0.1]


def test_times_and_numbers_as_keys():
    days = np.array(["2026-11-02", "2026-11-01", "NaT", "2026-11-02"], "M8[D]")
    result = kpi_table({"day": days, "clicks": [1, 2, 3, 4]}, by="day")
    assert list(result["day"][:2]) == [np.datetime64("2026-11-01"), np.datetime64("2026-11-02")]
    assert np.isnat(result["day"][2]) and list(result["clicks"]) == [2, 5, 3]
    keys = {"a": [2, None, 2], "b": np.array([True, False, False]), "clicks": [1, 2, 4]}
    result = kpi_table(keys, by=["a", "b"])
    assert list(result["a"]) == [2, 2, None] and list(result["b"]) == [0, 1, 0]
    assert list(result["clicks"]) == [4, 1, 2]


def test_intervals_are_those_of_the_scalar_function():
    result = kpi_table({"clicks": [182], "impressions": [1000]}, interval="wilson")
    lower, upper = plaudit.wilson_interval(182, 1000)
    assert (result["ctr_lower"][0], result["ctr_upper"][0]) == (lower, upper)
    for kind in ("agresti-coull", "clopper-pearson", "jeffreys", "wald"):
        other = kpi_table({"clicks": [182], "impressions": [1000]}, interval=kind)
        assert abs(other["ctr_lower"][0] - lower) < 2e-3


def test_kpis_by_name():
    assert plaudit.kpi("bounce_rate", 3, 4) == 0.25
    assert list(plaudit.kpi("nps", [2, 1], [10, 10])) == [20, 10]
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.kpi("engagement_rate", 1, 2)
    lifts = plaudit.relative_lift([-5.0, 1.0], [-10.0, 0.0])
    assert lifts.relative[0] == 0.5 and math.isnan(lifts.relative[1])
    assert plaudit.LiftFlag.NEGATIVE_BASELINE in plaudit.LiftFlag(int(lifts.flags[0]))


def test_parts_beyond_their_whole_are_flagged():
    part = plaudit.KPIFlag.RATE_ABOVE_ONE
    with pytest.raises(plaudit.InvalidDataError, match="responses"):
        plaudit.kpi("nps", 12, 10)
    with pytest.raises(plaudit.InvalidDataError, match="viewable impressions"):
        plaudit.kpi("viewable_ctr", 12, 10)
    with pytest.raises(plaudit.InvalidDataError, match="reach"):
        plaudit.kpi("frequency", 50, 100)
    for name, above, below, value in (
            ("nps", -12, 10, -120), ("viewable_ctr", 12, 10, 1.2), ("frequency", 50, 100, 0.5)):
        found = plaudit.kpi(name, [above], [below], flags=True)
        assert found.values[0] == value and found.flags[0] == part
    table = kpi_table({
        "promoters": [6], "detractors": [5], "responses": [10], "impressions": [50], "reach": [100],
        "clicks": [12], "viewable_impressions": [10]}, kpis=["nps", "frequency", "viewable_ctr"])
    assert [table[name][0] for name in ("nps", "frequency", "viewable_ctr")] == [10, 0.5, 1.2]
    assert all(table[name + "_flags"][0] == part for name in table.kpis)


def test_two_columns_of_one_measure_are_refused():
    data = {"spend": [1.0], "cost": [2.0], "clicks": [1]}
    for measures in (None, ["spend", "cost", "clicks"],
                     {"spend": "spend", "cost": "cost", "clicks": "clicks"}):
        with pytest.raises(plaudit.InvalidArgumentError, match="'spend' and 'cost'"):
            kpi_table(data, kpis=["cpc"], measures=measures)
    assert kpi_table(data, measures={"spend": "cost", "clicks": "clicks"})["cpc"][0] == 2


def test_none_among_floats_is_null():
    for missing in (None, math.nan):
        data = {"cost": [1.5, missing], "clicks": [1, 2]}
        error = plaudit.InvalidDataError if missing is None else plaudit.NotFiniteError
        with pytest.raises(error) as caught:
            kpi_table(data, missing="raise")
        assert caught.value.index == 1
        assert kpi_table(data, missing="omit")["cpc"][0] == 1.5


def test_kept_moments_are_checked():
    moments = plaudit.RunningMoments([1, 2, 4.5])
    again = pickle.loads(pickle.dumps(moments))
    assert repr(again) == repr(moments) and again.add([3]).count == 4
    restored, (state,) = moments.__reduce__()
    for wrong in (b"", state[:-1], state + b"x"):
        with pytest.raises(plaudit.CorruptError):
            restored(wrong)
    for name, value in (("count", -1), ("mean", math.nan), ("maximum", math.inf)):
        kept = plaudit._abi.plaudit_running_moments.from_buffer_copy(state)
        setattr(kept, name, value)
        with pytest.raises(plaudit.PlauditError):
            restored(bytes(kept))


def test_moments_and_averages():
    whole = plaudit.RunningMoments([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])
    merged = plaudit.RunningMoments([1e9 + 4]).merge(plaudit.RunningMoments([1e9 + 7, 1e9 + 13, 1e9 + 16]))
    assert whole.variance == 30 and abs(merged.variance - 30) < 1e-10 and "count=4" in repr(whole)
    with pytest.raises(plaudit.NotFiniteError):
        whole.add([math.inf])
    assert list(plaudit.exponential_averages([10, 12], 0.3, adjusted=False)) == [10, 10.6]


# ---- Other libraries --------------------------------------------------------------------------


def test_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DATA)
    check(kpi_table(frame, by="campaign", kpis=["ctr", "roi"]))
    frame["campaign"] = frame["campaign"].astype("category")
    frame["clicks"] = frame["clicks"].astype("Int64")
    result = kpi_table(frame, by="campaign", kpis=["ctr", "roi"])
    check(result)
    assert list(result.to_pandas()["rows"]) == [1, 2, 1]


def test_pyarrow():
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table(DATA)
    check(kpi_table(table, by="campaign", kpis=["ctr", "roi"]))
    coded = table.set_column(0, "campaign", table["campaign"].dictionary_encode())
    check(kpi_table(coded, by="campaign", kpis=["ctr", "roi"]))
    result = kpi_table(table.to_batches()[0], by="campaign", kpis=["ctr", "roi"])
    check(result)
    batch = arrow.record_batch(result)
    result.close()
    assert batch.column("campaign").to_pylist() == ["autumn", "spring", None]
    assert batch.column("ctr").to_pylist() == [0.02, 35 / 600, 0.1]
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    check(kpi_table(columns, by="campaign", kpis=["ctr", "roi"]))


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(DATA)
    result = kpi_table(frame, by="campaign", kpis=["ctr", "roi"])
    check(result)


# ---- Law --------------------------------------------------------------------------------------


def test_batches_states_and_merges_are_the_whole():
    random = np.random.default_rng(3)
    count = 5000
    data = {
        "k": random.integers(0, 50, count), "clicks": random.integers(0, 9, count),
        "cost": np.where(random.random(count) < 0.01, np.nan, random.random(count) * 1e6)}
    options = dict(by="k", measures=["clicks", "cost"], missing="omit")
    whole = KPITable(**options).add(data).result()
    parts = []
    for part in range(4):
        some = {name: values[part::4][::-1] for name, values in data.items()}
        parts.append(KPITable(**options).add(some).state())
    merged = KPITable.from_state(parts[2])
    for part in (3, 0, 1):
        merged.merge(parts[part])
    found = merged.result()
    for name in whole:
        assert np.array_equal(whole[name], found[name], equal_nan=True), name
    exact = [math.fsum(data["cost"][(data["k"] == k) & ~np.isnan(data["cost"])]) for k in range(50)]
    assert list(whole["cost"]) == exact


# ---- Refusal ----------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused():
    with pytest.raises(plaudit.InvalidArgumentError, match="differ in length"):
        kpi_table({"clicks": [1, 2], "impressions": [1]})
    with pytest.raises(plaudit.InvalidArgumentError, match="no column"):
        kpi_table({"clicks": [1]}, by="campaign")
    with pytest.raises(plaudit.InvalidArgumentError, match="name of a measure"):
        kpi_table({"a": [1]})
    with pytest.raises(plaudit.InvalidArgumentError, match="needs the measure revenue"):
        kpi_table({"clicks": [1]}, kpis=["roi"])
    with pytest.raises(plaudit.OutOfRangeError, match="'ctr'"):
        kpi_table({"clicks": [1]}, kpis=["click rate"])
    with pytest.raises(plaudit.OutOfRangeError):
        kpi_table(DATA, missing="drop")
    with pytest.raises(TypeError):
        kpi_table([1, 2, 3], measures=["clicks"])
    with pytest.raises(plaudit.CorruptError):
        KPITable.from_state(b"no state")
    state = KPITable(measures=["clicks"]).state()
    with pytest.raises(plaudit.InvalidArgumentError):
        KPITable(measures=["conversions"]).merge(state)
    with pytest.raises(plaudit.UnsupportedError):
        kpi_table({"k": [1.5], "clicks": [1]}, by="k")


def test_a_table_that_met_an_error_in_a_row_says_so():
    table = KPITable(measures=["clicks"], missing="raise")
    with pytest.raises(plaudit.InvalidDataError) as caught:
        table.add({"clicks": [1, -2]})
    assert caught.value.index == 1
    with pytest.raises(plaudit.InvalidStateError):
        table.result()
    table.close()
    with pytest.raises(plaudit.InvalidHandleError):
        table.add({"clicks": [1]})
