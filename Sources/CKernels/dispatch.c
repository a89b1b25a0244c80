/* Which kernel sets this CPU can run, asked of the CPU and of the operating system. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ckernels.h"
#include "cpu.h"

extern const pk_kernel_set portable_set;
extern const pk_tape_set portable_tape_set;
extern const pk_tape_set double_tape_set;
extern const pk_matrix_set portable_matrix_set;
extern const pk_encoder_set portable_encoder_set;
extern const pk_attention_set portable_attention_set;
extern const pk_ridge_set portable_ridge_set;
extern const pk_posterior_set portable_posterior_set;

const pk_matrix_set *pk_plain_matrix_kernels(void) { return &portable_matrix_set; }
const pk_tape_set *pk_tape_kernels_double(void) { return &double_tape_set; }

#if defined(__x86_64__)
#include <cpuid.h>

extern const pk_kernel_set avx2_set;
extern const pk_kernel_set avx512_set;
extern const pk_tape_set avx2_tape_set;
extern const pk_tape_set avx512_tape_set;
extern const pk_matrix_set avx2_matrix_set;
extern const pk_matrix_set avx512_matrix_set;
extern const pk_encoder_set avx2_encoder_set;
extern const pk_attention_set avx2_attention_set;
extern const pk_encoder_set avx512_encoder_set;
extern const pk_attention_set avx512_attention_set;
extern const pk_ridge_set avx2_ridge_set;
extern const pk_ridge_set avx512_ridge_set;
extern const pk_posterior_set avx2_posterior_set;
extern const pk_posterior_set avx512_posterior_set;

int pk_features(void) {
  unsigned a, b, c, d, found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  int osxsave = (c >> 27) & 1, fma = (c >> 12) & 1, f16c = (c >> 29) & 1;
  if (!osxsave) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  int ymm = (low & 0x6) == 0x6, zmm = (low & 0xE6) == 0xE6, tiles = (low & 0x60000) == 0x60000;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if (ymm && fma && f16c && ((b >> 5) & 1)) found |= AVX2;
  int wide = ((b >> 16) & 1) && ((b >> 17) & 1) && ((b >> 30) & 1) && ((b >> 31) & 1);
  if (zmm && (found & AVX2) && wide) {
    found |= AVX512;
    if ((c >> 11) & 1) found |= AVX512_VNNI;
  }
  if (tiles && ((d >> 24) & 1)) {
    found |= AMX_TILE;
    if ((d >> 25) & 1) found |= AMX_INT8;
    if ((d >> 22) & 1) found |= AMX_BF16;
  }
  unsigned a1, b1, c1, d1;
  if (__get_cpuid_count(7, 1, &a1, &b1, &c1, &d1)) {
    if ((found & AVX2) && ((a1 >> 4) & 1)) found |= AVX_VNNI;
    if ((found & AVX512) && ((a1 >> 5) & 1)) found |= AVX512_BF16;
  }
  return (int)found;
}

int pk_is_amd(void) {
  unsigned a, b, c, d;
  return __get_cpuid(0, &a, &b, &c, &d) && b == signature_AMD_ebx && d == signature_AMD_edx &&
         c == signature_AMD_ecx;
}

const pk_kernel_set *pk_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_set;
  if (index == 1 && (found & AVX2)) return &avx2_set;
  if (index == 2 && (found & AVX512)) return &avx512_set;
  return NULL;
}

const pk_tape_set *pk_tape_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_tape_set;
  if (index == 1 && (found & AVX2)) return &avx2_tape_set;
  if (index == 2 && (found & AVX512)) return &avx512_tape_set;
  return NULL;
}

const pk_encoder_set *pk_encoder_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_encoder_set;
  if (index == 1 && (found & AVX2)) return &avx2_encoder_set;
  if (index == 2 && (found & AVX512)) return &avx512_encoder_set;
  return NULL;
}

const pk_attention_set *pk_attention_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_attention_set;
  if (index == 1 && (found & AVX2)) return &avx2_attention_set;
  if (index == 2 && (found & AVX512)) return &avx512_attention_set;
  return NULL;
}

const pk_matrix_set *pk_matrix_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_matrix_set;
  if (index == 1 && (found & AVX2)) return &avx2_matrix_set;
  if (index == 2 && (found & AVX512)) return &avx512_matrix_set;
  return NULL;
}

const pk_ridge_set *pk_ridge_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_ridge_set;
  if (index == 1 && (found & AVX2)) return &avx2_ridge_set;
  if (index == 2 && (found & AVX512)) return &avx512_ridge_set;
  return NULL;
}

const pk_posterior_set *pk_posterior_kernels(int index) {
  int found = pk_features();
  if (index == 0) return &portable_posterior_set;
  if (index == 1 && (found & AVX2)) return &avx2_posterior_set;
  if (index == 2 && (found & AVX512)) return &avx512_posterior_set;
  return NULL;
}

const char *pk_cpu_features(void) {
  static const char *const names[] = {"avx2",     "avx512",   "avx512_vnni", "avx512_bf16",
                                      "amx_tile", "amx_int8", "amx_bf16",    "avx_vnni"};
  /* Every combination is written whole by each caller, so a race writes the same bytes. */
  static char list[112];
  int found = pk_features();
  char text[112] = "";
  for (int i = 0; i < 8; i++)
    if (found >> i & 1) {
      if (text[0]) strcat(text, ",");
      strcat(text, names[i]);
    }
  memcpy(list, text, sizeof list);
  return list;
}

#else

const pk_kernel_set *pk_kernels(int index) { return index == 0 ? &portable_set : NULL; }
const pk_tape_set *pk_tape_kernels(int index) { return index == 0 ? &portable_tape_set : NULL; }
const pk_encoder_set *pk_encoder_kernels(int index) {
  return index == 0 ? &portable_encoder_set : NULL;
}
const pk_attention_set *pk_attention_kernels(int index) {
  return index == 0 ? &portable_attention_set : NULL;
}
const pk_matrix_set *pk_matrix_kernels(int index) {
  return index == 0 ? &portable_matrix_set : NULL;
}

const pk_ridge_set *pk_ridge_kernels(int index) {
  return index == 0 ? &portable_ridge_set : NULL;
}
const pk_posterior_set *pk_posterior_kernels(int index) {
  return index == 0 ? &portable_posterior_set : NULL;
}
const char *pk_cpu_features(void) { return ""; }
int pk_features(void) { return 0; }
int pk_is_amd(void) { return 0; }

#endif

void pk_widen_bf16(float *to, const void *from, int64_t count) {
  const unsigned char *bytes = from;
  for (int64_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(to + i, &bits, sizeof bits);
  }
}

void pk_widen_f16(float *to, const void *from, int64_t count) {
  const unsigned char *bytes = from;
  for (int64_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, sizeof half);
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 0x1F, fraction = half & 0x3FF, bits;
    if (exponent == 31) {
      bits = sign | 0x7F800000 | fraction << 13;
    } else if (exponent != 0) {
      bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
      /* Zero or subnormal: fraction * 2^-24 is exact in a float. */
      float value = (float)fraction * 0x1p-24f;
      memcpy(&bits, &value, sizeof bits);
      bits |= sign;
    }
    memcpy(to + i, &bits, sizeof bits);
  }
}

int64_t pk_count_non_finite(const float *values, int64_t count) {
  int64_t found = 0;
  for (int64_t first = 0; first < count; first += 4096) {
    int64_t some = count - first < 4096 ? count - first : 4096;
    uint32_t here = 0; /* as wide as a float, so that the loop becomes vectors */
    for (int64_t i = 0; i < some; i++) {
      uint32_t bits;
      memcpy(&bits, values + first + i, sizeof bits);
      here += (bits & 0x7F800000) == 0x7F800000;
    }
    found += here;
  }
  return found;
}
