/* The smallest useful program, as in the introduction of plaudit.h. */
#include <plaudit.h>
#include <stdio.h>

int main(int argc, char **argv) {
  plaudit_error *error = NULL;
  plaudit_model *model = NULL;
  if (argc < 2 || plaudit_model_load(argv[1], -1, NULL, &model, &error) != PLAUDIT_OK) {
    fprintf(stderr, "%s\n", plaudit_error_message(error));
    plaudit_error_free(&error);
    return 1;
  }
  const char *posts[] = {"Love the new trainers!", "Still waiting for my refund."};
  plaudit_text_batch texts = {.struct_size = sizeof texts, .count = 2, .pointers = posts};
  float scores[2 * 16];
  int32_t labels[2];
  if (plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, 2 * 16, labels, NULL,
                            &error) == PLAUDIT_OK) {
    for (int i = 0; i < 2; i++) {
      const char *name = NULL;
      if (plaudit_model_label(model, labels[i], &name, NULL) == PLAUDIT_OK)
        printf("%-10s %s\n", name, posts[i]);
    }
  } else {
    fprintf(stderr, "%s\n", plaudit_error_message(error));
  }
  plaudit_error_free(&error);
  plaudit_model_free(&model);
  return 0;
}
