/* The text kernels for x86-64 with AVX-2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "ctext.h"
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#define PT_SET "avx2"
#define PT_NAME(x) avx2_##x
#define PT_AVX2 1
#include "words.h"
#pragma clang attribute pop
#endif
