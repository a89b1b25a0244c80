/* A disk that is full while a checkpoint or a model is saved: the call says so and names the file,
 * the old checkpoint and the old model are there as they were, nothing else is left behind, and
 * what was trained is not lost. The disk is played by the largest size a file may have. */
#include <plaudit.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      fprintf(stderr, "line %d: %s is false\n", __LINE__, #condition); \
      exit(1);                                                         \
    }                                                                  \
  } while (0)

#define OK(call)                                                               \
  do {                                                                         \
    plaudit_error *error = NULL;                                               \
    if ((call) != PLAUDIT_OK) {                                                \
      fprintf(stderr, "line %d: %s\n", __LINE__, plaudit_error_message(error)); \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

static char folder[] = "plaudit-disk-XXXXXX", checkpoint[256], saved[256];
static plaudit_model *base;

static const char *const posts[] = {"love this shoe", "great brand", "bad delivery", "why so slow"};
static const int32_t labels[] = {0, 0, 1, 1};

static plaudit_text_batch batch(const char *const *texts, int64_t count) {
  plaudit_text_batch made = {.struct_size = sizeof made, .count = count, .pointers = texts};
  return made;
}

static plaudit_trainer *trainer(uint64_t seed, int32_t resume) {
  static const char *const names[] = {"good", "bad"};
  plaudit_text_batch label_names = batch(names, 2), texts = batch(posts, 4);
  plaudit_trainer_options options = {.struct_size = sizeof options,
                                     .architecture = "BertForSequenceClassification",
                                     .checkpoint = checkpoint,
                                     .epochs = 2,
                                     .learning_rate = 1e-3,
                                     .seed = seed,
                                     .resume = resume};
  plaudit_trainer *made = NULL;
  OK(plaudit_trainer_create(base, &label_names, &options, &made, &error));
  OK(plaudit_trainer_add(made, &texts, labels, NULL, &error));
  return made;
}

static void predict(plaudit_model *model, float *scores) {
  plaudit_text_batch texts = batch(posts, 4);
  OK(plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, 8, NULL, NULL, &error));
}

static char *content(const char *path, long *size) {
  FILE *file = fopen(path, "rb");
  CHECK(file && !fseek(file, 0, SEEK_END));
  *size = ftell(file);
  rewind(file);
  char *bytes = malloc((size_t)*size + 1);
  CHECK(bytes && fread(bytes, 1, (size_t)*size, file) == (size_t)*size);
  fclose(file);
  return bytes;
}

static int files_of(const char *path) {
  int count = 0;
  DIR *open = opendir(path);
  CHECK(open);
  while (readdir(open)) count++;
  closedir(open);
  return count;
}

static void allow(rlim_t bytes) {
  struct rlimit limit;
  CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
}

#define EXPECT_FULL(named, call)                                                             \
  do {                                                                                       \
    plaudit_error *error = NULL;                                                             \
    plaudit_status status = (call);                                                          \
    if (status != PLAUDIT_ERROR_IO || !strstr(plaudit_error_message(error), (named)) ||      \
        !strstr(plaudit_error_message(error), "File too large")) {                           \
      fprintf(stderr, "line %d: %s: %s\n", __LINE__, plaudit_status_name(status),            \
              plaudit_error_message(error));                                                 \
      exit(1);                                                                               \
    }                                                                                        \
    plaudit_error_free(&error);                                                              \
  } while (0)

int main(void) {
  const char *model_folder = getenv("PLAUDIT_TEST_MODEL");
  CHECK(model_folder);
  OK(plaudit_model_load(model_folder, -1, NULL, &base, &error));
  CHECK(chdir(getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir) == 0 && mkdtemp(folder));
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
  snprintf(saved, sizeof saved, "%s/model", folder);
  signal(SIGXFSZ, SIG_IGN);

  plaudit_trainer *first = trainer(1, 0);
  OK(plaudit_trainer_fit(first, NULL, NULL, &error));
  plaudit_model *model = NULL, *other = NULL;
  OK(plaudit_trainer_model(first, &model, &error));
  OK(plaudit_model_save(model, saved, -1, &error));
  float scores[8], again[8];
  predict(model, scores);
  long size = 0, size_now = 0;
  char *before = content(checkpoint, &size);
  int files = files_of(folder), model_files = files_of(saved);

  char weights[300];
  struct stat of_weights;
  snprintf(weights, sizeof weights, "%s/model.safetensors", saved);
  CHECK(!stat(weights, &of_weights) && of_weights.st_size < size);
  allow((rlim_t)of_weights.st_size / 2);
  plaudit_trainer *second = trainer(2, 0);
  EXPECT_FULL(checkpoint, plaudit_trainer_fit(second, NULL, NULL, &error));
  OK(plaudit_trainer_model(second, &other, &error));
  predict(other, again);
  CHECK(memcmp(scores, again, sizeof scores));
  EXPECT_FULL("model.safetensors", plaudit_model_save(other, saved, -1, &error));
  allow(RLIM_INFINITY);

  char *after = content(checkpoint, &size_now);
  CHECK(size == size_now && !memcmp(before, after, (size_t)size));
  CHECK(files_of(folder) == files && files_of(saved) == model_files);
  plaudit_model_free(&other);
  OK(plaudit_model_load(saved, -1, NULL, &other, &error));
  predict(other, again);
  CHECK(!memcmp(scores, again, sizeof scores));
  plaudit_trainer *third = trainer(1, 1);
  OK(plaudit_trainer_fit(third, NULL, NULL, &error));
  plaudit_model_free(&other);
  OK(plaudit_trainer_model(third, &other, &error));
  predict(other, again);
  CHECK(!memcmp(scores, again, sizeof scores));

  /* A model of other files, over one of its kind: its small files fit, its weights do not. */
  static const char *const few[] = {"love this shoe", "love this", "bad slow van", "bad slow day"};
  static const char *const more[] = {"fine great van", "fine great day", "no long wait", "no wait"};
  const char *const *all[] = {few, more};
  plaudit_model *words[2] = {NULL, NULL};
  static const char *const names[] = {"good", "bad"};
  plaudit_text_batch label_names = batch(names, 2);
  for (int i = 0; i < 2; i++) {
    plaudit_text_batch texts = batch(all[i], 4);
    plaudit_trainer_options options = {
        .struct_size = sizeof options, .architecture = "TfidfLogisticRegression", .l2 = 1};
    plaudit_trainer *made = NULL;
    OK(plaudit_trainer_create(NULL, &label_names, &options, &made, &error));
    OK(plaudit_trainer_add(made, &texts, labels, NULL, &error));
    OK(plaudit_trainer_fit(made, NULL, NULL, &error));
    OK(plaudit_trainer_model(made, &words[i], &error));
    plaudit_trainer_free(&made);
  }
  snprintf(saved, sizeof saved, "%s/words", folder);
  OK(plaudit_model_save(words[0], saved, -1, &error));
  predict(words[0], scores);
  int word_files = files_of(saved);
  int failures = 0;
  for (rlim_t most = 1; most < 100000; most += most / 4 + 1) {
    allow(most);
    plaudit_status status = plaudit_model_save(words[1], saved, -1, NULL);
    allow(RLIM_INFINITY);
    if (status == PLAUDIT_OK) break;
    failures++;
    CHECK(status == PLAUDIT_ERROR_IO && files_of(saved) == word_files);
    plaudit_model_free(&other);
    OK(plaudit_model_load(saved, -1, NULL, &other, &error));
    predict(other, again);
    CHECK(!memcmp(scores, again, sizeof scores));
  }
  CHECK(failures > 5);
  plaudit_model_free(&words[0]);
  plaudit_model_free(&words[1]);

  plaudit_trainer_free(&first);
  plaudit_trainer_free(&second);
  plaudit_trainer_free(&third);
  plaudit_model_free(&model);
  plaudit_model_free(&other);
  plaudit_model_free(&base);
  free(before);
  free(after);
  char command[300];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}
