/* Many threads: the same bits for everybody on one model, on stacks of 256 KiB; BUSY where one at a
 * time is the rule; freeing and cancelling from outside while a call runs, a training too. */
#include "library.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXTS = 60, LABELS = 3, THREADS = 8, CROWD = 600 };
static char storage[TEXTS][200];
static const char *posts[TEXTS];
static float alone[TEXTS][LABELS];
static plaudit_model *model;
static plaudit_scorer *shared;
static atomic_int busy, wrong;

static uint64_t draw(uint64_t *state, uint64_t bound) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return *state % bound;
}

static void spawn(pthread_t *thread, void *(*work)(void *), void *argument) {
  pthread_attr_t small;
  CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 << 10) == 0);
  CHECK(pthread_create(thread, &small, work, argument) == 0);
  pthread_attr_destroy(&small);
}

/* Batches of random composition, order and thread count give each text its own bits. */
static void *predict_batches(void *argument) {
  uint64_t state = (uint64_t)(uintptr_t)argument + 1;
  for (int round = 0; round < 30; round++) {
    const char *chosen[TEXTS];
    int which[TEXTS];
    int64_t count = 1 + (int64_t)draw(&state, TEXTS);
    for (int i = 0; i < count; i++) chosen[i] = posts[which[i] = (int)draw(&state, TEXTS)];
    plaudit_text_batch texts = {.struct_size = sizeof texts, .count = count, .pointers = chosen};
    static const int32_t threads[] = {1, 2, 5};
    plaudit_run_options run = {.struct_size = sizeof run, .threads = threads[round % 3]};
    float found[TEXTS][LABELS];
    if (FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, &run, found[0],
                                            TEXTS * LABELS, NULL, NULL, NULL) != PLAUDIT_OK)
      wrong++;
    for (int i = 0; i < count; i++)
      if (memcmp(found[i], alone[which[i]], sizeof found[i])) wrong++;
  }
  return NULL;
}

static void *predict_once(void *argument) {
  int which = (int)(intptr_t)argument % TEXTS;
  plaudit_text_batch texts = {.struct_size = sizeof texts, .count = 1, .pointers = &posts[which]};
  float found[LABELS];
  for (int i = 0; i < 5; i++)
    if (FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, NULL, found, LABELS, NULL,
                                            NULL, NULL) != PLAUDIT_OK ||
        memcmp(found, alone[which], sizeof found))
      wrong++;
  return NULL;
}

/* One scorer for all: an answer is right or BUSY. */
static void *score_shared(void *argument) {
  uint64_t state = (uint64_t)(uintptr_t)argument + 77;
  for (int i = 0; i < 3000; i++) {
    int which = (int)draw(&state, TEXTS);
    float found[LABELS];
    plaudit_status status = FROM_LIBRARY(plaudit_scorer_score)(shared, posts[which], -1, found,
                                                               LABELS, NULL, NULL, NULL);
    if (status == PLAUDIT_ERROR_BUSY)
      busy++;
    else if (status != PLAUDIT_OK || memcmp(found, alone[which], sizeof found))
      wrong++;
  }
  return NULL;
}

/* A long call whose model is freed, whose token is set, or whose time runs out. */
enum { MANY = 400000 };
static const char **many;
typedef struct {
  plaudit_model *model;
  plaudit_cancel *cancel;
  int64_t timeout;
  atomic_int started;
  plaudit_status status;
} long_call;

static int32_t note(const plaudit_progress *progress, void *user) {
  (void)progress;
  ((long_call *)user)->started = 1;
  return 0;
}

static void *run_long(void *argument) {
  long_call *call = argument;
  float *room = malloc((size_t)MANY * LABELS * sizeof *room);
  plaudit_text_batch texts = {.struct_size = sizeof texts,
                              .count = call->cancel || call->timeout ? MANY : MANY / 40,
                              .pointers = many};
  plaudit_run_options run = {.struct_size = sizeof run,
                             .cancel = call->cancel,
                             .progress = note,
                             .progress_user_data = call,
                             .progress_interval_ms = 1,
                             .timeout_ms = call->timeout,
                             .threads = 2};
  call->status = FROM_LIBRARY(plaudit_model_predict)(call->model, &texts, NULL, NULL, &run, room,
                                                     (int64_t)MANY * LABELS, NULL, NULL, NULL);
  call->started = 1;
  free(room);
  return NULL;
}

/* A training that would take hours: others are refused meanwhile, its model is used and freed, and
 * it ends soon after it is told to. */
typedef struct {
  plaudit_trainer *trainer;
  plaudit_cancel *cancel;
  atomic_int steps;
  plaudit_status status;
} long_training;

static int32_t count_steps(const plaudit_progress *progress, void *user) {
  ((long_training *)user)->steps = (int)progress->step;
  return 0;
}

static void *train_long(void *argument) {
  long_training *call = argument;
  plaudit_run_options run = {.struct_size = sizeof run,
                             .cancel = call->cancel,
                             .progress = count_steps,
                             .progress_user_data = call,
                             .progress_interval_ms = 1,
                             .threads = 2};
  call->status = FROM_LIBRARY(plaudit_trainer_fit)(call->trainer, &run, NULL, NULL);
  return NULL;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void training(void) {
  static const char *names[] = {"a", "b", "c"};
  plaudit_text_batch labels = {.struct_size = sizeof labels, .count = 3, .pointers = names};
  plaudit_text_batch texts = {.struct_size = sizeof texts, .count = TEXTS, .pointers = posts};
  plaudit_trainer_options options = {.struct_size = sizeof options,
                                     .architecture = "BertForSequenceClassification",
                                     .epochs = 100000};
  int32_t truth[TEXTS];
  for (int i = 0; i < TEXTS; i++) truth[i] = i % 3;
  long_training call = {0};
  plaudit_model *base = NULL, *made = NULL;
  CHECK(FROM_LIBRARY(plaudit_model_load)(getenv("PLAUDIT_TEST_MODEL"), -1, NULL, &base, NULL) ==
        PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_cancel_create)(&call.cancel, NULL) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_trainer_create)(base, &labels, &options, &call.trainer, NULL) ==
        PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_trainer_add)(call.trainer, &texts, truth, NULL, NULL) == PLAUDIT_OK);
  pthread_t thread;
  spawn(&thread, train_long, &call);
  while (call.steps < 3) usleep(100);
  int64_t count;
  CHECK(FROM_LIBRARY(plaudit_trainer_model)(call.trainer, &made, NULL) == PLAUDIT_ERROR_BUSY);
  CHECK(FROM_LIBRARY(plaudit_trainer_history)(call.trainer, NULL, 0, &count, NULL) ==
        PLAUDIT_ERROR_BUSY);
  CHECK(FROM_LIBRARY(plaudit_trainer_add)(call.trainer, &texts, truth, NULL, NULL) ==
        PLAUDIT_ERROR_BUSY);
  CHECK(FROM_LIBRARY(plaudit_trainer_fit)(call.trainer, NULL, NULL, NULL) == PLAUDIT_ERROR_BUSY);
  float found[TEXTS][LABELS];
  CHECK(FROM_LIBRARY(plaudit_model_predict)(base, &texts, NULL, NULL, NULL, found[0],
                                            TEXTS * LABELS, NULL, NULL, NULL) == PLAUDIT_OK);
  CHECK(!memcmp(found, alone, sizeof found)); /* training leaves its start as it is */
  FROM_LIBRARY(plaudit_model_free)(&base);
  double asked = seconds();
  CHECK(FROM_LIBRARY(plaudit_cancel_request)(call.cancel) == PLAUDIT_OK);
  pthread_join(thread, NULL);
  printf("a training ended %.1f ms after it was cancelled\n", 1000 * (seconds() - asked));
  CHECK(call.status == PLAUDIT_ERROR_CANCELLED);
  CHECK(FROM_LIBRARY(plaudit_trainer_model)(call.trainer, &made, NULL) == PLAUDIT_OK);
  FROM_LIBRARY(plaudit_model_free)(&made);

  /* Freed from outside: it runs on and ends as it would. */
  CHECK(FROM_LIBRARY(plaudit_cancel_reset)(call.cancel) == PLAUDIT_OK);
  call.steps = 0;
  plaudit_trainer *copy = call.trainer, *stale = copy;
  spawn(&thread, train_long, &call);
  while (call.steps < 3) usleep(100);
  FROM_LIBRARY(plaudit_trainer_free)(&copy);
  CHECK(FROM_LIBRARY(plaudit_cancel_request)(call.cancel) == PLAUDIT_OK);
  pthread_join(thread, NULL);
  CHECK(call.status == PLAUDIT_ERROR_CANCELLED);
  CHECK(FROM_LIBRARY(plaudit_trainer_fit)(stale, NULL, NULL, NULL) == PLAUDIT_ERROR_INVALID_HANDLE);
  FROM_LIBRARY(plaudit_cancel_free)(&call.cancel);
}

static plaudit_model *load(void) {
  plaudit_model *made = NULL;
  CHECK(FROM_LIBRARY(plaudit_model_load)(getenv("PLAUDIT_TEST_MODEL"), -1, NULL, &made, NULL) ==
        PLAUDIT_OK);
  return made;
}

int main(void) {
  load_library();
  alarm(600); /* a hang is a failure */
  model = load();
  uint64_t state = 9;
  for (int i = 0; i < TEXTS; i++) {
    posts[i] = storage[i];
    for (int words = (int)draw(&state, 25); words > 0; words--)
      strcat(storage[i], (const char *[]){"a ", "great ", "bad ", "day ", "tea "}[draw(&state, 5)]);
  }
  CHECK(FROM_LIBRARY(plaudit_scorer_create)(model, NULL, &shared, NULL) == PLAUDIT_OK);
  for (int i = 0; i < TEXTS; i++)
    CHECK(FROM_LIBRARY(plaudit_scorer_score)(shared, posts[i], -1, alone[i], LABELS, NULL, NULL,
                                             NULL) == PLAUDIT_OK);
  CHECK(memcmp(alone[0], alone[1], sizeof alone[0]));

  pthread_t threads[CROWD];
  for (intptr_t i = 0; i < THREADS; i++) spawn(&threads[i], predict_batches, (void *)i);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(wrong == 0);

  for (intptr_t i = 0; i < CROWD; i++) spawn(&threads[i], predict_once, (void *)i);
  for (int i = 0; i < CROWD; i++) pthread_join(threads[i], NULL);
  CHECK(wrong == 0);

  for (intptr_t i = 0; i < THREADS; i++) spawn(&threads[i], score_shared, (void *)i);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(wrong == 0 && busy > 0);

  many = malloc(MANY * sizeof *many);
  for (int i = 0; i < MANY; i++) many[i] = posts[i % TEXTS];
  plaudit_cancel *cancel = NULL;
  CHECK(FROM_LIBRARY(plaudit_cancel_create)(&cancel, NULL) == PLAUDIT_OK);
  long_call calls[] = {
      {.model = load()}, {.model = model, .cancel = cancel}, {.model = model, .timeout = 20}};
  plaudit_model *running = calls[0].model, *stale = running;
  for (int i = 0; i < 3; i++) {
    spawn(&threads[0], run_long, &calls[i]);
    while (!calls[i].started) usleep(100);
    if (i == 0) FROM_LIBRARY(plaudit_model_free)(&running);
    if (i == 1) CHECK(FROM_LIBRARY(plaudit_cancel_request)(cancel) == PLAUDIT_OK);
    pthread_join(threads[0], NULL);
  }
  CHECK(calls[0].status == PLAUDIT_OK); /* what runs keeps its model */
  CHECK(calls[1].status == PLAUDIT_ERROR_CANCELLED);
  CHECK(calls[2].status == PLAUDIT_ERROR_TIMEOUT);
  plaudit_model_info info = {sizeof info};
  CHECK(FROM_LIBRARY(plaudit_model_get_info)(stale, &info, NULL) == PLAUDIT_ERROR_INVALID_HANDLE);

  training();
  FROM_LIBRARY(plaudit_cancel_free)(&cancel);
  FROM_LIBRARY(plaudit_scorer_free)(&shared);
  FROM_LIBRARY(plaudit_model_free)(&model);
  return 0;
}
