/* A host with an OpenBLAS of its own keeps its threads, its kernels and its bits while Plaudit
 * predicts, and Plaudit leaves no thread at work. Skipped where the host's OpenBLAS is not there.
 */
#include "library.h"

#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { N = 200 };
static float a[N * N], b[N * N], before[N * N], after[N * N];
typedef void sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int,
                   float, float *, int);

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
  void *blas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL);
  if (!blas) {
    printf("skipped: no libopenblas.so.0 here\n");
    return 0;
  }
  sgemm *multiply = (sgemm *)dlsym(blas, "cblas_sgemm");
  int (*get_threads)(void) = (int (*)(void))dlsym(blas, "openblas_get_num_threads");
  void (*set_threads)(int) = (void (*)(int))dlsym(blas, "openblas_set_num_threads");
  char *(*core)(void) = (char *(*)(void))dlsym(blas, "openblas_get_corename");
  CHECK(multiply && get_threads && set_threads && core);
  for (int i = 0; i < N * N; i++) a[i] = (float)(i % 37) / 37, b[i] = (float)(i % 41) / 41;
  set_threads(2);
  int wanted = get_threads();
  char kernels[64];
  snprintf(kernels, sizeof kernels, "%s", core());
  multiply(101, 111, 111, N, N, N, 1, a, N, b, N, 0, before, N);

  int existing = threads();
  load_library();
  CHECK(threads() == existing); /* loading starts none */
  for (int i = 0; i < 3; i++) use_library();
  CHECK(threads() <= existing + 1); /* one helper for two threads */
  CHECK(get_threads() == wanted && strcmp(core(), kernels) == 0);
  multiply(101, 111, 111, N, N, N, 1, a, N, b, N, 0, after, N);
  CHECK(memcmp(before, after, sizeof before) == 0);
  CHECK(getenv("OPENBLAS_CORETYPE") == NULL || core()[0]);

  set_threads(1);
  double spent = cpu_seconds();
  usleep(300000);
  CHECK(cpu_seconds() - spent < 0.15); /* nothing spins */
  return 0;
}
