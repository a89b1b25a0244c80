/* For the tests that load the library themselves, as a host's plug-in loader would. */
#ifndef PLAUDIT_TESTS_LIBRARY_H
#define PLAUDIT_TESTS_LIBRARY_H

#include <plaudit.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                            \
  do {                                                              \
    if (!(condition)) {                                             \
      fprintf(stderr, "line %d: %s is false\n", __LINE__, #condition); \
      exit(1);                                                      \
    }                                                               \
  } while (0)

static void *library;

static inline void load_library(void) {
  const char *path = getenv("PLAUDIT_LIBRARY");
  library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library) return;
  fprintf(stderr, "PLAUDIT_LIBRARY: %s\n", path ? dlerror() : "not set");
  exit(1);
}

static inline void *symbol(const char *name) {
  void *found = dlsym(library, name);
  if (found) return found;
  fprintf(stderr, "%s\n", dlerror());
  exit(1);
}

/* A function of the library that is loaded, with the type the header gives it. */
#define FROM_LIBRARY(name) ((__typeof__(&name))symbol(#name))

/* Uses every kind of thing the library has: text made once, a handle, a model, its threads. */
static inline void use_library(void) {
  CHECK(FROM_LIBRARY(plaudit_version)() > 0);
  CHECK(FROM_LIBRARY(plaudit_build_info)()[0] == '{');
  CHECK(FROM_LIBRARY(plaudit_abi_describe)()[0] == '{');

  plaudit_cancel *cancel = NULL;
  CHECK(FROM_LIBRARY(plaudit_cancel_create)(&cancel, NULL) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_cancel_request)(cancel) == PLAUDIT_OK);
  FROM_LIBRARY(plaudit_cancel_free)(&cancel);

  const char *folder = getenv("PLAUDIT_TEST_MODEL");
  CHECK(folder);
  plaudit_model *model = NULL;
  plaudit_error *error = NULL;
  plaudit_status loaded =
      FROM_LIBRARY(plaudit_model_load)("no such folder", -1, NULL, &model, &error);
  CHECK(loaded == PLAUDIT_ERROR_NOT_FOUND && error);
  FROM_LIBRARY(plaudit_error_free)(&error);
  loaded = FROM_LIBRARY(plaudit_model_load)(folder, -1, NULL, &model, NULL);
  CHECK(loaded == PLAUDIT_OK);

  enum { TEXTS = 256, SCORES = TEXTS * 16 };
  static const char *posts[TEXTS];
  static float scores[SCORES];
  for (int i = 0; i < TEXTS; i++) posts[i] = i % 2 ? "love it" : "still waiting for my refund";
  plaudit_text_batch texts = {sizeof texts};
  texts.count = TEXTS;
  texts.pointers = posts;
  plaudit_run_options run = {sizeof run};
  run.threads = 2;
  plaudit_status predicted = FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, &run,
                                                                 scores, SCORES, NULL, NULL, NULL);
  CHECK(predicted == PLAUDIT_OK);
  FROM_LIBRARY(plaudit_model_free)(&model);
}

#endif
