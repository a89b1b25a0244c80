/* What the narrow kernels share: sizes and the rounding of one float. */
#ifndef PLAUDIT_NARROW_COMMON_H
#define PLAUDIT_NARROW_COMMON_H
#include <string.h>

#include "narrow.h"

/* bfloat16, rounded half to even; NaN stays NaN. */
static inline uint16_t pk_narrow_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline float pk_narrow_float(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#endif
