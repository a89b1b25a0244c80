/* Which text kernels this CPU can run. */
#include <stddef.h>

#include "ctext.h"

extern const pt_kernel_set portable_text_set;

#if defined(__x86_64__)

extern const pt_kernel_set avx2_text_set;
extern const pt_kernel_set avx512_text_set;

const pt_kernel_set *pt_kernels(int index) {
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (index == 0) return &portable_text_set;
  if (index == 1 && avx2) return &avx2_text_set;
  if (index == 2 && avx512) return &avx512_text_set;
  return NULL;
}

#else

const pt_kernel_set *pt_kernels(int index) { return index == 0 ? &portable_text_set : NULL; }

#endif
