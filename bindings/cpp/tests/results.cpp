// plaudit.hpp without exceptions: every function that can fail gives a value or an error.
#define PLAUDIT_NO_EXCEPTIONS
#include "check.hpp"

namespace {

template <class T>
bool failed(const plaudit::result<T> &given, plaudit_status status) {
  return !given && given.error().status() == status && given.error().what()[0] != '\0';
}

void handles(tally &t) {
  auto cancel = plaudit::cancel::create();
  CHECK(cancel && cancel->request() == PLAUDIT_OK && cancel->reset() == PLAUDIT_OK);

  const auto tokenizer = plaudit::tokenizer::load(classifier_folder());
  CHECK(tokenizer);
  CHECK(*tokenizer->vocabulary_size() == 165);
  CHECK(*tokenizer->token_text(*tokenizer->token_id("tea")) == "tea");
  CHECK(tokenizer->encode({"love", "tea"})->row_count() == 2);
  CHECK(tokenizer->encode_pairs({"love"}, {"tea"})->token_count() == 5);
  const auto broken = tokenizer->encode({"tea", "caf\xE9"});
  CHECK(failed(broken, PLAUDIT_ERROR_INVALID_UTF8));
  CHECK(broken.error().index() == 1 && broken.error().offset() == 3);

  const auto cleaned = plaudit::clean("cardiff-1", {"@bob it"});
  CHECK(cleaned && (*cleaned)[0] == "@user it");
  CHECK(failed(plaudit::clean("x", {"a"}), PLAUDIT_ERROR_NOT_FOUND));

  const auto model = plaudit::model::load(classifier_folder());
  CHECK(failed(plaudit::model::load("no such folder"), PLAUDIT_ERROR_NOT_FOUND));
  CHECK(model && model->label_count() == 3);
  CHECK(*model->label(0) == "positive" && model->labels()->size() == 3);
  CHECK(*model->label_index("neutral") == 2);
  CHECK(model->tokenizer());
  const auto scored = model->predict({"love it"});
  CHECK(scored && scored->size() == 1);
  CHECK(model->predict_pairs({"love it"}, {"tea"}));
  CHECK(failed(model->save(""), PLAUDIT_ERROR_INVALID_ARGUMENT));
  plaudit::save_options wrong;
  wrong.storage = 2;
  CHECK(failed(model->save("never", wrong), PLAUDIT_ERROR_OUT_OF_RANGE));
  setenv("PLAUDIT_MODEL", "no such folder", 1);
  CHECK(failed(plaudit::model::load_default(), PLAUDIT_ERROR_NOT_FOUND));
  auto scorer = model->scorer();
  CHECK(scorer && scorer->score("love it")->scores == scored->scores);
  CHECK(failed(scorer->score("\xFF"), PLAUDIT_ERROR_INVALID_UTF8));

  // A value can be moved out.
  plaudit::model taken = *plaudit::model::load(embedder_folder());
  CHECK(taken.embed({"tea"})->size() == 1);
  CHECK(taken.hidden_states({"tea"})->token_offsets.back() == 3);
  CHECK(taken.hidden_states_pairs({"tea"}, {"cup"})->token_offsets.back() == 5);

  plaudit::trainer_options options;
  options.l2 = 1;
  auto trainer = plaudit::trainer::create(taken, {"good", "bad"}, options);
  CHECK(trainer && failed(trainer->model(), PLAUDIT_ERROR_INVALID_STATE));
  const std::int32_t labels[] = {0, 1};
  CHECK(trainer->add({"love", "hate"}, labels));
  CHECK(failed(trainer->add({"love"}, labels), PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(trainer->add(*taken.embed({"great", "bad"}), labels));
  CHECK(trainer->fit()->example_count == 4);
  CHECK(trainer->model()->label_count() == 2);
}

void networks(tally &t) {
  const std::vector<std::string> posts = {"love it", "great", "hate it", "late"};
  const std::int32_t labels[] = {0, 0, 1, 1};
  plaudit::trainer_options options;
  options.architecture = "HashedLinear";
  auto trainer = plaudit::trainer::create({"good", "bad"}, options);
  CHECK(trainer && trainer->add(posts, labels) && trainer->add_validation(posts, labels));
  CHECK(failed(trainer->add_validation(posts, {labels, 3}), PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(trainer->fit()->holdout_count == 4 && trainer->history()->empty());
  const auto model = trainer->model();
  CHECK(model && model->calibrate(posts, labels)->info().calibration);
  CHECK(failed(model->calibrate(posts, labels, 11), PLAUDIT_ERROR_OUT_OF_RANGE));
  const double valence[] = {1};
  CHECK(failed(model->with_words({"meh"}, valence), PLAUDIT_ERROR_UNSUPPORTED));
  plaudit::search_options folds;
  folds.folds = 2;
  const auto found = plaudit::search({"good", "bad"}, posts, labels, {&options, 1}, folds);
  CHECK(found && found->size() == 1 && found->best == 0 && (*found)[0][1].held_count == 2);
  folds.folds = 1;
  CHECK(failed(plaudit::search({"good", "bad"}, posts, labels, {&options, 1}, folds),
               PLAUDIT_ERROR_OUT_OF_RANGE));
}

void callbacks(tally &t) {
  const auto model = plaudit::model::load(embedder_folder());
  const std::vector<std::string> posts(4000, "the coffee is great and the service is late");
  plaudit::run_options run;
  int calls = 0;
  run.progress_interval = std::chrono::milliseconds(1);
  run.progress = [&](const plaudit::progress &) { return ++calls < 2; };
  CHECK(failed(model->embed(posts, {}, run), PLAUDIT_ERROR_CANCELLED));
  CHECK(calls == 2);
}

void numbers(tally &t) {
  using namespace plaudit;
  CHECK(*kpi::click_through_rate(1, 4) == 0.25);
  CHECK(*kpi::engagement_rate_by_impressions(1, 4) == 0.25);
  CHECK(*kpi::engagement_rate_by_reach(1, 4) == 0.25);
  CHECK(*kpi::engagement_rate_by_followers(1, 4) == 0.25);
  CHECK(*kpi::conversion_rate(1, 4) == 0.25);
  CHECK(*kpi::cost_per_click(1, 4) == 0.25);
  CHECK(*kpi::cost_per_mille(1, 4) == 250);
  CHECK(*kpi::cost_per_action(1, 4) == 0.25);
  CHECK(*kpi::return_on_ad_spend(1, 4) == 0.25);
  CHECK(*kpi::return_on_investment(1, 4) == -0.75);
  CHECK(*kpi::average_order_value(1, 4) == 0.25);
  CHECK(*kpi::revenue_per_visitor(1, 4) == 0.25);
  CHECK(failed(kpi::cost_per_click(1, 0), PLAUDIT_ERROR_UNDEFINED));
  const double ones[] = {1, 1};
  CHECK(kpi::column(PLAUDIT_KPI_CONVERSION_RATE, ones, ones)->values[1] == 1);
  CHECK(failed(kpi::column(PLAUDIT_KPI_CONVERSION_RATE, ones, {}), PLAUDIT_ERROR_INVALID_ARGUMENT));

  CHECK(stats::wilson_interval(1, 2)->upper > 0.9);
  const std::int64_t counts[] = {1, 2};
  CHECK(stats::wilson_column(counts, counts)->upper[1] == 1);
  CHECK(stats::two_proportion_test({30, 100, 20, 100})->p_value > 0.1);
  CHECK(stats::rate_intervals(counts, counts)->upper[1] == 1);
  const stats::two_proportions rows[] = {{30, 100, 20, 100}};
  CHECK(stats::proportion_tests(rows)->at(0).p_value > 0.1);
  const double samples[] = {1, 2, 4};
  const stats::sample_moments moments[] = {*stats::moments(samples)};
  CHECK(moments[0].count == 3 && stats::mean_tests(moments)->at(0).degrees_of_freedom == 2);
  CHECK(failed(stats::variance_analysis(moments), PLAUDIT_ERROR_OUT_OF_RANGE));
  CHECK(stats::quantiles(samples, {samples, 1})->at(0).value == 4);
  CHECK(near(stats::proportion_lift({30, 100, 20, 100})->relative, 0.5));
  CHECK(*stats::relative_lift(3, 2) == 0.5);
  const std::int32_t classes[] = {0, 1};
  CHECK(stats::classification(classes, classes, 2)->accuracy == 1);

  CHECK(stats::f_score(0.5, 0.5).has_value() &&
        failed(stats::f_score(0, 0), PLAUDIT_ERROR_UNDEFINED));
  CHECK(stats::labels(classes, classes, 2)->macro.f1 == 1);
  CHECK(stats::scores(classes, ones)->auc == 0.5);
  CHECK(failed(stats::scores(classes, ones, 3), PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(stats::roc_curve(classes, ones)->thresholds.size() == 2);
  CHECK(stats::precision_recall_curve(classes, ones)->recall.back() == 0);
  CHECK(stats::regression(ones, ones)->mean_squared_error == 0);
  CHECK(stats::reliability(classes, ones)->bins.size() == 10);
  const auto map = stats::calibration::fit(PLAUDIT_CALIBRATION_TEMPERATURE, ones, classes);
  CHECK(map && map->apply(ones)->size() == 2);
  CHECK(stats::bootstrap_labels(PLAUDIT_METRIC_ACCURACY, classes, classes, 2)->value == 1);
  CHECK(stats::bootstrap_scores(PLAUDIT_METRIC_AUC, classes, ones)->value == 0.5);
  CHECK(stats::bootstrap_numbers(PLAUDIT_METRIC_MEAN_ABSOLUTE_ERROR, ones, ones)->value == 0);
  CHECK(failed(stats::mcnemar(-1, 0), PLAUDIT_ERROR_INVALID_DATA));
  CHECK(stats::mcnemar(classes, classes, classes)->exact_p_value == 1);
  CHECK(failed(stats::lifts({}), PLAUDIT_ERROR_NULL_POINTER));
  CHECK(failed(stats::experiment::create(0, 1), PLAUDIT_ERROR_OUT_OF_RANGE));
  const double halves[] = {0.5, 0.5};
  CHECK(stats::split(4, halves)->size() == 4);
  CHECK(failed(stats::folds(4, 1), PLAUDIT_ERROR_OUT_OF_RANGE));
  CHECK(stats::bootstrap(PLAUDIT_STATISTIC_MEAN, {ones})->value == 1);
  CHECK(failed(stats::bootstrap(PLAUDIT_STATISTIC_MEAN, {{}}), PLAUDIT_ERROR_UNDEFINED));
  CHECK(stats::permutation_test(PLAUDIT_STATISTIC_MEAN, {ones}, {ones})->p_value == 1);
  CHECK(stats::correlate(halves, ones)->count == 2);
  CHECK(failed(stats::granger(halves, ones), PLAUDIT_ERROR_UNDEFINED));
  CHECK(stats::series_span(counts, 1)->count == 2);
  CHECK(stats::assignment::create("s", halves)->assign({"a"})->size() == 1);
}

void bandits(tally &t) {
  auto bandit = plaudit::bandit::create({"red", "blue"});
  CHECK(bandit && bandit->decide(10)->arms.size() == 10);
  const std::int32_t arms[] = {0, 7};
  const double ones[] = {1, 1};
  CHECK(failed(bandit->learn(arms, ones), PLAUDIT_ERROR_INVALID_DATA));
  CHECK(failed(bandit->learn(arms, {}), PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(failed(bandit->delta(), PLAUDIT_ERROR_INVALID_STATE));
  CHECK(bandit->state() && bandit->snapshot()->decide(0, 5)->arms.size() == 5);
  CHECK(failed(plaudit::bandit::load("no such file"), PLAUDIT_ERROR_NOT_FOUND));
  CHECK(failed(bandit->replay({arms, {}}), PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(bandit->replay({{arms, 1}, {ones, 1}})->counted.size() == 1);
  const double even[] = {0.5, 0.5};
  CHECK(plaudit::off_policy({{arms, 1}, {ones, 1}, {ones, 1}}, even, 2)->logged.value == 1);
  CHECK(failed(plaudit::off_policy({{arms, 1}, {}, {ones, 1}}, even, 2),
               PLAUDIT_ERROR_INVALID_ARGUMENT));
  CHECK(plaudit::minimum_traffic(even, 0)->size() == 2);
}

}  // namespace

int main() {
  tally t;
  handles(t);
  networks(t);
  callbacks(t);
  numbers(t);
  bandits(t);
  return t.report();
}
