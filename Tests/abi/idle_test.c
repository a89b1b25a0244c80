/* Loading the library starts no thread, and after predictions none is at work. */
#include "library.h"

#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double cpu_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks);
  while (readdir(tasks)) count++;
  closedir(tasks);
  return count - 2;
}

int main(void) {
  int existing = threads();
  load_library();
  CHECK(threads() == existing); /* loading starts none */
  for (int i = 0; i < 3; i++) use_library();
  CHECK(threads() <= existing + 1); /* one helper for two threads */
  double spent = cpu_seconds();
  usleep(300000);
  CHECK(cpu_seconds() - spent < 0.15); /* nothing spins */
  return 0;
}
