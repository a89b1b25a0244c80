// plaudit.hpp as most use it: every function once, what it throws, who owns what.
#include "check.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

using namespace std::string_view_literals;

// Refuses to copy, moves without throwing.
template <class T>
constexpr bool is_handle =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    std::is_nothrow_destructible_v<T>;
static_assert(is_handle<plaudit::cancel>);
static_assert(is_handle<plaudit::tokenizer>);
static_assert(is_handle<plaudit::encoding>);
static_assert(is_handle<plaudit::model>);
static_assert(is_handle<plaudit::scorer>);
static_assert(is_handle<plaudit::trainer>);
static_assert(is_handle<plaudit::bandit>);
static_assert(is_handle<plaudit::bandit_snapshot>);
static_assert(is_handle<plaudit::kpi::table>);
static_assert(is_handle<plaudit::kpi::result>);

template <class Call>
void expect(tally &t, int line, plaudit_status status, Call call, std::int64_t index = -1) {
  try {
    call();
    t.note(false, __FILE__, line, "throws");
  } catch (const plaudit::error &error) {
    t.note(error.status() == status, __FILE__, line, error.what());
    t.note(error.what()[0] != '\0', __FILE__, line, "a message");
    t.note(index < 0 || error.index() == index, __FILE__, line, "the index");
  }
}
#define EXPECT(status, ...) expect(t, __LINE__, PLAUDIT_ERROR_##status, __VA_ARGS__)

std::string temporary_folder() {
  const auto name = "plaudit-cpp-" + std::to_string(getpid());
  return (std::filesystem::temp_directory_path() / name).string();
}

void library(tally &t) {
  CHECK(plaudit::version() == PLAUDIT_VERSION_MAJOR * 10000 + PLAUDIT_VERSION_MINOR * 100 +
                                  PLAUDIT_VERSION_PATCH);
  CHECK(plaudit::version_string().find('.') != plaudit::version_string().npos);
  CHECK(plaudit::abi_version() == PLAUDIT_ABI_VERSION);
  CHECK(plaudit::build_info().front() == '{');
  CHECK(plaudit::abi_describe().find("plaudit_model_info") != std::string_view::npos);
  CHECK(plaudit::status_name(PLAUDIT_ERROR_CORRUPT) == "CORRUPT");
  CHECK(plaudit::status_name(12345) == "UNKNOWN");

  auto cancel = plaudit::cancel::create();
  CHECK(cancel.request() == PLAUDIT_OK);
  CHECK(cancel.reset() == PLAUDIT_OK);
  auto moved = std::move(cancel);
  CHECK(moved.request() == PLAUDIT_OK);
  CHECK(cancel.request() == PLAUDIT_ERROR_INVALID_HANDLE);  // NOLINT(bugprone-use-after-move)
}

void tokenizers(tally &t) {
  const auto tokenizer = plaudit::tokenizer::load(classifier_folder());
  CHECK(tokenizer.vocabulary_size() == 165);
  const auto id = tokenizer.token_id("coffee");
  CHECK(tokenizer.token_text(id) == "coffee");
  CHECK(tokenizer.token_text(tokenizer.token_id("[CLS]")) == "[CLS]");
  EXPECT(NOT_FOUND, [&] { return tokenizer.token_id("no such token"); });
  EXPECT(NOT_FOUND, [&] { return tokenizer.token_text(100000); });
  EXPECT(NOT_FOUND, [] { return plaudit::tokenizer::load("no such folder"); });

  plaudit::encode_options options;
  options.max_length = 4;
  options.truncation = PLAUDIT_TRUNCATION_LONGEST_FIRST;
  const auto encoding = tokenizer.encode({"Love the coffee", "tea \xF0\x9F\x8D\xB5"}, options);
  CHECK(encoding.text_count() == 2);
  CHECK(encoding.row_count() >= 2);
  CHECK(encoding.row_offsets().size() == encoding.row_count() + 1);
  CHECK(encoding.row_texts()[0] == 0);
  CHECK(encoding.ids().size() == encoding.token_count());
  CHECK(encoding.type_ids()[0] == 0);
  CHECK(encoding.attention_mask()[0] == 1);
  CHECK(encoding.special_tokens_mask()[0] == 1);
  CHECK(encoding.sequences()[0] == -1);
  CHECK(encoding.sequences()[1] == 0);
  CHECK(encoding.starts()[1] == 0);
  CHECK(encoding.ends()[1] == 4);
  CHECK(encoding.dropped_tokens()[0] == 1);
  CHECK(encoding.dropped_tokens()[1] == 0);
  CHECK(encoding.row_ids(0).size() == 4);
  CHECK(tokenizer.token_text(encoding.row_ids(0)[1]) == "love");
  CHECK(encoding.unknown_offsets()[2] == 1);
  CHECK(encoding.unknown_starts()[0] == 4);
  CHECK(encoding.unknown_ends()[0] == 8);
  CHECK(encoding.unknown_sequences()[0] == 0);
  CHECK(encoding.get() != nullptr);

  options.columns = PLAUDIT_COLUMNS_OFFSETS;
  const auto narrow = tokenizer.encode({"Love the coffee"}, options);
  CHECK(narrow.ends()[1] == 4);
  CHECK(narrow.type_ids().empty());
  options.columns = PLAUDIT_COLUMNS_IDS;
  CHECK(tokenizer.encode({"Love the coffee"}, options).starts().empty());

  const auto paired = tokenizer.encode_pairs({"love"}, {"tea"});
  CHECK(paired.token_count() == 5);
  CHECK(paired.type_ids()[3] == 1);
  CHECK(paired.sequences()[3] == 1);

  const auto none = tokenizer.encode(plaudit::texts{});
  CHECK(none.text_count() == 0);
  CHECK(none.ids().empty());
  CHECK(none.row_offsets().size() == 1);

  EXPECT(INVALID_UTF8, [&] { return tokenizer.encode({"fine", "caf\xE9"}); }, 1);
  try {
    static_cast<void>(tokenizer.encode({"caf\xE9"}));
    CHECK(false);
  } catch (const std::runtime_error &cause) {
    const auto *error = dynamic_cast<const plaudit::error *>(&cause);
    CHECK(error && error->offset() == 3);
  }
  options.truncation = 77;
  EXPECT(OUT_OF_RANGE, [&] { return tokenizer.encode({"a"}, options); });

  // An encoding outlives its tokenizer.
  auto keeper = std::make_unique<plaudit::tokenizer>(plaudit::tokenizer::load(classifier_folder()));
  const auto kept = keeper->encode({"love"});
  keeper.reset();
  CHECK(kept.ids()[1] == tokenizer.token_id("love"));
}

void cleaning(tally &t) {
  const auto cleaned = plaudit::clean("tweets-1", {"@bob loooves it", "caf\xE9 http://t.co/x!"});
  CHECK(cleaned.size() == 2);
  CHECK(cleaned[0] == "@user looves it");
  CHECK(cleaned[1] == "caf\xE9 http!");
  CHECK(cleaned.raw_span(0, 6, 12) == std::make_pair(std::size_t{5}, std::size_t{12}));
  CHECK(cleaned.starts(1).size() == 10 && cleaned.starts(1)[5] == 5);
  CHECK(cleaned.ends(1)[9] == 19);
  CHECK(cleaned.get() != nullptr);
  CHECK(plaudit::clean("none", plaudit::texts{}).size() == 0);
  CHECK(plaudit::cleaning_recipes().find("\"bertweet-1\"") != std::string_view::npos);
  EXPECT(NOT_FOUND, [&] { return plaudit::clean("tweets-0", {"a"}); });
}

void text_containers(tally &t) {
  const auto model = plaudit::model::load(classifier_folder());
  const std::vector<std::string> strings = {"love it", "", "still late"};
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  const std::vector<std::optional<std::string>> optionals = {"love it", std::nullopt, "still late"};
  const char *pointers[] = {"love it", "", "still late"};

  const auto expected = model.predict(strings);
  CHECK(expected.size() == 3 && expected.label_count == 3 && expected.scores.size() == 9);
  CHECK(model.predict(views).scores == expected.scores);
  CHECK(model.predict(pointers).scores == expected.scores);
  CHECK(model.predict({"love it", "", "still late"}).scores == expected.scores);

  const auto nullable = model.predict(optionals);
  CHECK(nullable.labels[1] == -1 && std::isnan(nullable[1][0]));
  CHECK(nullable.labels[0] == expected.labels[0] && nullable[2][1] == expected[2][1]);

  const std::int32_t offsets[] = {0, 7, 7, 17};
  plaudit_text_batch arrow{};
  arrow.struct_size = sizeof arrow;
  arrow.count = 3;
  arrow.data = "love itstill late";
  arrow.data_length = 17;
  arrow.offsets32 = offsets;
  CHECK(model.predict(plaudit::texts(arrow)).scores == expected.scores);

  // Many null rows, over the edges of the bitmap's bytes.
  std::vector<std::optional<std::string_view>> many;
  for (int i = 0; i < 40; i++)
    many.push_back(i % 3 ? std::optional<std::string_view>("love it") : std::nullopt);
  const auto scored = model.predict(many);
  for (int i = 0; i < 40; i++) CHECK((scored.labels[i] == -1) == (i % 3 == 0));
  CHECK(model.predict(plaudit::texts{}).scores.empty());
}

void models(tally &t) {
  const auto model = plaudit::model::load(classifier_folder());
  CHECK(std::string_view(model.info().architecture) == "BertForSequenceClassification");
  CHECK(model.info().hidden_size == 24);
  CHECK(model.info().problem == PLAUDIT_PROBLEM_SINGLE_LABEL);
  CHECK(model.label_count() == 3);
  CHECK(model.label(0) == "positive");
  CHECK(model.labels() == std::vector<std::string_view>{"positive", "negative", "neutral"});
  CHECK(model.label_index("neutral") == 2);
  EXPECT(NOT_FOUND, [&] { return model.label_index("joyful"); });
  EXPECT(OUT_OF_RANGE, [&] { return model.label(3); });
  EXPECT(NOT_FOUND, [] { return plaudit::model::load("no such folder"); });
  EXPECT(LIMIT, [] {
    plaudit::model_options options;
    options.max_bytes = 1;
    return plaudit::model::load(classifier_folder(), options);
  });
  CHECK(model.tokenizer().token_text(2) == "[CLS]");

  const auto scored = model.predict({"love it", "late again"});
  for (std::size_t i = 0; i < scored.size(); i++) {
    const auto row = scored[i];
    CHECK(std::max_element(row.begin(), row.end()) - row.begin() == scored.labels[i]);
    CHECK(std::fabs(row[0] + row[1] + row[2] - 1) < 1e-5);
    CHECK(scored.reports[i].token_count >= 4 && scored.reports[i].window_count == 1);
  }
  CHECK(model.predict_pairs({"love it"}, {"tea"}).scores != model.predict({"love it"}).scores);
  EXPECT(INVALID_ARGUMENT, [&] { return model.predict_pairs({"a", "b"}, {"c"}); });
  plaudit::predict_options refuse;
  refuse.long_text = PLAUDIT_LONG_TEXT_REFUSE;
  EXPECT(LIMIT, [&] { return model.predict({"tea", std::string(200, '!')}, refuse); }, 1);

  const auto folder = temporary_folder();
  model.save(folder);
  CHECK(plaudit::model::load(folder).predict({"love it", "late again"}).scores == scored.scores);
  plaudit::save_options bytes;
  bytes.storage = PLAUDIT_STORAGE_ROWS_INT8;
  model.save(folder, bytes);
  CHECK(std::fabs(plaudit::model::load(folder).predict({"love it"}).scores[0] - scored[0][0]) < 0.05);
  setenv("PLAUDIT_MODEL", folder.c_str(), 1);
  CHECK(plaudit::model::load_default().label(0) == "positive");
  std::filesystem::remove_all(folder);
  EXPECT(NOT_FOUND, [] { return plaudit::model::load_default(); });
  EXPECT(INVALID_ARGUMENT, [&] { model.save(""); });

  plaudit::model_options at_int8;
  at_int8.precision = PLAUDIT_PRECISION_INT8;
  const auto lower = plaudit::model::load(classifier_folder(), at_int8);
  CHECK(model.info().precision == PLAUDIT_PRECISION_FP32);
  CHECK(lower.info().precision == PLAUDIT_PRECISION_INT8);
  const plaudit::texts posts{"love it", "late again", "tea"};
  CHECK(model.at_precision(PLAUDIT_PRECISION_INT8).predict(posts).scores ==
        lower.predict(posts).scores);
  const auto report = model.precision_report(posts, PLAUDIT_PRECISION_INT8);
  CHECK(report.text_count == 3 && report.flip_rate == report.flip_count / 3.0);
  CHECK(report.largest_difference > 0 && report.largest_difference < 0.05);
  CHECK(model.precision_report(posts).text_count == 3);
  CHECK(model.precision_report_pairs(posts, posts, PLAUDIT_PRECISION_INT8).largest_difference !=
        report.largest_difference);
  EXPECT(INVALID_ARGUMENT, [&] { return model.precision_report_pairs(posts, {"c"}); });
  EXPECT(OUT_OF_RANGE, [&] { return model.at_precision(4); });
  EXPECT(INVALID_STATE, [&] { return lower.at_precision(PLAUDIT_PRECISION_FP32); });
  EXPECT(INVALID_STATE, [&] { lower.save("never"); });

  const auto embedder = plaudit::model::load(embedder_folder());
  const auto vectors = embedder.embed({"tea", "coffee", "tea"});
  CHECK(vectors.width == static_cast<std::size_t>(embedder.info().embedding_size));
  CHECK(vectors.size() == 3 && vectors.values.size() == 3 * vectors.width);
  CHECK(std::equal(vectors[0].begin(), vectors[0].end(), vectors[2].begin()));
  EXPECT(INVALID_ARGUMENT, [&] { return model.embed({"tea"}); });
  plaudit::predict_options mean;
  mean.pooling = PLAUDIT_POOLING_MEAN;
  CHECK(model.embed({"tea"}, mean).width == 24);

  const auto states = embedder.hidden_states({"tea", "coffee cup"});
  CHECK(states.size() == 2 && states.token_offsets.back() == 3 + 4);
  CHECK(states[1].size() == 4 * states.width);
  CHECK(embedder.hidden_states_pairs({"tea"}, {"cup"}).token_offsets.back() == 5);
  CHECK(embedder.hidden_states(plaudit::texts{}).values.empty());
}

void scorers(tally &t) {
  auto model = std::make_unique<plaudit::model>(plaudit::model::load(classifier_folder()));
  const auto expected = model->predict({"love it"});
  auto scorer = model->scorer();
  model.reset();  // a scorer keeps what it needs
  const auto scored = scorer.score("love it");
  CHECK(scored.scores == expected.scores && scored.label == expected.labels[0]);
  CHECK(scored.report.token_count == 4);
  float room[3] = {};
  CHECK(scorer.score("love it", room).label == expected.labels[0] && room[2] == scored.scores[2]);
  EXPECT(BUFFER_TOO_SMALL, [&] {
    float little[1];
    return scorer.score("love it", little);
  });
  EXPECT(INVALID_UTF8, [&] { return scorer.score("\xFF"); });
  CHECK(scorer.score("love it").scores == expected.scores);
  CHECK(scorer.score("").scores.size() == 3);

  const auto embedder = plaudit::model::load(embedder_folder());
  auto embeds = embedder.scorer();
  const auto vector = embeds.embed("tea");
  CHECK(vector.values == embedder.embed({"tea"}).values && vector.report.token_count == 3);
  std::vector<float> space(vector.values.size());
  CHECK(embeds.embed("tea", space).report.token_count == 3 && space == vector.values);
}

void trainers(tally &t) {
  const auto encoder = plaudit::model::load(embedder_folder());
  plaudit::trainer_options options;
  options.l2 = 1;
  auto trainer = plaudit::trainer::create(encoder, {"good", "bad"}, options);
  EXPECT(INVALID_STATE, [&] { return trainer.model(); });
  const std::vector<std::string> posts = {"love it",  "great tea", "thanks", "super coffee",
                                          "hate it",  "late",      "broken", "never again"};
  const std::vector<std::int32_t> labels = {0, 0, 0, 0, 1, 1, 1, 1};
  trainer.add(posts, labels);
  trainer.add(encoder.embed(posts), labels);
  EXPECT(INVALID_ARGUMENT, [&] { trainer.add({"one"}, labels); });
  EXPECT(INVALID_ARGUMENT, [&] {
    trainer.add_embeddings(std::vector<float>(5), 5, std::vector<std::int32_t>{0});
  });
  EXPECT(INVALID_ARGUMENT, [&] { trainer.add(encoder.embed(posts), std::vector<std::int32_t>{0}); });
  const auto report = trainer.fit();
  CHECK(report.example_count == 16 && report.converged == 1 && report.l2 == 1);
  const auto model = trainer.model();
  CHECK(model.label(1) == "bad" && model.label_count() == 2);
  CHECK(model.predict({"love it"}).scores.size() == 2);

  plaudit::run_options run;
  run.progress = [](const plaudit::progress &) { return true; };
  CHECK(trainer.fit(run).loss == report.loss);
}

void networks(tally &t) {
  const auto encoder = plaudit::model::load(embedder_folder());
  const std::vector<std::string> posts = {"love it", "great tea", "thanks", "super coffee",
                                          "hate it", "late",      "broken", "never again"};
  const std::vector<std::int32_t> labels = {0, 0, 0, 0, 1, 1, 1, 1};
  const plaudit::texts names = {"good", "bad"};

  plaudit::trainer_options options;
  options.architecture = "BertForSequenceClassification";
  options.cleaning = "tweets-1";
  options.epochs = 3;
  options.batch_size = 4;
  options.dropout = -1;
  auto trainer = plaudit::trainer::create(encoder, names, options);
  CHECK(trainer.history().empty());
  trainer.add(posts, labels);
  trainer.add_validation(posts, labels);
  EXPECT(INVALID_ARGUMENT, [&] { trainer.add_validation({"one"}, labels); });
  EXPECT(INVALID_STATE, [&] { trainer.add(encoder.embed(posts), labels); });
  std::int64_t steps = 0;
  plaudit::run_options run;
  run.progress = [&](const plaudit::progress &progress) {
    steps = progress.step;
    return progress.phase == PLAUDIT_PHASE_TRAINING;
  };
  const auto report = trainer.fit(run);
  CHECK(report.example_count == 8 && report.holdout_count == 8 && steps == 6);
  CHECK(report.iteration_count == 6 && report.skipped_steps == 0);
  const std::vector<plaudit::epoch> epochs = trainer.history();
  CHECK(epochs.size() == 3 && epochs[1].epoch == 2 && epochs[2].step == 6);
  CHECK(epochs[static_cast<std::size_t>(report.best_epoch - 1)].validation_loss ==
        report.holdout_loss);

  const auto model = trainer.model();
  CHECK(model.info().cleaning == "tweets-1"sv && !model.info().calibration);
  CHECK(model.info().architecture == "BertForSequenceClassification"sv);
  plaudit::calibration_report gain;
  const auto calibrated =
      model.calibrate(posts, labels, PLAUDIT_CALIBRATION_TEMPERATURE, &gain);
  CHECK(calibrated.info().calibration == "temperature"sv && gain.loss_after <= gain.loss_before);
  CHECK(calibrated.predict(posts).labels == model.predict(posts).labels);
  CHECK(model.calibrate(posts, labels).predict(posts).scores == calibrated.predict(posts).scores);
  EXPECT(INVALID_ARGUMENT, [&] { return model.calibrate({"one"}, labels); });
  const std::string folder = temporary_folder();
  calibrated.save(folder);
  CHECK(plaudit::model::load(folder).predict(posts).scores == calibrated.predict(posts).scores);
  std::filesystem::remove_all(folder);

  // Without a model to start from; a model that was moved away is none of that kind.
  options.architecture = "HashedLinear";
  auto hashed = plaudit::trainer::create({"good", "bad"}, options);
  hashed.add(posts, labels);
  CHECK(hashed.fit().example_count == 8 && hashed.history().empty());
  CHECK(hashed.model().label(0) == "good");
  auto moved = plaudit::model::load(embedder_folder());
  const auto target = std::move(moved);
  EXPECT(INVALID_HANDLE, [&] { return plaudit::trainer::create(moved, names, options); });
  options.architecture = "BertForSequenceClassification";
  EXPECT(INVALID_ARGUMENT, [&] { return plaudit::trainer::create(names, options); });

  std::vector<plaudit::trainer_options> candidates(2);
  for (auto &candidate : candidates) candidate.architecture = "HashedLinear";
  candidates[1].learning_rate = 1e-9;
  plaudit::search_options folds;
  folds.folds = 2;
  const auto found = plaudit::search(names, posts, labels, candidates, folds);
  CHECK(found.size() == 2 && found.fold_count == 2 && found[1].size() == 2);
  CHECK(found[0][0].training_count == 4 && found[1][1].held_count == 4);
  CHECK(found.best < 2);
  const std::vector<std::int64_t> groups = {1, 1, 2, 2, 3, 3, 4, 4};
  folds.groups = groups;
  CHECK(plaudit::search(encoder, names, posts, labels, candidates, folds).folds.size() == 4);
  folds.groups = {};
  EXPECT(INVALID_ARGUMENT,
         [&] { return plaudit::search(names, posts, {labels.data(), 3}, candidates); });
  folds.groups = {groups.data(), 3};
  EXPECT(INVALID_ARGUMENT, [&] { return plaudit::search(names, posts, labels, candidates, folds); });
  folds.groups = {};
  folds.folds = std::int64_t{1} << 60;
  EXPECT(OUT_OF_RANGE, [&] { return plaudit::search(names, posts, labels, candidates, folds); });
  EXPECT(INVALID_HANDLE, [&] { return plaudit::search(moved, names, posts, labels, candidates); });

  const auto vader =
      plaudit::model::load(from_environment("PLAUDIT_CHECKOUT") + "/models/vader");
  const std::vector<double> valences = {4, -4};
  const auto own = vader.with_words({"zephyr", "love"}, valences);
  CHECK(own.predict({"so zephyr"}).labels[0] == own.label_index("positive"));
  CHECK(vader.predict({"so zephyr"}).labels[0] == vader.label_index("neutral"));
  EXPECT(INVALID_ARGUMENT, [&] { return vader.with_words({"zephyr"}, valences); });
  EXPECT(UNSUPPORTED, [&] { return encoder.with_words({"zephyr", "love"}, valences); });
}

std::vector<std::string> many_posts() {
  std::vector<std::string> posts;
  for (int i = 0; i < 4000; i++)
    posts.push_back("the coffee is great and the service is late " + std::to_string(i));
  return posts;
}

void control(tally &t) {
  const auto model = plaudit::model::load(embedder_folder());
  const auto posts = many_posts();

  struct oops {
    int value;
  };
  std::atomic<int> calls{0};
  bool own_thread = true;
  const auto caller = std::this_thread::get_id();
  plaudit::run_options run;
  run.progress_interval = std::chrono::milliseconds(1);
  run.progress = [&](const plaudit::progress &progress) -> bool {
    calls++;
    own_thread = own_thread && std::this_thread::get_id() == caller;
    CHECK(progress.phase == PLAUDIT_PHASE_EMBEDDING && progress.total == 4000);
    throw oops{7};
  };
  try {
    static_cast<void>(model.embed(posts, {}, run));
    CHECK(false);
  } catch (const oops &thrown) {
    CHECK(thrown.value == 7);
  }
  CHECK(calls == 1 && own_thread);

  run.progress = [](const plaudit::progress &) { return false; };
  EXPECT(CANCELLED, [&] { return model.embed(posts, {}, run); });
  EXPECT(CANCELLED, [&] { return model.hidden_states(posts, {}, run); });

  run.progress = [&](const plaudit::progress &) {
    calls++;
    return true;
  };
  run.threads = 1;
  CHECK(model.embed(posts, {}, run).values == model.embed(posts).values);
  CHECK(calls > 1);

  auto cancel = plaudit::cancel::create();
  plaudit::run_options cancelled;
  cancelled.cancel = &cancel;
  cancel.request();
  EXPECT(CANCELLED, [&] { return model.embed(posts, {}, cancelled); });
  cancel.reset();
  CHECK(model.embed({"tea"}, {}, cancelled).size() == 1);
  {
    auto taken = std::move(cancel);
    EXPECT(INVALID_HANDLE, [&] { return model.embed({"tea"}, {}, cancelled); });
  }

  plaudit::run_options short_time;
  short_time.timeout = std::chrono::milliseconds(1);
  std::vector<std::string> more;
  for (int i = 0; i < 10; i++) more.insert(more.end(), posts.begin(), posts.end());
  EXPECT(TIMEOUT, [&] { return model.embed(more, {}, short_time); });

  plaudit::run_options absurd;
  absurd.threads = 257;
  EXPECT(OUT_OF_RANGE, [&] { return model.embed({"tea"}, {}, absurd); });
}

void moves(tally &t) {
  auto first = plaudit::model::load(classifier_folder());
  auto second = std::move(first);
  CHECK(second.label(0) == "positive");
  EXPECT(INVALID_HANDLE, [&] { return first.predict({"tea"}); });  // NOLINT(bugprone-use-after-move)
  first = plaudit::model::load(embedder_folder());
  CHECK(first.label_count() == 0);
  second = std::move(first);
  CHECK(second.label_count() == 0 && first.get() == nullptr);  // NOLINT(bugprone-use-after-move)
  auto &same = second;
  second = std::move(same);
  CHECK(second.embed({"tea"}).size() == 1);
}

void kpis(tally &t) {
  using namespace plaudit;
  CHECK(kpi::click_through_rate(25, 1000) == 0.025);
  CHECK(kpi::engagement_rate_by_impressions(50, 1000) == 0.05);
  CHECK(kpi::engagement_rate_by_reach(50, 500) == 0.1);
  CHECK(kpi::engagement_rate_by_followers(50, 200) == 0.25);
  CHECK(kpi::conversion_rate(5, 20) == 0.25);
  CHECK(kpi::cost_per_click(10, 4) == 2.5);
  CHECK(kpi::cost_per_mille(10, 4000) == 2.5);
  CHECK(kpi::cost_per_action(10, 5) == 2);
  CHECK(kpi::return_on_ad_spend(30, 10) == 3);
  CHECK(kpi::return_on_investment(30, 10) == 2);
  CHECK(kpi::average_order_value(90, 3) == 30);
  CHECK(kpi::revenue_per_visitor(90, 30) == 3);
  EXPECT(UNDEFINED, [] { return kpi::click_through_rate(0, 0); });
  EXPECT(INVALID_DATA, [] { return kpi::click_through_rate(2, 1); });
  EXPECT(NOT_FINITE, [] { return kpi::cost_per_click(NAN, 1); });

  const std::vector<double> clicks = {1, 0, 3};
  const std::vector<double> impressions = {4, 0, 2};
  const auto rates = kpi::column(PLAUDIT_KPI_CLICK_THROUGH_RATE, clicks, impressions);
  CHECK(rates.values[0] == 0.25 && std::isnan(rates.values[1]) && rates.values[2] == 1.5);
  CHECK(rates.flags[0] == 0 && rates.flags[1] == PLAUDIT_KPI_FLAG_NO_DENOMINATOR &&
        rates.flags[2] == PLAUDIT_KPI_FLAG_RATE_ABOVE_ONE);
  EXPECT(UNDEFINED,
         [&] { return kpi::column(PLAUDIT_KPI_CLICK_THROUGH_RATE, clicks, impressions, true); }, 1);
  EXPECT(INVALID_ARGUMENT, [&] { return kpi::column(10, clicks, span<const double>{}); });
  EXPECT(OUT_OF_RANGE, [&] { return kpi::column(999, clicks, impressions); });
}

void statistics(tally &t) {
  using namespace plaudit;
  const auto interval = stats::wilson_interval(50, 100);
  CHECK(near(interval.lower, 0.40383153102) || std::fabs(interval.lower - 0.4038315) < 1e-7);
  CHECK(near(interval.lower + interval.upper, 1));
  EXPECT(UNDEFINED, [] { return stats::wilson_interval(0, 0); });
  EXPECT(OUT_OF_RANGE, [] { return stats::wilson_interval(1, 2, 95); });

  const std::vector<std::int64_t> successes = {50, 0};
  const std::vector<std::int64_t> trials = {100, 0};
  const auto intervals = stats::wilson_column(successes, trials);
  CHECK(intervals.lower[0] == interval.lower && intervals.upper[0] == interval.upper);
  CHECK(std::isnan(intervals.lower[1]) && intervals.flags[1] == PLAUDIT_KPI_FLAG_NO_DENOMINATOR);
  EXPECT(UNDEFINED, [&] { return stats::wilson_column(successes, trials, 0.95, true); }, 1);
  EXPECT(INVALID_ARGUMENT,
         [&] { return stats::wilson_column(successes, span<const std::int64_t>{}); });

  const auto jeffreys = stats::rate_intervals(successes, trials, PLAUDIT_RATE_JEFFREYS);
  CHECK(jeffreys.lower[0] > 0.4 && std::isnan(jeffreys.upper[1]));
  EXPECT(INVALID_ARGUMENT,
         [&] { return stats::rate_intervals(successes, span<const std::int64_t>{}); });
  stats::hypothesis_options strict;
  strict.refuse = 1;
  EXPECT(UNDEFINED, [&] { return stats::rate_intervals(successes, trials, 0, strict); }, 1);
  const std::vector<stats::two_proportions> pairs = {{182, 1000, 134, 1000}, {1, 0, 1, 2}};
  const auto effects = stats::proportion_tests(pairs, PLAUDIT_EFFECT_RATIO);
  CHECK(near(effects[0].estimate, 182.0 / 134) &&
        effects[1].flags == PLAUDIT_TEST_FLAG_INVALID_COUNTS);
  EXPECT(INVALID_DATA, [&] { return stats::proportion_tests(pairs, 0, strict); }, 1);
  const std::vector<double> first = {1, 3, 4, 9}, second = {4, 6, 2, 5}, holes = {1, NAN};
  const std::vector<stats::sample_moments> one = {stats::moments(first)};
  const std::vector<stats::sample_moments> other = {stats::moments(second)};
  CHECK(near(stats::mean_tests(one, other, PLAUDIT_MEANS_POOLED)[0].estimate, 0));
  CHECK(near(stats::mean_tests(one)[0].estimate, 4.25));
  CHECK(near(stats::moments(first, second).mean, 0));
  EXPECT(NOT_FINITE, [&] { return stats::moments(holes); }, 1);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::moments(first, holes); });
  const std::vector<stats::sample_moments> groups = {one[0], other[0]};
  CHECK(near(stats::variance_analysis(groups).p_value, 1));
  const std::vector<std::int64_t> table = {4, 0, 0, 4};
  CHECK(near(stats::table_test(table, 2, PLAUDIT_TABLE_FISHER).p_value, 2.0 / 70));
  EXPECT(INVALID_ARGUMENT, [&] { return stats::table_test(table, 3); });
  CHECK(stats::sample_test(first, second).statistic == 6.5);
  EXPECT(UNDEFINED, [&] { return stats::sample_test(first, span<const double>{}); });
  const std::vector<std::int32_t> halves = {0, 0, 1, 1};
  CHECK(stats::kruskal_wallis(first, halves, 2).degrees_of_freedom == 1);
  const std::vector<double> chances = {0.5, 1};
  CHECK(stats::quantiles(first, chances)[0].value == 3.5);
  CHECK(stats::quantile_test(first, second, 0.5).estimate == -1);
  stats::power_design design;
  design.baseline = 0.05;
  design.effect = 0.005;
  CHECK(std::fabs(stats::power(design).control_count - 31233.43794) < 1e-5);
  EXPECT(OUT_OF_RANGE, [] { return stats::power({}, PLAUDIT_SOLVE_SAMPLE_SIZE); });

  const stats::two_proportions counts = {182, 1000, 134, 1000};
  const auto test = stats::two_proportion_test(counts);
  CHECK(near(test.difference, 0.048) && test.p_value < 0.05);
  stats::test_options greater;
  greater.alternative = PLAUDIT_ALTERNATIVE_GREATER;
  CHECK(near(stats::two_proportion_test(counts, greater).p_value, test.p_value / 2));

  const auto lift = stats::proportion_lift(counts);
  CHECK(near(lift.relative, 48.0 / 134) && near(lift.absolute, 0.048) && lift.flags == 0);
  CHECK(lift.relative_interval.lower > 0 && lift.relative_interval.upper > lift.relative);
  CHECK(stats::relative_lift(3, 2) == 0.5);
  EXPECT(UNDEFINED, [] { return stats::relative_lift(1, 0); });

  const std::vector<std::int32_t> truth = {0, 0, 1, 1};
  const std::vector<std::int32_t> predicted = {0, 1, 1, 1};
  const auto report = stats::classification(truth, predicted, 2);
  CHECK(report.accuracy == 0.75 && report.recall[0] == 0.5 && report.precision[0] == 1);
  CHECK(near(report.f1[1], 0.8) && report.support[1] == 2);
  CHECK(report.confusion == std::vector<std::int64_t>{1, 1, 0, 2});
  EXPECT(INVALID_DATA, [&] { return stats::classification(truth, predicted, 1); }, 1);
  EXPECT(OUT_OF_RANGE, [&] { return stats::classification(truth, predicted, 1LL << 39); });
  EXPECT(INVALID_ARGUMENT, [&] { return stats::classification(truth, predicted, INT64_MIN); });
}

void model_metrics(tally &t) {
  using namespace plaudit;
  CHECK(near(stats::f_score(0.89, 0.88), 0.8849717514124293));
  const std::vector<std::int32_t> truth = {0, 0, 1, 1};
  const std::vector<std::int32_t> predicted = {0, 1, 1, 1};
  const std::vector<double> scores = {0.1, 0.6, 0.6, 0.9};
  const std::vector<double> weights = {1, 1, 1, 3};

  const auto labels = stats::labels(truth, predicted, 2);
  CHECK(labels.accuracy == 0.75 && labels.classes[0].recall == 0.5 && labels.kappa == 0.5);
  CHECK(labels.confusion == (std::vector<double>{1, 1, 0, 2}));
  stats::label_options weighted;
  weighted.weights = weights.data();
  CHECK(near(stats::labels(truth, predicted, 2, weighted).accuracy, 5.0 / 6));
  EXPECT(INVALID_DATA, [&] { return stats::labels(truth, predicted, 1); }, 1);
  EXPECT(OUT_OF_RANGE, [&] { return stats::labels(truth, predicted, 1LL << 39); });
  EXPECT(INVALID_ARGUMENT, [&] { return stats::labels(truth, {}, 2); });

  const auto judged = stats::scores(truth, scores);
  CHECK(judged.auc == 0.875 && judged.class_auc[0] == 0.875 && judged.flags == 0);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::scores(truth, scores, 2); });
  EXPECT(OUT_OF_RANGE, [&] { return stats::scores(truth, scores, 0); });
  const std::vector<double> table = {0.9, 0.1, 0.4, 0.6, 0.4, 0.6, 0.1, 0.9};
  CHECK(stats::scores(truth, table, 2).macro_auc == 0.875);
  const auto roc = stats::roc_curve(truth, scores);
  CHECK(roc.true_positive_rate == (std::vector<double>{0, 0.5, 1, 1}));
  CHECK(std::isinf(roc.thresholds[0]) && roc.thresholds.back() == 0.1);
  CHECK(stats::roc_curve(truth, scores, weights, true).thresholds.size() == 4);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::roc_curve(truth, {}); });
  EXPECT(INVALID_ARGUMENT, [&] {
    return stats::roc_curve(truth, scores, span<const double>(weights).subspan(0, 2));
  });
  const auto curve = stats::precision_recall_curve(truth, scores);
  CHECK(curve.precision.back() == 1 && curve.recall.front() == 1 && curve.recall.size() == 4);

  const auto errors = stats::regression(scores, weights);
  CHECK(near(errors.mean_absolute_error, (0.9 + 0.4 + 0.4 + 2.1) / 4));
  EXPECT(UNDEFINED, [] { return stats::regression({}, {}); });

  stats::reliability_options two;
  two.bin_count = 2;
  const auto reliability = stats::reliability(truth, scores, 1, two);
  CHECK(reliability.bins.size() == 2 && reliability.bins[1].count == 3);
  CHECK(near(reliability.bins[1].predicted, 0.7));
  CHECK(stats::reliability(truth, table, 2).bins.size() == 10);

  for (const std::int32_t method :
       {PLAUDIT_CALIBRATION_TEMPERATURE, PLAUDIT_CALIBRATION_PLATT, PLAUDIT_CALIBRATION_ISOTONIC}) {
    const auto map = stats::calibration::fit(method, table, truth, 2);
    CHECK(map.report.loss_after <= map.report.loss_before);
    stats::calibration same;
    same.method = method;
    same.columns = 2;
    same.parameters = map.parameters;
    CHECK(same.apply(table) == map.apply(table));
    EXPECT(INVALID_ARGUMENT, [&] { return map.apply({scores.data(), 3}); });
  }
  EXPECT(CORRUPT, [&] { return stats::calibration{}.apply(scores); });

  stats::bootstrap_options options;
  options.resamples = 200;
  options.seed = 3;
  const auto sure = stats::bootstrap_labels(PLAUDIT_METRIC_ACCURACY, truth, predicted, 2, options);
  run_options one;
  one.threads = 1;
  CHECK(sure.values ==
        stats::bootstrap_labels(PLAUDIT_METRIC_ACCURACY, truth, predicted, 2, options, one).values);
  CHECK(sure.value == 0.75 && sure.values.size() == 200);
  CHECK(stats::bootstrap_scores(PLAUDIT_METRIC_BRIER, truth, scores).interval.lower > 0);
  CHECK(stats::bootstrap_numbers(PLAUDIT_METRIC_R2, scores, scores).value == 1);
  auto cancel = plaudit::cancel::create();
  cancel.request();
  run_options stopped;
  stopped.cancel = &cancel;
  EXPECT(CANCELLED, [&] {
    return stats::bootstrap_labels(PLAUDIT_METRIC_ACCURACY, truth, predicted, 2, {}, stopped);
  });
  EXPECT(OUT_OF_RANGE, [&] { return stats::bootstrap_labels(11111, truth, predicted, 2); });

  CHECK(near(stats::mcnemar(1, 9).exact_p_value, 22.0 / 1024));
  CHECK(stats::mcnemar(truth, truth, predicted).only_first == 1);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::mcnemar(truth, truth, {}); });

  const std::vector<double> halves = {0.5, 0.5};
  const std::vector<std::int64_t> groups = {7, 8, 7, 8};
  stats::split_options stratified;
  stratified.labels = truth;
  stratified.class_count = 2;
  const auto parts = stats::split(4, halves, stratified);
  CHECK(parts[0] != parts[1] && parts[2] != parts[3]);
  stratified.groups = groups;
  const auto together = stats::folds(4, 2, stratified);
  CHECK(together[0] == together[2] && together[1] == together[3] && together[0] != together[1]);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::split(5, halves, stratified); });

  const std::vector<double> users = {1000, 1000}, sums = {134, 182};
  stats::lift_sums given;
  given.users = users;
  given.sums = sums;
  given.arm_weights = halves;
  stats::lift_options holm;
  holm.adjustment = PLAUDIT_ADJUST_HOLM;
  const auto lifted = stats::lifts(given, holm);
  CHECK(lifted.size() == 1 && near(lifted.relative[0], 48.0 / 134) && lifted.flags[0] == 0);
  CHECK(lifted.p_value[0] > 0.003 && lifted.p_value[0] < 0.0034 &&
        lifted.adjusted_p_value[0] == lifted.p_value[0]);
  CHECK(lifted.sample_ratio[0] == 1 && lifted.design == PLAUDIT_DESIGN_FIXED_HORIZON);
  given.squares = halves;
  given.metrics = 2;
  EXPECT(INVALID_ARGUMENT, [&] { return stats::lifts(given); });

  auto gathered = stats::experiment::create(2, 1);
  gathered.add(groups, std::vector<std::int32_t>{0, 1, 0, 1}, std::vector<double>{1, 2, 3, 4});
  auto other = stats::experiment::create(2, 1);
  other.add(std::vector<std::int64_t>{9}, std::vector<std::int32_t>{1}, std::vector<double>{2});
  gathered.merge(other);
  const auto moments = gathered.moments();
  CHECK(moments.users == std::vector<double>({1, 2}) && moments.sums[1] == 8);
  CHECK(moments.products[1] == 8 && moments.crossed_users == 0);
  EXPECT(INVALID_ARGUMENT, [&] { return gathered.add(groups, {}, halves); });

  CHECK(stats::adjust_p_values(PLAUDIT_ADJUST_BONFERRONI, std::vector<double>{0.01, 0.04})[1] ==
        0.08);
  CHECK(stats::winsorize(users).limits.upper == 1000);
  CHECK(stats::sample_ratio(users).p_value == 1);
  CHECK(stats::sample_ratio_sequence(users, 2, halves).p_values.size() == 1);
  CHECK(stats::always_valid(halves, halves, users).p_values[0] <= 1);
  CHECK(stats::betting_sequence(halves).upper[1] <= 1);
  CHECK(near(stats::group_sequential(std::vector<double>{1.0}).z[0], 1.959963984540054));
  CHECK(near(stats::rate_posteriors(sums, users)[1].chance_to_be_best, 0.9983740305082841));
  CHECK(stats::effect_posteriors(halves, halves)[0].mean == 0.5);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::rate_posteriors(sums, {}); });
  EXPECT(INVALID_DATA, [&] { return stats::folds(4, 3, stratified); });
}

void resampling(tally &t) {
  using namespace plaudit;
  const std::vector<double> spend = {12.1, 9.8, 14.2, 11.5, 10.9};
  const std::vector<double> control = {10.1, 9.2, 11.7, 8.8};
  stats::sample_options options;
  options.resamples = 300;
  options.effect = PLAUDIT_SAMPLE_EFFECT_RELATIVE;
  const auto sure = stats::bootstrap(PLAUDIT_STATISTIC_MEAN, {spend}, {control}, options);
  CHECK(near(sure.value, 11.7 / 9.95 - 1) && sure.values.size() == 300);
  CHECK(sure.interval.lower < sure.value && sure.value < sure.interval.upper);
  CHECK(stats::bootstrap(PLAUDIT_STATISTIC_RATIO, {spend, spend}).value == 1);
  EXPECT(INVALID_ARGUMENT, [&] { return stats::bootstrap(PLAUDIT_STATISTIC_MEAN, {spend, control}); });
  EXPECT(UNDEFINED, [&] { return stats::bootstrap(PLAUDIT_STATISTIC_MEAN, {{}}); });
  const auto test = stats::permutation_test(PLAUDIT_STATISTIC_MEAN, {spend}, {control});
  CHECK(test.exact == 1 && test.values.size() == 126 && near(test.p_value, 16.0 / 126));
  EXPECT(OUT_OF_RANGE, [&] { return stats::permutation_test(9, {spend}, {control}); });

  const std::vector<double> x = {1, 2, 3, 5, 4, 7}, y = {2, 1, 3, 4, 6, 9};
  CHECK(stats::correlate(x, y).kendall.value > 0.5);
  CHECK(stats::correlate_lags(PLAUDIT_CORRELATION_PEARSON, x, y, 2).size() == 5);
  EXPECT(OUT_OF_RANGE, [&] { return stats::correlate_lags(PLAUDIT_CORRELATION_PEARSON, x, y, 6); });
  EXPECT(INVALID_ARGUMENT, [&] { return stats::correlate(x, {}); });
  CHECK(stats::granger(y, x).denominator_freedom == 2);

  const std::vector<std::int64_t> times = {0, 86399, 86400, 300000};
  const std::vector<double> moods = {1, -1, 1, 1};
  const auto days = stats::series_span(times, 86400);
  stats::timed_rows rows;
  rows.times = times;
  rows.values = moods;
  const auto series = stats::gather(rows, days);
  CHECK(series.counts == (std::vector<std::int64_t>{2, 1, 0, 1}) && series.means[0] == 0);
  rows.values = x;
  EXPECT(INVALID_ARGUMENT, [&] { return stats::gather(rows, days); });

  const std::vector<double> halves = {0.5, 0.5}, tenth = {0.1, 0.9};
  const auto banner = stats::assignment::create("banner", halves);
  CHECK(banner.shares[0] == 0.5);
  const auto arms = banner.assign({"ann", "bob", ""});
  CHECK(arms[0] >= 0 && arms[2] == -1);
  const auto other = stats::assignment::create("banner", tenth, 1, 2, &banner);
  CHECK(near(other.shares[1], 0.9));
  CHECK(stats::hash_users({"a"}, "seed")[0] == 0.0505);
  EXPECT(OUT_OF_RANGE, [&] { return stats::assignment::create("banner", tenth, 2); });
}

void bandits(tally &t) {
  plaudit::bandit_options options;
  options.seed = 3;
  options.pending_limit = 1000;
  auto bandit = plaudit::bandit::create({"red", "blue"}, options);
  CHECK(bandit.add_arm("green") == 2);
  CHECK(bandit.arm_name(2) == "green" && bandit.feature_count() == 0);
  const std::int32_t arms[] = {0, 1, 2, 0};
  const double rewards[] = {1, 0, 0, 1};
  bandit.learn(arms, rewards);
  CHECK(bandit.arms()[0].plays == 2 && bandit.arms()[0].mean == 1);
  const auto judged = bandit.scores();
  CHECK(judged.scores.size() == 3 && judged.scores[0] == 0.75);
  const auto made = bandit.decide(100, {}, true);
  CHECK(made.first == 0 && made.propensities[0] == judged.probabilities[made.arms[0]]);
  const std::int64_t ids[] = {5, 99, 1000};
  CHECK(bandit.reward({ids, 2}, {rewards, 2}) == 0);
  EXPECT(INVALID_DATA, [&] { bandit.reward({ids, 3}, {rewards, 3}); }, 0);
  CHECK(bandit.reward({ids, 3}, {rewards, 3}, true) == 3);
  EXPECT(INVALID_ARGUMENT, [&] { bandit.reward({ids, 2}, {rewards, 3}); });
  EXPECT(SHAPE, [&] { bandit.decide(2, rewards); });

  const auto snapshot = bandit.snapshot();
  const auto elsewhere = snapshot.decide(5000, 3, {}, true);
  const std::int64_t theirs[] = {5000, 5001, 5002};
  bandit.remember(theirs, elsewhere.arms);
  CHECK(bandit.info().pending_count == 101);

  const auto path = (std::filesystem::temp_directory_path() / "plaudit-bandit").string();
  bandit.save(path);
  auto loaded = plaudit::bandit::load(path);
  std::filesystem::remove(path);
  CHECK(loaded.state() == bandit.state());
  CHECK(loaded.decide(50).arms == bandit.decide(50).arms);
  auto worker = plaudit::bandit::restore(bandit.state(), 4);
  worker.learn(arms, rewards);
  const auto delta = worker.delta();
  bandit.merge(delta);
  EXPECT(INVALID_STATE, [&] { bandit.merge(delta); });
  EXPECT(INVALID_STATE, [&] { bandit.delta(); });
  worker.refresh(bandit.state());
  CHECK(worker.info().reward_count == bandit.info().reward_count);
  bandit.remove_arm(1);
  EXPECT(INVALID_DATA, [&] { bandit.learn(arms, rewards); }, 1);
  EXPECT(CORRUPT, [&] { plaudit::bandit::restore({delta.data(), 20}); });

  plaudit::bandit_options linear;
  linear.policy = PLAUDIT_BANDIT_LIN_UCB;
  linear.reward = PLAUDIT_REWARD_REAL;
  linear.feature_count = 2;
  linear.ridge = 2;
  auto models = plaudit::bandit::create({"red"}, linear);
  const double contexts[] = {1, 0, 1, 0}, pay[] = {3, 5};
  models.learn({arms, 1}, {pay, 1}, {contexts, 2});
  CHECK(near(models.coefficients(0)[0], 1) && models.scores({contexts, 2}).scores.size() == 1);
  EXPECT(SHAPE, [&] { models.learn({arms, 1}, {pay, 1}, {contexts, 3}); });
  EXPECT(SHAPE, [&] { models.decide(2); });

  auto fresh = plaudit::bandit::create({"red", "blue", "green"}, {});
  const auto replayed = fresh.replay({arms, rewards});
  CHECK(replayed.arms.size() == 4 && replayed.match_count <= 4);
  const double even[] = {0.5, 0.5, 0.5, 0.5}, chances[] = {0.5, 0.5};
  const auto value = plaudit::off_policy({{arms, 2}, {rewards, 2}, chances}, even, 2);
  CHECK(value.inverse_propensity.value == 0.5 && value.effective_sample_size == 2);
  EXPECT(SHAPE, [&] { plaudit::off_policy({{arms, 2}, {rewards, 2}, chances}, even, 3); });
  EXPECT(INVALID_ARGUMENT, [&] { plaudit::off_policy({{arms, 2}, {rewards, 2}}, even, 2); });
  CHECK(plaudit::minimum_traffic(chances, 0.25)[0] == 0.5);
  const double draws[] = {1, 2, 3, 1, 2, 3};
  CHECK(plaudit::top_two_weights(draws, 3, true)[2] == 0);
  EXPECT(SHAPE, [&] { plaudit::top_two_weights(draws, 4); });
}

}  // namespace

void kpi_tables(tally &t) {
  using namespace plaudit;
  CHECK(kpi::value(PLAUDIT_KPI_BOUNCE_RATE, 3, 4) == 0.25);
  CHECK(kpi::name(PLAUDIT_KPI_CLICK_THROUGH_RATE) == "ctr");
  CHECK(kpi::measure_name(PLAUDIT_MEASURE_CLICKS) == "clicks");

  kpi::table_options options;
  options.keys = {"campaign"};
  options.measures = {{PLAUDIT_MEASURE_CLICKS}, {PLAUDIT_MEASURE_IMPRESSIONS, "shown"},
                      {PLAUDIT_MEASURE_COST, {}, true}};
  options.intervals = true;
  auto table = kpi::table::create(options);
  const std::vector<std::string> names = {"spring", "autumn", "spring"};
  const kpi::strings keys(names);
  const std::vector<std::int64_t> clicks = {10, 200, 25}, shown = {100, 10000, 500};
  const std::vector<std::int64_t> cost = {1500000, 2000000, 500000};
  const plaudit_column columns[] = {keys.column(), kpi::numbers(clicks), kpi::numbers(shown),
                                    kpi::numbers(cost)};
  table.add(columns);
  const auto state = table.state();
  table.merge(state);
  auto again = kpi::table::load(state);
  const auto found = again.finish();
  CHECK(found.groups() == 2 && found.columns() == 14);
  CHECK(kpi::result::text(found.column("campaign").column, 1) == "spring");
  CHECK(found.numbers("ctr") == (std::vector<double>{0.02, 35.0 / 600}));
  CHECK(found.numbers("cost") == (std::vector<double>{2, 2}));
  CHECK(near(found.numbers("ctr_lower")[0], stats::wilson_interval(200, 10000).lower));
  CHECK(table.finish().numbers("rows") == (std::vector<double>{2, 4}));

  auto [array, schema] = found.export_arrow();
  CHECK(array.length == 2 && std::string_view(schema.children[0]->name) == "campaign");
  kpi::table_options other = options;
  other.measures = {{PLAUDIT_MEASURE_CLICKS}};
  auto summary = kpi::table::create(other);
  summary.add(array, schema);
  CHECK(!array.release && !schema.release);
  CHECK(summary.finish().numbers("clicks") == (std::vector<double>{200, 35}));
  ArrowArrayStream stream{};
  EXPECT(INVALID_STATE, [&] { summary.add(stream); });
  EXPECT(INVALID_ARGUMENT, [&] { table.add({columns, 3}); });
  EXPECT(NOT_FOUND, [&] { found.column("roi"); });
  const std::int32_t codes[] = {0, 1, 5};
  plaudit_column wrong[] = {kpi::coded(kpi::numbers(codes), columns[0]), columns[1], columns[2],
                            columns[3]};
  EXPECT(INVALID_DATA, [&] { table.add(wrong); });

  stats::running_moments moments, rest;
  moments.add(std::vector<double>{1e9 + 4, 1e9 + 7});
  rest.add(std::vector<double>{1e9 + 13, 1e9 + 16});
  moments.merge(rest);
  CHECK(moments.count == 4 && near(moments.variance, 30));
  CHECK(near(stats::exponential_averages(std::vector<double>{10, 12}, 0.3, false)[1], 10.6));
  const auto lifts = stats::relative_lift(std::vector<double>{-5, 1}, std::vector<double>{-10, 0});
  CHECK(lifts.relative[0] == 0.5 && std::isnan(lifts.relative[1]) && lifts.absolute[1] == 1);
  CHECK(lifts.flags[0] == PLAUDIT_LIFT_FLAG_NEGATIVE_BASELINE);
}

int main() {
  tally t;
  library(t);
  tokenizers(t);
  cleaning(t);
  text_containers(t);
  models(t);
  scorers(t);
  trainers(t);
  networks(t);
  control(t);
  moves(t);
  kpis(t);
  statistics(t);
  kpi_tables(t);
  model_metrics(t);
  resampling(t);
  bandits(t);
  return t.report();
}
