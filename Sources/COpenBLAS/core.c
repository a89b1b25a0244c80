/* Which of its kernels Plaudit's own copy of OpenBLAS takes.

   OpenBLAS knows CPUs by their model numbers, and takes its slowest kernels (Prescott, SSE 3) for
   one that is newer than itself: on an Emerald Rapids Xeon that costs four fifths of the speed. It
   does obey OPENBLAS_CORETYPE, but a library may not change its host's environment. So the link
   leads getenv to the function below (--wrap), which answers for that one name, when the host has
   not set it, with the best kernels that CPU and operating system can run. */
#include <stdint.h>
#include <string.h>

#define PRIVATE __attribute__((visibility("hidden")))

char *__real_getenv(const char *name);
PRIVATE char *__wrap_getenv(const char *name);

#if defined(__x86_64__)
#include <cpuid.h>

static const char *best_core(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  int osxsave = (c >> 27) & 1, fma = (c >> 12) & 1;
  if (!osxsave || !fma) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  int ymm = (low & 0x6) == 0x6, zmm = (low & 0xE6) == 0xE6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  int avx2 = (b >> 5) & 1;
  int avx512 = ((b >> 16) & 1) && ((b >> 17) & 1) && ((b >> 30) & 1) && ((b >> 31) & 1);
  if (zmm && avx2 && avx512) return "SkylakeX";
  if (ymm && avx2) return "Haswell";
  return 0;
}
#else
static const char *best_core(void) { return 0; }
#endif

PRIVATE char *__wrap_getenv(const char *name) {
  char *value = __real_getenv(name);
  if (value || strcmp(name, "OPENBLAS_CORETYPE") != 0) return value;
  return (char *)best_core();
}
