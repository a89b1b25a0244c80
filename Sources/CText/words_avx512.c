/* The text kernels for x86-64 with AVX-512. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "ctext.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,popcnt"))), apply_to = function)
#define PT_SET "avx512"
#define PT_NAME(x) avx512_##x
#define PT_AVX512 1
#include "words.h"
#pragma clang attribute pop
#endif
