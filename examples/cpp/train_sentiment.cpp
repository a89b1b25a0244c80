// Trains a sentiment classifier on labelled posts, judges it, calibrates it, and saves it.
//
//   train_sentiment [--posts FILE] [--text COLUMN] [--label COLUMN] [--architecture NAME]
//                   [--encoder FOLDER] [--vectors FILE] [--cleaning NAME] [--epochs N]
//                   [--batch-size N] [--lr RATE] [--frozen N] [--seed N] [--model FOLDER]
//
// The twin of examples/python/train_sentiment.py, which describes the options and prints the same.
// From the checkout's root:
//
//   g++ -std=c++17 -O2 -I out/include examples/cpp/train_sentiment.cpp -o train_sentiment -L out/lib
//       -Wl,-rpath,$PWD/out/lib -lplaudit
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <plaudit.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "csv.hpp"

namespace {

const std::vector<std::string> sentences = {"What a lovely surprise, thank you so much!",
                                            "It broke on the first day."};
using classes = std::vector<std::int32_t>;

[[noreturn]] void refuse(const std::string &message) { throw std::runtime_error(message); }

// ---- Posts ------------------------------------------------------------------------------------

/// Texts and the indices of their labels.
struct posts {
  std::vector<std::string> texts;
  classes truth;
};

struct labelled {
  posts all;
  std::vector<std::string> labels; // in order
};

/// The rows that have a label.
labelled read(const std::string &path, const std::string &text, const std::string &label) {
  const auto lines = csv::read(path);
  const auto column = [&](const std::string &name) {
    const auto found = std::find(lines[0].begin(), lines[0].end(), name);
    if (found == lines[0].end()) refuse(path + " has no column " + name);
    return static_cast<std::size_t>(found - lines[0].begin());
  };
  const std::size_t of_text = column(text), of_label = column(label);
  labelled made;
  std::vector<std::string> names;
  for (std::size_t line = 1; line < lines.size(); line++) {
    const auto &fields = lines[line];
    if (of_label >= fields.size() || fields[of_label].empty()) continue;
    made.all.texts.push_back(of_text < fields.size() ? fields[of_text] : "");
    names.push_back(fields[of_label]);
  }
  made.labels = names;
  std::sort(made.labels.begin(), made.labels.end());
  made.labels.erase(std::unique(made.labels.begin(), made.labels.end()), made.labels.end());
  for (const std::string &name : names)
    made.all.truth.push_back(static_cast<std::int32_t>(
        std::lower_bound(made.labels.begin(), made.labels.end(), name) - made.labels.begin()));
  return made;
}

/// Eight tenths to train, one to choose, one to test.
std::vector<posts> split(const labelled &data, std::uint64_t seed) {
  plaudit::stats::split_options options;
  options.labels = data.all.truth;
  options.class_count = static_cast<std::int64_t>(data.labels.size());
  options.seed = seed;
  const double fractions[] = {0.8, 0.1, 0.1};
  const auto places = plaudit::stats::split(data.all.texts.size(), fractions, options);
  std::vector<posts> parts(3);
  for (std::size_t row = 0; row < places.size(); row++) {
    posts &part = parts[static_cast<std::size_t>(places[row])];
    part.texts.push_back(data.all.texts[row]);
    part.truth.push_back(data.all.truth[row]);
  }
  return parts;
}

// ---- Printing ---------------------------------------------------------------------------------

std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}
std::string percent(double value) { return format("%.1f %%", 100 * value); }
std::string right(const std::string &text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

/// How far a long call is, where somebody looks.
plaudit::run_options watched() {
  plaudit::run_options run;
  if (isatty(2))
    run.progress = [](const plaudit::progress &progress) {
      std::fprintf(stderr, "\rTraining: step %lld, loss %.4f, %.0f texts/s, %.0f s left   %s",
                   static_cast<long long>(progress.step), progress.loss, progress.per_second,
                   progress.seconds_left, progress.done == progress.total ? "\n" : "");
      return true;
    };
  return run;
}

// ---- Training ---------------------------------------------------------------------------------

struct arguments {
  std::map<std::string, std::string> texts = {
      {"--posts", "examples/data/posts.csv"},
      {"--text", "text"},
      {"--label", "label"},
      {"--architecture", "BertForSequenceClassification"},
      {"--encoder", ""},
      {"--vectors", ""},
      {"--cleaning", "tweets-1"},
      {"--epochs", "8"},
      {"--batch-size", "8"},
      {"--lr", "0"},
      {"--frozen", "0"},
      {"--seed", "1"},
      {"--model", "out/models/my-sentiment"}};

  const std::string &operator[](const char *name) const { return texts.at(name); }
  std::int64_t whole(const char *name) const { return std::atoll(texts.at(name).c_str()); }
};

/// The trained model, after a line an epoch.
plaudit::model train(const arguments &given, const std::vector<posts> &parts,
                     const std::vector<std::string> &labels) {
  const std::string &architecture = given["--architecture"], &encoder = given["--encoder"];
  plaudit::trainer_options options;
  options.architecture = architecture.c_str();
  options.cleaning = given["--cleaning"].c_str();
  if (!given["--vectors"].empty()) options.vectors = given["--vectors"].c_str();
  options.epochs = given.whole("--epochs");
  options.batch_size = given.whole("--batch-size");
  options.learning_rate = std::strtod(given["--lr"].c_str(), nullptr);
  options.frozen_layers = given.whole("--frozen");
  options.seed = static_cast<std::uint64_t>(given.whole("--seed"));
  std::optional<plaudit::model> base;
  if (architecture.rfind("Bert", 0) == 0)
    base = encoder.empty() ? plaudit::model::load_default() : plaudit::model::load(encoder);
  plaudit::trainer trainer = base ? plaudit::trainer::create(*base, labels, options)
                                  : plaudit::trainer::create(labels, options);
  trainer.add(parts[0].texts, parts[0].truth);
  trainer.add_validation(parts[1].texts, parts[1].truth);
  const plaudit::training_report report = trainer.fit(watched());
  for (const plaudit::epoch &epoch : trainer.history())
    std::printf("epoch %lld: step %lld, loss %.4f, validation loss %.4f, accuracy %s, "
                "macro-F1 %s%s\n",
                static_cast<long long>(epoch.epoch), static_cast<long long>(epoch.step),
                epoch.training_loss, epoch.validation_loss,
                percent(epoch.validation_accuracy).c_str(),
                percent(epoch.validation_macro_f1).c_str(),
                epoch.epoch == report.best_epoch ? ", kept" : "");
  std::printf("%s: %lld steps, loss %.4f, validation macro-F1 %s\n", architecture.c_str(),
              static_cast<long long>(report.iteration_count), report.loss,
              percent(report.holdout_macro_f1).c_str());
  return trainer.model();
}

struct judgement {
  classes predicted;
  double log_loss;
  double expected_error;
};

judgement judge(const plaudit::model &model, const posts &part) {
  const plaudit::predictions predictions = model.predict(part.texts);
  const std::vector<double> scores(predictions.scores.begin(), predictions.scores.end());
  const auto columns = static_cast<std::int64_t>(predictions.label_count);
  return {predictions.labels, plaudit::stats::scores(part.truth, scores, columns).log_loss,
          plaudit::stats::reliability(part.truth, scores, columns).expected_error};
}

/// The metric and where it lies in 95 of 100 such tests.
std::string with_interval(std::int32_t metric, const posts &part, const classes &predicted,
                          std::size_t class_count) {
  const auto found = plaudit::stats::bootstrap_labels(metric, part.truth, predicted,
                                                      static_cast<std::int64_t>(class_count));
  return percent(found.value) + " (" + format("%.1f", 100 * found.interval.lower) + " to " +
         format("%.1f", 100 * found.interval.upper) + ")";
}

void run(const arguments &given) {
  const labelled data = read(given["--posts"], given["--text"], given["--label"]);
  const std::vector<std::string> &labels = data.labels;
  std::printf("%zu posts:", data.all.texts.size());
  for (std::size_t label = 0; label < labels.size(); label++)
    std::printf("%s %lld %s", label ? "," : "",
                static_cast<long long>(std::count(data.all.truth.begin(), data.all.truth.end(),
                                                  static_cast<std::int32_t>(label))),
                labels[label].c_str());
  std::printf("\n");
  const std::vector<posts> parts = split(data, static_cast<std::uint64_t>(given.whole("--seed")));
  const posts &validation = parts[1], &test = parts[2];
  std::printf("%zu training, %zu validation, %zu test\n", parts[0].texts.size(),
              validation.texts.size(), test.texts.size());

  const plaudit::model model = train(given, parts, labels);
  const judgement before = judge(model, test);
  const std::size_t count = labels.size();
  std::printf(
      "\ntest: accuracy %s, macro-F1 %s\n",
      with_interval(PLAUDIT_METRIC_ACCURACY, test, before.predicted, count).c_str(),
      with_interval(PLAUDIT_METRIC_MACRO_F1, test, before.predicted, count).c_str());
  std::printf("  labelled as   ");
  for (const std::string &label : labels) std::printf("%s", right("-> " + label, 13).c_str());
  const auto metrics = plaudit::stats::labels(test.truth, before.predicted,
                                              static_cast<std::int64_t>(count));
  for (std::size_t label = 0; label < count; label++) {
    std::printf("\n  %-14s", labels[label].c_str());
    for (std::size_t other = 0; other < count; other++)
      std::printf("%13.0f", metrics.confusion[label * count + other]);
  }

  const std::filesystem::path folder = given["--model"];
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path());
  plaudit::calibration_report fit;
  const plaudit::model calibrated = model.calibrate(validation.texts, validation.truth,
                                                    PLAUDIT_CALIBRATION_TEMPERATURE, &fit);
  if (fit.at_bound) {
    // Such as when all are right: then nothing tells how sure the model may be.
    std::printf("\nnot calibrated: %zu validation posts fix no temperature\n",
                validation.texts.size());
    model.save(folder.string());
  } else {
    const judgement after = judge(calibrated, test);
    std::printf(
        "\ncalibrated: log-loss %.4f -> %.4f, expected calibration error %.4f -> %.4f\n",
        before.log_loss, after.log_loss, before.expected_error, after.expected_error);
    calibrated.save(folder.string());
  }

  const plaudit::model again = plaudit::model::load(folder.string());
  std::printf("\nloaded again: %s, %lld parameters\n", again.info().architecture,
              static_cast<long long>(again.info().parameter_count));
  const plaudit::predictions predictions = again.predict(sentences);
  for (std::size_t row = 0; row < sentences.size(); row++) {
    std::printf("  %s %s (", sentences[row].c_str(),
                std::string(again.label(predictions.labels[row])).c_str());
    for (std::size_t label = 0; label < count; label++)
      std::printf("%s%s %s", label ? ", " : "", labels[label].c_str(),
                  percent(static_cast<double>(predictions[row][label])).c_str());
    std::printf(")\n");
  }
}

arguments parse(int argc, char **argv) {
  arguments given;
  for (int at = 1; at < argc; at += 2) {
    if (at + 1 == argc || !given.texts.count(argv[at]))
      refuse(std::string("usage: see the top of train_sentiment.cpp; ") + argv[at] +
             " is unknown or has no value");
    given.texts[argv[at]] = argv[at + 1];
  }
  return given;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const plaudit::error &error) {
    std::fprintf(stderr, "train_sentiment: %s", error.what());
    if (error.index() >= 0)
      std::fprintf(stderr, " (row %lld)", static_cast<long long>(error.index()));
    std::fprintf(stderr, "\n");
  } catch (const std::exception &error) {
    std::fprintf(stderr, "train_sentiment: %s\n", error.what());
  }
  return 1;
}
