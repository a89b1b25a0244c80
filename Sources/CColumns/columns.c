/* Vector kernels in the form the CPU can run. */
#include "ccolumns.h"

#include <string.h>

#define PC_NAME(x) portable_##x
#include "columns.h"
#undef PC_NAME

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define PC_NAME(x) avx2_##x
#include "columns.h"
#undef PC_NAME
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))), apply_to = function)
#define PC_NAME(x) avx512_##x
#include "columns.h"
#undef PC_NAME
#pragma clang attribute pop
#define PC_CALL(x, ...)                                                        \
  (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && \
           __builtin_cpu_supports("avx512bw")                                  \
       ? avx512_##x(__VA_ARGS__)                                               \
   : __builtin_cpu_supports("avx2") ? avx2_##x(__VA_ARGS__)                    \
                                    : portable_##x(__VA_ARGS__))
#else
#define PC_CALL(x, ...) portable_##x(__VA_ARGS__)
#endif

pc_extent pc_extent_of(const int64_t *values, int64_t count) {
  return PC_CALL(extent, values, count);
}

int32_t pc_split(const double *values, int64_t count, pc_window window, int64_t *high,
                 int64_t *low, uint64_t *high_bits) {
  return PC_CALL(split, values, count, window, high, low, high_bits);
}

void pc_poisson(const uint16_t *bits, int64_t count, uint8_t *counts) {
  PC_CALL(poisson, bits, count, counts);
}

double pc_weighted_sum(const double *terms, const uint8_t *counts, int64_t count) {
  return PC_CALL(weighted_sum, terms, counts, count);
}

int64_t pc_sum_counts(const uint8_t *counts, int64_t count) {
  return PC_CALL(sum_counts, counts, count);
}
