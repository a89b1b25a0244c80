/* A host may load the library in a thread, close it there, let the thread end, and load it again:
 * the library stays in place (NODELETE), so the runtime's thread-local destructors have code. */
#include "library.h"

#include <pthread.h>

static void *visit(void *unused) {
  (void)unused;
  load_library();
  use_library();
  CHECK(dlclose(library) == 0);
  return NULL;
}

int main(void) {
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, visit, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
  }
  CHECK(dlopen(getenv("PLAUDIT_LIBRARY"), RTLD_NOW | RTLD_NOLOAD) != NULL);
  return 0;
}
